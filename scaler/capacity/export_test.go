package capacity

import "time"

// ErlangC is [erlangC].
func ErlangC(servers int, a float64) float64 { return erlangC(servers, a) }

// Miss is [Service.miss].
func (s Service) Miss(rate float64, n int32, latency time.Duration) float64 {
	return s.miss(rate, n, latency)
}

// Deployed is [Learner.deployed].
func (l *Learner) Deployed() { l.deployed() }

package capacity

import (
	"fmt"
	"math"
	"time"
)

// A Discipline says how requests find a replica and are served there.
type Discipline int

// The disciplines.
const (
	Central Discipline = iota // one queue for all slots of all replicas
	Random                    // each replica has a queue of its own; requests are spread at random
	Sharing                   // no queue: a replica divides its slots among all its requests; these are spread at random
)

// A Service describes one replica.
type Service struct {
	Slots      int           // requests that a replica serves at once, its processors with Sharing; ≥ 1
	Time       time.Duration // mean time of one request on one slot, > 0
	Variation  float64       // coefficient of variation of that time, which is then lognormal, in (0, 10]; 0 = exponential. Not with Sharing
	Discipline Discipline
}

// An Objective is a promise about latency: Quantile of the requests take at most
// Latency.
type Objective struct {
	Quantile float64       // in (0, 1), as 0.99
	Latency  time.Duration // > 0
}

func (s Service) check() error {
	switch {
	case s.Slots < 1 || s.Time <= 0:
		return fmt.Errorf("capacity: service of %d slots, %v a request: want at least one slot and a positive time", s.Slots, s.Time)
	case !(s.Variation >= 0 && s.Variation <= 10):
		return fmt.Errorf("capacity: variation %v of the time of a request: want 0 to 10", s.Variation)
	case s.Variation > 0 && s.Discipline == Sharing:
		return fmt.Errorf("capacity: variation %v of the time of a request: none can be stated where replicas share their processors", s.Variation)
	}
	return nil
}

func (o Objective) check() error {
	if !(o.Quantile > 0 && o.Quantile < 1) || o.Latency <= 0 {
		return fmt.Errorf("capacity: objective %v within %v: want a quantile above 0 and below 1 and a positive latency", o.Quantile, o.Latency)
	}
	return nil
}

// Full returns the rate, requests/s, at which all slots of one replica are busy.
func (s Service) Full() float64 { return float64(s.Slots) / s.Time.Seconds() }

// erlangC returns the probability that a request has to wait when servers serve
// an offered load of a Erlangs: 1 from a = servers on. It takes O(servers).
func erlangC(servers int, a float64) float64 {
	c := float64(servers)
	switch {
	case !(a > 0):
		return 0
	case a >= c:
		return 1
	}
	b := 1.0
	for k := 1.0; k <= c; k++ {
		ab := a * b
		b = ab / (k + ab)
	}
	return b / (1 - a/c*(1-b))
}

// miss returns the share of requests that take longer than latency when n
// replicas serve rate requests/s in the long run: 1 if they cannot keep up. It
// takes O(n·Slots) with Central, O(Slots) with Random, and up to milliseconds with
// Sharing, where replicas are nearly full.
func (s Service) miss(rate float64, n int32, latency time.Duration) float64 {
	return s.missWith(s.rests(latency.Seconds()), rate, n, latency)
}

// missWith is miss for a caller who keeps what the service times leave of latency.
func (s Service) missWith(r *rests, rate float64, n int32, latency time.Duration) float64 {
	if s.Discipline != Central && n > 1 {
		rate, n = rate/float64(n), 1
	}
	servers := float64(n) * float64(s.Slots)
	mu, t := 1/s.Time.Seconds(), latency.Seconds()
	served := s.alone(t)
	switch {
	case rate >= servers*mu:
		return 1
	case s.Discipline == Sharing:
		return sharedMiss(s, max(rate, 0)/(servers*mu), latency)
	case !(rate > 0):
		return served
	}
	wait := erlangC(int(servers), rate/mu)
	theta := servers*mu - rate
	if r != nil {
		return min(served+wait*r.exceeded(2*theta/(1+s.Variation*s.Variation)), 1)
	}
	if math.Abs(theta-mu) < 1e-9*mu { // the limit of the expression below
		return served * (1 + wait*mu*t)
	}
	tail := (theta*served - mu*math.Exp(-theta*t)) / (theta - mu)
	return min(max((1-wait)*served+wait*tail, 0), 1)
}

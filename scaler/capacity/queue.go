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
	Slots       int           // requests that a replica serves at once, its processors with Sharing; ≥ 1
	Time        time.Duration // mean time of one request on one slot, > 0
	Variability float64       // (c_a² + c_s²)/2 of arrivals and service; 0 means 1, Poisson and exponential
	Discipline  Discipline
}

// An Objective is a promise about latency: Quantile of the requests take at most
// Latency.
type Objective struct {
	Quantile float64       // in (0, 1), as 0.99
	Latency  time.Duration // > 0
}

func (s Service) check() error {
	if s.Slots < 1 || s.Time <= 0 || !(s.Variability >= 0) || math.IsInf(s.Variability, 0) {
		return fmt.Errorf("capacity: service of %d slots, %v a request, variability %v: want at least one slot, a positive time, a variability of at least 0",
			s.Slots, s.Time, s.Variability)
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
	if s.Discipline != Central && n > 1 {
		rate, n = rate/float64(n), 1
	}
	servers := float64(n) * float64(s.Slots)
	mu, t := 1/s.Time.Seconds(), latency.Seconds()
	served := math.Exp(-mu * t) // share that takes longer in service alone
	switch {
	case rate >= servers*mu:
		return 1
	case s.Discipline == Sharing:
		return sharedMiss(s, max(rate, 0)/(servers*mu), latency)
	case !(rate > 0):
		return served
	}
	v := s.Variability
	if v == 0 {
		v = 1
	}
	wait := erlangC(int(servers), rate/mu)
	theta := (servers*mu - rate) / v
	if math.Abs(theta-mu) < 1e-9*mu { // the limit of the expression below
		return served * (1 + wait*mu*t)
	}
	tail := (theta*served - mu*math.Exp(-theta*t)) / (theta - mu)
	return min(max((1-wait)*served+wait*tail, 0), 1)
}

// Package queue holds the arithmetic of waiting: Erlang's formulas, the tail of
// the response time, and the fewest pods that keep a latency objective.
//
// A service of n ready pods with c slots each is an M/M/(n·c) queue with one
// central queue (the optimistic bound: least connections with fresh information),
// or n separate M/M/c queues (the pessimistic one: random or round robin).
// Service times other than exponential are lognormal: the wait of those who wait stays
// exponential, with the mean of Allen and Cunneen's approximation.
//
// # Why not shared with the scaler
//
// The scaler has staffing rules of its own. The judge must not share a mistake
// with the judged, so this package imports nothing of it and is validated by
// goldens and by a simulation of single requests.
//
// Sources: Erlang, Solution of some problems in the theory of probabilities of
// significance in automatic telephone exchanges (1917); Allen, Probability,
// Statistics and Queueing Theory, 2nd ed., sections 5.2 and 5.3.
package queue

import "math"

// erlangB returns the probability that an arrival finds all c ≥ 0 servers busy in
// a loss system under an offered load of a ≥ 0 erlangs, by the recursion
//
//	B(0) = 1,  B(k) = a·B(k−1) / (k + a·B(k−1))
//
// which is stable for thousands of servers.
func erlangB(c int, a float64) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// ErlangC returns the probability that an arrival has to wait for one of c
// servers under an offered load of a erlangs, B / (1 − ρ·(1 − B)) with ρ = a/c.
// It is 1 if a ≥ c, where the queue grows without end.
func ErlangC(c int, a float64) float64 {
	if a >= float64(c) {
		return 1
	}
	b := erlangB(c, a)
	return b / (1 - a/float64(c)*(1-b))
}

// Tail returns P(T > t), the probability that waiting and service together take
// more than t seconds. wait is C, the probability to wait at all; mu is the rate of
// one server (1/s). theta is the rate at which the waiting time of those who wait
// decays (1/s), c·μ − λ.
//
//	(1 − C)·e^{−μt} + C·(θ·e^{−μt} − μ·e^{−θt}) / (θ − μ)
//
// It is 1 if theta is not positive or t is negative.
func Tail(wait, mu, theta, t float64) float64 {
	if theta <= 0 || t <= 0 {
		return 1
	}
	return tail(math.Exp(-mu*t), wait, mu, theta, t)
}

// tail is Tail for a caller who knows served = e^{−μt} already.
func tail(served, wait, mu, theta, t float64) float64 {
	if wait < 1e-12 {
		return served
	}
	if math.Abs(theta-mu) < 1e-6*mu { // the limit θ → μ
		return served * (1 + wait*mu*t)
	}
	late := (theta*served - mu*math.Exp(-theta*t)) / (theta - mu)
	return min(1, max(0, (1-wait)*served+wait*late))
}

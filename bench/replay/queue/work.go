package queue

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// A work is the distribution of the service time: exponential, or lognormal.
type work struct {
	mean  float64 // seconds, > 0
	sigma float64 // of the logarithm; 0 = exponential
}

// quadrature is the rule of Gauss and Legendre on (0, 1).
var quadrature = func() (rule struct{ at, weight [48]float64 }) { //nolint:gochecknoglobals // a constant table
	quad.Legendre{}.FixedLocations(rule.at[:], rule.weight[:], 0, 1)
	return rule
}()

// exceeds returns the share of requests that keep a slot busy for more than t seconds.
func (w work) exceeds(t float64) float64 {
	if w.sigma == 0 {
		return math.Exp(-1 / w.mean * t)
	}
	return 0.5 * math.Erfc((math.Log(t/w.mean)/w.sigma+w.sigma/2)/math.Sqrt2)
}

// quantile returns the service time that the share p does not exceed, in seconds.
func (w work) quantile(p float64) float64 {
	if w.sigma == 0 {
		return -w.mean * math.Log(1-p)
	}
	return w.mean * math.Exp(w.sigma*(math.Sqrt2*math.Erfinv(2*p-1)-w.sigma/2))
}

// late returns P(T > t), where a share of the requests, wait, waits for an exponential time
// that decays with theta (1/s). It is 1 if theta or t is not positive.
func (w work) late(wait, theta, t float64) float64 {
	switch {
	case theta <= 0 || t <= 0:
		return 1
	case w.sigma == 0:
		return Tail(wait, 1/w.mean, theta, t)
	}
	left := w.left(t)
	return left.late(wait, theta)
}

// A remainder is what lognormal service times leave of a latency.
type remainder struct {
	longer float64     // share of the requests whose service alone takes longer
	rests  [48]float64 // seconds that the others may wait, at the nodes of the quadrature over them
}

// left returns what the service times leave of t seconds.
func (w work) left(t float64) remainder {
	r := remainder{longer: w.exceeds(t)}
	for i, p := range quadrature.at {
		r.rests[i] = max(t-w.quantile(p*(1-r.longer)), 0)
	}
	return r
}

// late returns the share of late requests where a share of all, wait, waits for an exponential
// time that decays with theta > 0 (1/s).
func (r *remainder) late(wait, theta float64) float64 {
	if wait < 1e-12 {
		return r.longer
	}
	waited := 0.0 // of those who wait and are served within the latency, the share that is late all the same
	for i, rest := range r.rests {
		waited += quadrature.weight[i] * math.Exp(-theta*rest)
	}
	return r.longer + wait*(1-r.longer)*waited
}

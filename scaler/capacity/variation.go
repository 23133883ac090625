package capacity

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// nodes and weights are those of Gauss and Legendre on [0, 1].
var nodes, weights = legendre(48) //nolint:gochecknoglobals // a constant table

func legendre(n int) (x, w []float64) {
	x, w = make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(x, w, 0, 1)
	return x, w
}

// alone returns the share of requests whose service alone takes more than t seconds.
func (s Service) alone(t float64) float64 {
	if s.Variation == 0 {
		return math.Exp(-1 / s.Time.Seconds() * t)
	}
	mean, deviation := s.lognormal()
	return math.Erfc((math.Log(t/s.Time.Seconds())-mean)/(deviation*math.Sqrt2)) / 2
}

// leastVariation is what lesser ones count as: no square of it is lost.
const leastVariation = 1e-9

// lognormal returns mean and standard deviation of the logarithm of the time of a request
// over its mean.
func (s Service) lognormal() (mean, deviation float64) {
	v := max(s.Variation, leastVariation)
	variance := math.Log1p(v * v)
	return -variance / 2, math.Sqrt(variance)
}

// rests is what lognormal service times leave of a latency for a wait.
type rests struct {
	within float64   // share of the requests whose service takes no more than the latency
	left   []float64 // seconds that theirs leaves, at the nodes of its distribution
}

// rests returns what the service times leave of t seconds; nil if they are exponential.
func (s Service) rests(t float64) *rests {
	if s.Variation == 0 {
		return nil
	}
	mean, deviation := s.lognormal()
	r := &rests{within: 1 - s.alone(t), left: make([]float64, len(nodes))}
	for i, x := range nodes {
		service := s.Time.Seconds() * math.Exp(mean+deviation*math.Sqrt2*math.Erfinv(2*r.within*x-1))
		r.left[i] = max(t-service, 0)
	}
	return r
}

// exceeded returns, of the requests that have to wait, the share whose service takes no more
// than the latency t but whose wait and service together do, where the wait is exponential
// with the rate theta (1/s):
//
//	∫ e^{−θ(t−s)} dF(s) over the service times s ≤ t
//
// by quadrature over F, in which the integrand is smooth even if all times are alike.
func (r *rests) exceeded(theta float64) float64 {
	sum := 0.0
	for i, left := range r.left {
		sum += weights[i] * math.Exp(-theta*left)
	}
	return r.within * sum
}

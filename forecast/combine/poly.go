package combine

import "math"

// A Poly weighs experts by ML-Poly under absolute loss. The zero value is not
// usable; it is not safe for concurrent use.
type Poly struct {
	regret []float32 // R
	rate   []float32 // 1/η
	peak   []float32 // largest r² so far
	prior  []float32
	keep   float32
}

// NewPoly returns weights over len(prior) experts. Prior weights hold while no
// expert has an advantage; they are positive and need not sum to one. keep is
// what remains of the past per round, in (0, 1]: 1 is the original algorithm.
func NewPoly(prior []float32, keep float64) Poly {
	k := len(prior)
	backing := make([]float32, 3*k)
	return Poly{regret: backing[:k:k], rate: backing[k : 2*k : 2*k], peak: backing[2*k:], prior: prior, keep: float32(keep)}
}

// Weights writes the weights, which sum to one, of the experts whose forecast is
// not NaN; the others get zero. All are zero if no expert has a forecast.
func (p *Poly) Weights(dst, forecasts []float32) {
	var sum float32
	for k, f := range forecasts {
		dst[k] = 0
		if f == f && p.regret[k] > 0 { // not NaN
			dst[k] = p.regret[k] / max(p.rate[k], math.SmallestNonzeroFloat32)
			sum += dst[k]
		}
	}
	if !(sum > 1e-30) || sum > math.MaxFloat32 {
		sum = 0
		for k, f := range forecasts {
			dst[k] = 0
			if f == f { // not NaN
				dst[k] = p.prior[k]
				sum += dst[k]
			}
		}
	}
	if sum > 0 {
		for k := range dst {
			dst[k] /= sum
		}
	}
}

// Learn takes the truth for an earlier round in which the experts said forecasts
// (NaN = asleep) and the combination said mixed.
func (p *Poly) Learn(forecasts []float32, mixed, truth float32) {
	var sign float32
	switch {
	case mixed > truth:
		sign = 1
	case mixed < truth:
		sign = -1
	default:
		return
	}
	for k, f := range forecasts {
		if f != f { // NaN
			continue
		}
		r := sign * (mixed - f)
		p.regret[k] = p.keep*p.regret[k] + r
		square := r * r
		p.rate[k] = p.keep*p.rate[k] + square
		if square > p.peak[k] {
			p.rate[k] += square - p.peak[k]
			p.peak[k] = square
		}
	}
}

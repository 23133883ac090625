package combine

import "math"

// A Poly weighs experts by ML-Poly under absolute loss, and the whole of them
// against the first expert once more; see the package comment. The zero value is
// not usable; it is not safe for concurrent use.
type Poly struct {
	of    []account
	prior []float32
	keep  float32

	gate     [2]account // of the combination, and of the first expert alone
	gateKeep float32
	size     float32 // recent mean distance of truth and combination
	seen     float32
}

// An account is what ML-Poly keeps of one expert: R, 1/η and the largest r².
type account struct{ regret, rate, peak float32 }

const (
	most     = 30   // no difference counts for more than this many times size
	sizeRate = 0.02 // of size
	fullGate = 200  // rounds until the first expert may take all
)

// NewPoly returns weights over len(prior) experts. Prior weights hold while no
// expert has an advantage; they are positive and need not sum to one. keep is
// what remains of the past per round, in (0, 1]: 1 is the original algorithm.
// gateKeep is the same for the choice between the combination and the first
// expert, which is the simplest and always awake.
func NewPoly(prior []float32, keep, gateKeep float64) Poly {
	return Poly{of: make([]account, len(prior)), prior: prior, keep: float32(keep), gateKeep: float32(gateKeep)}
}

// Weights writes the weights, which sum to one, of the experts whose forecast is
// not NaN; the others get zero. All are zero if no expert has a forecast. It
// returns what the combination would be without the gate, for Learn.
func (p *Poly) Weights(dst, forecasts []float32) (inner float32) {
	p.inner(dst, forecasts)
	for k, w := range dst {
		if w > 0 {
			inner += w * forecasts[k]
		}
	}
	if forecasts[0] != forecasts[0] { // NaN
		return inner
	}
	if simple := p.simple(); simple > 0 {
		for k := range dst {
			dst[k] *= 1 - simple
		}
		dst[0] += simple
	}
	return inner
}

// inner writes the weights of ML-Poly.
func (p *Poly) inner(dst, forecasts []float32) {
	var sum float32
	for k, f := range forecasts {
		dst[k] = 0
		if f == f { // not NaN
			dst[k] = p.of[k].weight()
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

// simple returns the share of the first expert alone, in [0, 1]. It is let in by
// degrees: the others need some rounds to learn anything.
func (p *Poly) simple() float32 {
	simple := p.gate[1].weight()
	sum := p.gate[0].weight() + simple
	if !(sum > 1e-30) || sum > math.MaxFloat32 {
		return 0
	}
	return min(1, p.seen/fullGate) * simple / sum
}

// Learn takes the truth for an earlier round in which the experts said forecasts
// (NaN = asleep), the combination without the gate inner and with it mixed.
func (p *Poly) Learn(forecasts []float32, inner, mixed, truth float32) {
	limit := p.follow(float32(math.Abs(float64(truth - inner))))
	if sign := direction(inner, truth); sign != 0 {
		for k, f := range forecasts {
			if f != f { // NaN
				continue
			}
			p.of[k].add(sign*clip(inner-f, limit), p.keep)
		}
	}
	if sign := direction(mixed, truth); sign != 0 && forecasts[0] == forecasts[0] {
		p.gate[0].add(sign*clip(mixed-inner, limit), p.gateKeep)
		p.gate[1].add(sign*clip(mixed-forecasts[0], limit), p.gateKeep)
	}
}

// follow takes the size of an error and returns the most that a difference
// counts for. One freak must not open the gate for the next.
func (p *Poly) follow(size float32) (limit float32) {
	p.seen++
	if p.size > 0 {
		size = min(size, 10*p.size)
	}
	p.size += max(sizeRate, 1/p.seen) * (size - p.size)
	if p.size > 0 {
		return most * p.size
	}
	return math.MaxFloat32
}

// direction is the derivative of the absolute loss.
func direction(said, truth float32) float32 {
	switch {
	case said > truth:
		return 1
	case said < truth:
		return -1
	}
	return 0
}

func clip(v, limit float32) float32 { return max(-limit, min(v, limit)) }

// weight returns η·max(R, 0).
func (a *account) weight() float32 {
	if a.regret > 0 {
		return a.regret / max(a.rate, math.SmallestNonzeroFloat32)
	}
	return 0
}

// add takes the regret of one round.
func (a *account) add(r, keep float32) {
	square := r * r
	a.regret = keep*a.regret + r
	a.rate = keep*a.rate + square
	if square > a.peak {
		a.rate += square - a.peak
		a.peak = square
	}
}

package ets

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast/space"
)

// A recursion is what a running state needs of the model it was fitted by: the initial
// states, which are as large as the seasons, are not kept alive by it.
type recursion struct {
	Params

	form    Form
	scale   space.Space
	floor   float64 // level below which a multiplicative season learns nothing
	periods []time.Duration
	step    time.Duration
	table   []multiple // ascending in h
}

// A multiple says how often a forecast h cells ahead holds the slope and the last
// error.
type multiple struct {
	h    int32
	damp float32 // φ + … + φʰ
	fade float32 // see faded
}

// tabled is the number of horizons whose multiples are kept unless [State.Only]
// names them.
const tabled = 64

// newRecursion returns the recursion of the model with parameters p, without its tables.
func (f *Fitted) newRecursion(p Params) *recursion {
	return &recursion{
		Params: p, form: f.model.Form, scale: f.scale, floor: leastFactor * f.init.level,
		periods: f.periods, step: f.step,
	}
}

// tabulate keeps the multiples of all horizons up to tabled.
func (r *recursion) tabulate() {
	r.table = make([]multiple, tabled)
	for i := range r.table {
		r.table[i] = r.compute(i + 1)
	}
}

func (r *recursion) compute(h int) multiple {
	return multiple{h: int32(h), damp: float32(r.damped(h)), fade: float32(r.faded(h))}
}

// ahead returns the multiples of horizon h ≥ 1.
func (r *recursion) ahead(h int) multiple {
	n := len(r.table)
	switch {
	case n == 0 || h > int(r.table[n-1].h):
		return r.compute(h)
	case h <= n && int(r.table[h-1].h) == h: // there is none missing before it
		return r.table[h-1]
	}
	for _, m := range r.table {
		if int(m.h) == h {
			return m
		}
	}
	return r.compute(h)
}

// damped returns φ + … + φʰ.
func (r *recursion) damped(h int) float64 {
	if r.Phi == 1 {
		return float64(h)
	}
	return r.Phi * (1 - math.Pow(r.Phi, float64(h))) / (1 - r.Phi)
}

// faded returns how much of the last error a forecast h cells ahead contains
// beyond what the states have taken of it: ρʰ, and what the errors expected in
// between, ρ to ρʰ⁻¹ of it, will have moved level, slope and seasons by.
func (r *recursion) faded(h int) float64 {
	const nothing = 1e-12
	level, slope, power, n := 0.0, 0.0, 1.0, 1
	for ; n < h && math.Abs(power) > nothing; n++ {
		power *= r.Rho
		level += r.Phi*slope + r.Alpha*power
		slope = r.Phi*slope + r.Beta*power
	}
	sum := level + slope*r.damped(h-n+1) + power*r.Rho
	for k, period := range r.periods {
		cells := int(period / r.step)
		if cells < 1 {
			continue
		}
		first := (h-1)%cells + 1 // the cell of the coming season at the same phase
		for n := first; n <= h-cells; n += cells {
			more := sum + r.Gamma[k]*math.Pow(r.Rho, float64(n))
			if more == sum { // nor will what follows count, which is even less
				break
			}
			sum = more
		}
	}
	return min(sum, mostMomentum)
}

// mostMomentum bounds how far, in errors of the last cell, a forecast runs ahead
// of it: with a sticky error and a quick level the mean of the model turns a
// single spike into a multiple of itself.
const mostMomentum = 1.5

package ets

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast/space"
)

// A law is what a running state needs of the model it was fitted by: the initial
// states, which are as large as the seasons, are not kept alive by it.
type law struct {
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
	h    int
	damp float64 // φ + … + φʰ
	fade float64 // see faded
}

// tabled is the number of horizons whose multiples are kept unless [State.Only]
// names them.
const tabled = 64

// newLaw returns the law of the model with parameters p, without its tables.
func (f *Fitted) newLaw(p Params) *law {
	return &law{
		Params: p, form: f.model.Form, scale: f.scale, floor: leastFactor * f.init.level,
		periods: f.periods, step: f.step,
	}
}

// tabulate keeps the multiples of all horizons up to tabled.
func (l *law) tabulate() {
	l.table = make([]multiple, tabled)
	for i := range l.table {
		l.table[i] = l.compute(i + 1)
	}
}

func (l *law) compute(h int) multiple { return multiple{h: h, damp: l.damped(h), fade: l.faded(h)} }

// ahead returns the multiples of horizon h ≥ 1.
func (l *law) ahead(h int) multiple {
	n := len(l.table)
	switch {
	case n == 0 || h > l.table[n-1].h:
		return l.compute(h)
	case h <= n && l.table[h-1].h == h: // there is none missing before it
		return l.table[h-1]
	}
	for _, m := range l.table {
		if m.h == h {
			return m
		}
	}
	return l.compute(h)
}

// damped returns φ + … + φʰ.
func (l *law) damped(h int) float64 {
	if l.Phi == 1 {
		return float64(h)
	}
	return l.Phi * (1 - math.Pow(l.Phi, float64(h))) / (1 - l.Phi)
}

// faded returns how much of the last error a forecast h cells ahead contains
// beyond what the states have taken of it: ρʰ, and what the errors expected in
// between, ρ to ρʰ⁻¹ of it, will have moved level, slope and seasons by.
func (l *law) faded(h int) float64 {
	const nothing = 1e-12
	level, slope, power, n := 0.0, 0.0, 1.0, 1
	for ; n < h && math.Abs(power) > nothing; n++ {
		power *= l.Rho
		level += l.Phi*slope + l.Alpha*power
		slope = l.Phi*slope + l.Beta*power
	}
	sum := level + slope*l.damped(h-n+1) + power*l.Rho
	for k, period := range l.periods {
		cells := int(period / l.step)
		if cells < 1 {
			continue
		}
		first := (h-1)%cells + 1 // the cell of the coming season at the same phase
		for n := first; n <= h-cells; n += cells {
			sum += l.Gamma[k] * math.Pow(l.Rho, float64(n))
		}
	}
	return min(sum, mostMomentum)
}

// mostMomentum bounds how far, in errors of the last cell, a forecast runs ahead
// of it: with a sticky error and a quick level the mean of the model turns a
// single spike into a multiple of itself.
const mostMomentum = 1.5

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
	damp    []float64 // φ + … + φʰ by h−1
	fade    []float64 // what remains of the last error, by h−1; see faded
}

// tabled is the number of horizons whose powers are kept.
const tabled = 64

// newLaw returns the law of the model with parameters p, without its tables.
func (f *Fitted) newLaw(p Params) *law {
	return &law{
		Params: p, form: f.model.Form, scale: f.scale, floor: leastFactor * f.init.level,
		periods: f.periods, step: f.step,
	}
}

// tabulate fills in what a forecast multiplies slope and error with.
func (l *law) tabulate() {
	both := make([]float64, 2*tabled)
	l.damp, l.fade = both[:tabled], both[tabled:]
	for h := range tabled {
		l.damp[h], l.fade[h] = l.damped(h+1), l.faded(h+1)
	}
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

package ets

import "math"

// A horizonError scores the forecasts of one horizon on the way through a history.
type horizonError struct {
	h       int
	damp    float64   // φ + … + φʰ
	fade    float64   // share of the last error; see recursion.faded
	pending []float64 // forecasts of the last h cells, by origin modulo h; NaN for none
	sum     float64
	n       int
}

// horizonErrors returns the horizons beyond one step that the criterion looks at: a
// quarter of the first season, where the level and the error count, and all of
// it, where they are gone and the slope and the seasons remain.
func (f *Fitted) horizonErrors(p Params) []horizonError {
	if f.model.Criterion != ManySteps || len(f.periods) == 0 {
		return nil
	}
	season := int(f.periods[0] / f.step)
	trial := f.newRecursion(p)
	far := make([]horizonError, 0, 2)
	for _, h := range []int{season / 4, season} {
		if h < 2 {
			continue
		}
		r := horizonError{h: h, damp: trial.damped(h), fade: trial.faded(h), pending: make([]float64, h)}
		for i := range r.pending {
			r.pending[i] = math.NaN()
		}
		far = append(far, r)
	}
	return far
}

// turn scores the forecast of cell i, whose value is v, unless i lies before
// skip, and puts the one made after cell i in its place.
func (r *horizonError) turn(i int, v, ahead float64, skip int) {
	slot := &r.pending[i%r.h]
	if e := v - *slot; e == e && i >= skip {
		r.sum += e * e
		r.n++
	}
	*slot = ahead
}

func (r *horizonError) meanSquare() float64 { return r.sum / float64(max(1, r.n)) }

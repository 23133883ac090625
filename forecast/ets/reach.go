package ets

import "math"

// A reach scores the forecasts of one horizon on the way through a history.
type reach struct {
	h       int
	damp    float64   // φ + … + φʰ
	fade    float64   // share of the last error; see law.faded
	pending []float64 // forecasts of the last h cells, by origin modulo h; NaN for none
	sum     float64
	n       int
}

// reaches returns the horizons beyond one step that the criterion looks at: a
// quarter of the first season, where the level and the error count, and all of
// it, where they are gone and the slope and the seasons remain.
func (f *Fitted) reaches(p Params) []reach {
	if f.model.Criterion != ManySteps || len(f.periods) == 0 {
		return nil
	}
	season := int(f.periods[0] / f.step)
	trial := f.newLaw(p)
	far := make([]reach, 0, 2)
	for _, h := range []int{season / 4, season} {
		if h < 2 {
			continue
		}
		r := reach{h: h, damp: trial.damped(h), fade: trial.faded(h), pending: make([]float64, h)}
		for i := range r.pending {
			r.pending[i] = math.NaN()
		}
		far = append(far, r)
	}
	return far
}

// turn scores the forecast of cell i, whose value is v, unless i lies before
// skip, and puts the one made after cell i in its place.
func (r *reach) turn(i int, v, ahead float64, skip int) {
	slot := &r.pending[i%r.h]
	if e := v - *slot; e == e && i >= skip {
		r.sum += e * e
		r.n++
	}
	*slot = ahead
}

func (r *reach) meanSquare() float64 { return r.sum / float64(max(1, r.n)) }

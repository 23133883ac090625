// Package residual turns a running point forecaster into a probabilistic one by
// the empirical quantiles of its own past errors.
//
// # The idea
//
// At every cell the point forecasts for a ladder of horizons are put aside. When
// the truth of a rung arrives, its error joins the last [Memory] errors of that
// rung. A quantile of the metric is the point forecast plus the quantile of
// these errors; between two rungs the errors are interpolated, beyond the last
// they grow with the square root of the horizon, as those of a random walk do.
// Peaks have a ladder of their own, on the error of the maximum over the next h
// cells, because the quantile of a maximum is not the maximum of quantiles.
//
// This is the split-conformal prediction interval over a sliding window (Lei et
// al., Distribution-Free Predictive Inference for Regression, JASA 113 (2018))
// without its exchangeability: good enough for a single model, and the yardstick
// for anything cleverer.
package residual

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
)

// Memory is the number of errors that a rung remembers.
const Memory = 256

// few is the number of errors below which a rung borrows from a shorter one.
const few = 20

// ErrCalibrating is the warning of a forecast whose bounds rest on too few past
// errors to mean what they say.
var ErrCalibrating = errors.New("residual: bounds rest on fewer than 20 past errors")

// A Point is a running point forecaster. Update takes the next cell, NaN for one
// without a sample; At returns the point forecast for the h-th coming cell, h ≥
// 1, and NaN as long as it has none.
type Point interface {
	Update(v float64)
	At(h int) float64
}

// A Filter is a forecast.Filter around a Point. It is not safe for concurrent
// use.
type Filter struct {
	point    Point
	next     time.Time
	step     time.Duration
	seen     int       // cells so far
	recent   []float64 // last cells by seen modulo the longest rung, NaN for unobserved
	rungs    []rung    // for values and peaks
	warnings []error   // handed out by Forecast; len 0 or 1
}

// A rung is one horizon with its pending forecasts and past errors.
type rung struct {
	h       int
	pending [2][]float32 // point and peak forecasts of the last h origins, by origin modulo h
	errs    [2][]float32 // last errors, len ≤ Memory
	sorted  [2][]float32 // the same, ascending
	at      [2]int       // next slot of errs once full
}

const (
	value = iota
	peak
)

// New returns a filter around p for a series whose next cell starts at start. It
// owns p from now on.
func New(p Point, start time.Time, step time.Duration) *Filter {
	f := &Filter{point: p, next: start, step: step, warnings: []error{ErrCalibrating}}
	for _, h := range []int{1, 2, 3, 5, 8, 12, 18, 24, 36, 48, 60} {
		r := rung{h: h}
		for k := range r.pending {
			r.pending[k] = slices.Repeat([]float32{float32(math.NaN())}, h)
			r.errs[k] = make([]float32, 0, Memory)
			r.sorted[k] = make([]float32, 0, Memory)
		}
		f.rungs = append(f.rungs, r)
	}
	f.recent = slices.Repeat([]float64{math.NaN()}, f.longest())
	return f
}

// Replay returns a filter around p that has seen history. The next cell of p must be
// the first of history. Replay owns p from now on.
func Replay(p Point, history forecast.Series) *Filter {
	f := New(p, history.Start, history.Step)
	for _, v := range history.Values {
		f.Update(v)
	}
	return f
}

// ReplayFrom is [Replay] around the point forecaster that start returns for the start of
// history and its step. It returns the error of history.Check, or that of start.
func ReplayFrom[P Point](start func(at time.Time, step time.Duration) (P, error), history forecast.Series) (forecast.Filter, error) {
	if err := history.Check(); err != nil {
		return nil, err
	}
	p, err := start(history.Start, history.Step)
	if err != nil {
		return nil, err
	}
	return Replay(p, history), nil
}

func (f *Filter) longest() int { return f.rungs[len(f.rungs)-1].h }

// Update takes the next cell. Infinite and negative values count as NaN.
func (f *Filter) Update(v float64) {
	if v < 0 || math.IsInf(v, 0) {
		v = math.NaN()
	}
	f.ask()
	f.recent[f.seen%len(f.recent)] = v
	f.seen++
	f.learn(v)
	f.point.Update(v)
	f.next = f.next.Add(f.step)
}

// ask stores the forecasts made just before the next cell.
func (f *Filter) ask() {
	top, h := math.Inf(-1), 0
	for i := range f.rungs {
		r := &f.rungs[i]
		var v float64
		for h < r.h {
			h++
			v = f.point.At(h)
			top = max(top, v)
		}
		slot := f.seen % r.h
		r.pending[value][slot], r.pending[peak][slot] = float32(v), float32(top)
	}
}

// learn scores the forecasts whose last cell is the one just seen.
func (f *Filter) learn(v float64) {
	if math.IsNaN(v) {
		return
	}
	top, back := math.Inf(-1), 0
	for i := range f.rungs {
		r := &f.rungs[i]
		if f.seen < r.h {
			return
		}
		for back < r.h {
			back++
			if y := f.recent[(f.seen-back)%len(f.recent)]; y > top {
				top = y
			}
		}
		slot := (f.seen - r.h) % r.h
		r.add(value, float32(v)-r.pending[value][slot])
		r.add(peak, float32(top)-r.pending[peak][slot])
	}
}

// add lets e take the place of the oldest error, in both orders.
func (r *rung) add(k int, e float32) {
	if e != e || math.IsInf(float64(e), 0) {
		return
	}
	sorted := r.sorted[k]
	if len(r.errs[k]) < Memory {
		r.errs[k] = append(r.errs[k], e)
		to, _ := slices.BinarySearch(sorted, e)
		r.sorted[k] = slices.Insert(sorted, to, e)
		return
	}
	from, _ := slices.BinarySearch(sorted, r.errs[k][r.at[k]])
	to, _ := slices.BinarySearch(sorted, e)
	if to > from {
		to-- // the oldest leaves before it
		copy(sorted[from:to], sorted[from+1:to+1])
	} else {
		copy(sorted[to+1:from+1], sorted[to:from])
	}
	sorted[to] = e
	r.errs[k][r.at[k]] = e
	r.at[k] = (r.at[k] + 1) % Memory
}

// Forecast fills dst as forecast.Filter says. Without any forecast yet all
// values are zero, with a warning.
func (f *Filter) Forecast(dst *forecast.Forecast) {
	dst.Start, dst.Step, dst.Warnings = f.next, f.step, nil
	if len(f.rungs[0].errs[value]) < few {
		dst.Warnings = f.warnings
	}
	top := math.Inf(-1)
	for h := range dst.Values {
		v := f.point.At(h + 1)
		top = max(top, v)
		for q, p := range dst.Levels {
			dst.Values[h][q] = v + f.quantile(value, h+1, p)
			dst.Peaks[h][q] = top + f.quantile(peak, h+1, p)
		}
	}
	dst.Tidy()
}

// quantile returns the quantile of level p of the errors h cells ahead.
func (f *Filter) quantile(k, h int, p float64) float64 {
	lo := 0 // the last rung at or below h that has enough errors
	for i := 1; i < len(f.rungs) && f.rungs[i].h <= h && len(f.rungs[i].sorted[k]) >= few; i++ {
		lo = i
	}
	a := &f.rungs[lo]
	qa := empirical(a.sorted[k], p)
	if a.h == h {
		return qa
	}
	if hi := lo + 1; hi < len(f.rungs) && f.rungs[hi].h > h && len(f.rungs[hi].sorted[k]) >= few {
		b := &f.rungs[hi]
		w := float64(h-a.h) / float64(b.h-a.h)
		return qa + w*(empirical(b.sorted[k], p)-qa)
	}
	return qa * math.Sqrt(float64(h)/float64(a.h))
}

// empirical returns the quantile of level p of sorted, interpolated between
// order statistics at ranks p·(n+1); 0 if sorted is empty.
func empirical(sorted []float32, p float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	x := p*float64(n+1) - 1
	i := int(math.Floor(x))
	switch {
	case i < 0:
		return float64(sorted[0])
	case i >= n-1:
		return float64(sorted[n-1])
	}
	w := x - float64(i)
	return float64(sorted[i]) + w*(float64(sorted[i+1])-float64(sorted[i]))
}

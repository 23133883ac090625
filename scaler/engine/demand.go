package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/model"
)

const (
	// burstLevel is the quantile of past bursts that a new one is met with, and one
	// that is likely: what is ready for most of a burst has missed it all the same.
	burstLevel = 0.95

	// returnFactor is what comes back after a dip, as a multiple of what was before: some
	// of it has waited.
	returnFactor = 1.1

	// longestSilence is how long a forecast goes on to raise what is held while nothing is
	// observed: a ramp is carried through an outage of the metric, but nothing came true
	// of what is forecast for days without one, and what it once asked for stays held.
	longestSilence = time.Hour

	// farthest is the most that the forecast may ask for, as a multiple of the larger
	// of what is observed and its own median: wider than that is not a forecast but
	// the echo of an accident. What does grow so fast is a burst.
	farthest = 3.0

	// farthestYoung is the most as a multiple of what is observed, while the history is
	// shorter than model.UsualSpan: its median carries on the coming to life of its series,
	// whose first rates are means over a window that was not full, and its bounds
	// rest on a handful of errors, of which that is one.
	farthestYoung = 1.5
)

// Parts are what the demand to provide for is made of, in the unit of the
// metric, for explanations. NaN = unknown, 0 = nothing to say.
type Parts struct {
	Forecast float64 // window maximum of the forecast at the level to provide for, moved along with the newest sample
	Surprise float64 // what that sample adds where it is above all that was forecast
	Reactive float64 // what stands in while the forecast is not trusted; 0 while it is
	Latch    float64 // what a burst that lasts needs, or one that may just have begun
	Return   float64 // what comes back after a dip needs
	Hedge    float64 // what a burst that is likely would need
	Chance   float64 // of a burst within the lead time, 0 to 1
	Level    float64 // quantile provided for

	steady scaler.Demand // without bursts
}

// bursts returns what bursts and dips need, in the unit of the metric; 0 = nothing.
func (p Parts) bursts() float64 { return max(p.Latch, p.Return, p.Hedge) }

// Demand returns the demand to provide for at now. Observed is what was observed last,
// NaN if that is older than the TTL; while samples stay away and until a window after
// that, at least the highest of the two windows before. Predicted is what to expect from
// now to one lead time and one step ahead: the window maximum of the forecast, which moves
// with the newest sample, or, while that has not earned trust, the last value with its
// usual growth; and what bursts need, the one that lasts or one that is likely. It is NaN
// without a forecast, and after an hour of silence. Both are in the unit of the metric.
func (w *Workload) Demand(now time.Time) scaler.Demand {
	d := scaler.Unknown()
	d.Observed = w.nowcast.Demand(now, w.spec.Metric.TTL.Std())
	w.parts = Parts{Forecast: math.NaN(), Level: w.levelNow(now), steady: d}
	f := w.Forecast()
	if f == nil || endOf(f).Before(now) {
		return d // no model yet, or silent for longer than it reaches
	}
	if now.Sub(w.heard()) > longestSilence {
		return d
	}
	p := &w.parts
	p.Forecast = w.expected(f, p.Level, now)
	p.Surprise = w.surprise(f, p.Level, now)
	d.Predicted = p.Forecast + p.Surprise
	if !w.gate.Trusted() && !math.IsNaN(d.Observed) && w.spec.Forecast.Buffer == 0 {
		p.Reactive = w.gate.Reactive(d.Observed)
		d.Predicted = p.Reactive
	}
	p.Latch = w.latch(now)
	p.Return = returnFactor * w.dip.Returning()
	p.Chance = w.bursts.Hedge(now, w.LeadTime())
	p.Hedge = w.hedge(now)
	p.steady = d
	d.Predicted = max(d.Predicted, p.bursts())
	return d
}

// endOf returns the end of the last cell of f.
func endOf(f *forecast.Forecast) time.Time {
	return f.Start.Add(time.Duration(f.Horizon()) * f.Step)
}

// heard returns when demand was observed last: its newest sample, or before the first
// one the end of the last cell that is known. A start within an outage is none of the
// outage's beginning.
func (w *Workload) heard() time.Time {
	if t := w.Latest().Time; !t.IsZero() {
		return t
	}
	return w.model.Heard()
}

// Need returns what of d to provide for: the larger of what was observed and what
// is predicted, the known one if only one is, NaN if none is. With
// scale.scaleDown.forecast it is the prediction even where that is lower, but only
// while it has earned that: it was scored and is trusted, demand is observed, and
// no burst lasts.
func (w *Workload) Need(d scaler.Demand) float64 {
	earned := w.gate.Trusted() && !math.IsNaN(w.gate.Skill()) && !w.bursts.Lasts()
	if w.spec.Scale.ScaleDown.Forecast && earned && !math.IsNaN(d.Observed) && !math.IsNaN(d.Predicted) {
		return d.Predicted
	}
	return d.Need()
}

// Parts returns what the last demand was made of.
func (w *Workload) Parts() Parts { return w.parts }

// expected reads the forecast at a quantile level. What has never had any demand is given none: the
// width of a distribution that was fitted to nothing is no reason to start a
// replica.
func (w *Workload) expected(f *forecast.Forecast, level float64, now time.Time) float64 {
	if w.model.Idle() {
		return 0
	}
	to := w.reach(now)
	v := w.moved(f, level, now, to)
	latest := w.Latest()
	if w.model.Span() < model.UsualSpan && !latest.Time.IsZero() {
		most := latest.Value
		if len(w.spec.Forecast.Events) > 0 { // what was declared is known, however young the history
			most = max(most, scaler.DemandAt(f, 0.5, now, to))
		}
		v = min(v, farthestYoung*most)
	} else {
		v = min(v, farthest*max(latest.Value, scaler.DemandAt(f, 0.5, now, to)))
	}
	if b := w.spec.Forecast.Buffer.Float(); b > 0 {
		v *= b
	}
	return v
}

// moved is demandAt of a forecast that moves along with the newest sample, while the cell
// of that is open. As far as the sample is worth something, see [nowcast.Gain], what is
// known then is as new as the sample: the uncertainty is that of the same time from the
// last closed cell on, without what has passed since. The median goes on as forecast, and
// all of it moves by what the sample is worth: up and down, for what a fall takes off is
// never taken from what is observed. While a burst lasts the sample is the burst's.
func (w *Workload) moved(f *forecast.Forecast, level float64, from, to time.Time) float64 {
	latest := w.Latest()
	passed := latest.Time.Sub(f.Start)
	if passed <= 0 || passed > w.step || from.Sub(latest.Time) > w.step || w.bursts.Lasts() {
		return demandAt(f, level, from, to)
	}
	newer := time.Duration(w.gain.Worth() * float64(passed))
	before, until := from.Add(-newer), to.Add(-newer)
	goesOn := scaler.DemandAt(f, 0.5, from, to) - scaler.DemandAt(f, 0.5, before, until)
	part := float64(passed) / float64(w.step)
	return max(demandAt(f, level, before, until)+goesOn+w.gain.Move(latest.Value, part), 0)
}

// demandAt is [scaler.DemandAt] with an exponential tail beyond the highest level
// of the forecast.
func demandAt(f *forecast.Forecast, level float64, from, to time.Time) float64 {
	v := scaler.DemandAt(f, level, from, to)
	n := len(f.Levels)
	if n < 2 || level <= f.Levels[n-1] {
		return v
	}
	lower := scaler.DemandAt(f, f.Levels[n-2], from, to)
	return v + (v-lower)*math.Log((1-f.Levels[n-1])/(1-level))/math.Log((1-f.Levels[n-2])/(1-f.Levels[n-1]))
}

// surprise is how far the newest sample lies outside what was forecast for its
// own cell, above level, the quantile to provide for, when its slope is carried on: between
// two cells it is the only news of a rise, and it comes late, as a mean over the
// past; and the whole forecast moves up by it until the cell closes and the
// model has its say. A sample below the forecast moves nothing: one quiet scrape
// is no proof of a quiet minute. While a burst lasts it is the burst's.
func (w *Workload) surprise(f *forecast.Forecast, level float64, now time.Time) float64 {
	latest := w.Latest()
	t := latest.Time
	if t.IsZero() || !t.After(f.Start) || now.Sub(t) > w.step || w.bursts.Lasts() {
		return 0
	}
	h := int((t.Sub(f.Start) - 1) / f.Step)
	if h >= f.Horizon() {
		return 0
	}
	risen := latest.Value + w.nowcast.Rise()
	return max(0, risen-f.Quantile(f.Values[h], level))
}

package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/model"
)

const (
	// burstLevel is the quantile of past bursts that is provided for in a new or a likely
	// one. It is high because replicas for most of a burst still miss the objective.
	burstLevel = 0.95

	// returnFactor is the demand after a dip as a multiple of that before it: some requests
	// have waited.
	returnFactor = 1.1

	// longestSilence is how long the forecast may still raise the count while nothing is
	// observed: long enough to carry a ramp through an outage of the metric. Beyond that
	// nothing would check the forecast, and whatever it asked for would stay held.
	longestSilence = time.Hour

	// farthest is the most that the forecast may ask for, as a multiple of the larger
	// of what is observed and its own median. A bound farther away reflects a single accident
	// of the past; demand that does grow so fast is a burst.
	farthest = 3.0

	// farthestYoung is the same as a multiple of what is observed, while the history is
	// shorter than model.UsualSpan. The first rates of a series are means over a window that
	// was not full yet. They seem to rise, the median continues that rise, and the bounds
	// rest on a handful of errors that contain it.
	farthestYoung = 1.5

	// negligible is the share by which a forecast must exceed the observed demand to ask for
	// more. The bounds of a constant load lie a few millionths above it, which would be one
	// replica more where the load is a multiple of what a replica carries.
	negligible = 1e-4
)

// Parts are what the demand to provide for is made of, in the unit of the
// metric, for explanations. NaN = unknown, 0 = nothing to say.
type Parts struct {
	Forecast float64 // window maximum of the forecast at Level, moved along with the newest sample
	Surprise float64 // what that sample adds where it is above the bound that was forecast
	Reactive float64 // what stands in while the forecast is not trusted; 0 while it is
	Latch    float64 // demand of a burst that lasts, or that may just have begun
	Return   float64 // demand that comes back after a dip
	Hedge    float64 // demand of a burst, or of a weekly rise, that is likely
	Chance   float64 // of that within the lead time, 0 to 1
	Level    float64 // quantile provided for

	steady scaler.Demand // apart from bursts
}

// bursts returns the demand of bursts and dips, in the unit of the metric; 0 = none.
func (p Parts) bursts() float64 { return max(p.Latch, p.Return, p.Hedge) }

// Demand returns the demand to provide for at now, in the unit of the metric.
//
// Observed is the newest sample, NaN if that is older than the TTL. While no samples come, and
// for one window after they return, it is at least the highest sample of the two windows before.
//
// Predicted is the most to expect from now to one lead time and one step ahead. It is the
// larger of the window maximum of the forecast, which moves with the newest sample, and the
// demand of a burst that is going on or likely. While the forecast is not trusted, the last
// value with its usual growth takes its place. Predicted is NaN without a forecast, and
// after an hour of silence.
func (w *Workload) Demand(now time.Time) scaler.Demand {
	d := scaler.Unknown()
	d.Observed = w.nowcast.Demand(now, w.spec.Metric.TTL.Std())
	w.parts = Parts{Forecast: math.NaN(), Level: w.levelNow(now), steady: d}
	f := w.Forecast()
	if f == nil || endOf(f).Before(now) {
		return d // no model yet, or silent for longer than it reaches
	}
	if now.Sub(w.lastSample()) > longestSilence {
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
	if more := d.Predicted - d.Observed; more > 0 && more < negligible*d.Observed {
		d.Predicted = d.Observed
	}
	p.Latch = w.latch(now)
	p.Return = returnFactor * w.dip.Returning()
	p.Chance = w.bursts.Chance(now, w.LeadTime())
	p.Hedge = w.hedge(now)
	p.steady = d
	d.Predicted = max(d.Predicted, p.bursts())
	return d
}

// endOf returns the end of the last cell of f.
func endOf(f *forecast.Forecast) time.Time {
	return f.Start.Add(time.Duration(f.Horizon()) * f.Step)
}

// lastSample returns when demand was last observed: the time of the newest sample or, before
// the first one, the end of the last cell that held one. So a start in the middle of an outage
// counts from the beginning of the outage.
func (w *Workload) lastSample() time.Time {
	if t := w.Latest().Time; !t.IsZero() {
		return t
	}
	return w.model.LastSample()
}

// need returns the part of d to provide for: the larger of observed and predicted
// demand, the known one if only one is known, NaN if none is. With
// scale.scaleDown.forecast it is the prediction even where that is lower, but only
// while the forecast has been scored and is trusted, demand is observed, and no burst
// lasts.
func (w *Workload) need(d scaler.Demand) float64 {
	earned := w.earned() && !math.IsNaN(w.gate.Skill()) && !w.bursts.Lasts()
	if w.spec.Scale.ScaleDown.Forecast && earned && !math.IsNaN(d.Observed) && !math.IsNaN(d.Predicted) {
		return d.Predicted
	}
	return d.Need()
}

// Parts returns what the last result of Demand was made of.
func (w *Workload) Parts() Parts { return w.parts }

// expected reads the forecast at a quantile level. For a target that has never had any
// demand it returns none: the width of a distribution that was fitted to nothing is no
// reason to start a replica.
func (w *Workload) expected(f *forecast.Forecast, level float64, now time.Time) float64 {
	if w.model.Idle() {
		return 0
	}
	to := w.reach(now)
	return w.bounded(f, w.moved(f, level, now, to), now, to)
}

// bounded limits v, the forecast between two instants at the level to provide for, to a
// multiple of what is observed or likely, and applies the buffer of the spec.
func (w *Workload) bounded(f *forecast.Forecast, v float64, from, to time.Time) float64 {
	latest := w.Latest()
	if w.model.Span() < model.UsualSpan && !latest.Time.IsZero() {
		most := latest.Value
		if len(w.spec.Forecast.Events) > 0 { // what was declared is known, however young the history
			most = max(most, scaler.DemandAt(f, 0.5, from, to))
		}
		v = min(v, farthestYoung*most)
	} else {
		v = min(v, farthest*max(latest.Value, scaler.DemandAt(f, 0.5, from, to)))
	}
	if b := w.spec.Forecast.Buffer.Float(); b > 0 {
		v *= b
	}
	return v
}

// moved is demandAt of a forecast that moves along with the newest sample, while the cell
// of the sample is open. How far it follows is the worth of the sample, see [nowcast.Gain].
// To that extent knowledge is as new as the sample, so the uncertainty is that of the
// horizon counted from the sample instead of from the last closed cell. The path of the
// median stays, and all quantiles move by the same amount, up or down. A fall lowers the
// forecast only, never the observed demand. During a burst nothing moves, because the
// sample belongs to the burst.
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

// surprise is how far the newest sample, with its slope continued, lies above the quantile
// of the given level that was forecast for its own cell. Until the cell closes, the sample is
// the only news of a rise, and late news, because it is a mean over the past. The whole
// forecast moves up by the surprise until the model has learned the cell. A sample below the
// forecast moves nothing: one quiet scrape is no proof of a quiet minute. During a burst
// there is no surprise, because the sample belongs to the burst.
func (w *Workload) surprise(f *forecast.Forecast, level float64, now time.Time) float64 {
	latest := w.Latest()
	t := latest.Time
	if t.IsZero() || !t.After(f.Start) || now.Sub(t) > w.step || w.bursts.Lasts() {
		return 0
	}
	h := cellAt(f, t)
	if h >= f.Horizon() {
		return 0
	}
	risen := latest.Value + w.nowcast.Rise()
	return max(0, risen-f.Quantile(f.Values[h], level))
}

// cellAt returns the cell of f that a sample of the time t, after the start of f, speaks of: the
// one that contains t or ends there. It may lie beyond the horizon.
func cellAt(f *forecast.Forecast, t time.Time) int { return int((t.Sub(f.Start) - 1) / f.Step) }

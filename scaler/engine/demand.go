package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

// Parts are what the demand to provide for is made of, in the unit of the
// metric, for explanations. NaN = unknown, 0 = nothing to say.
type Parts struct {
	Forecast float64 // window maximum of the forecast at the level to provide for
	Surprise float64 // what the newest sample adds to it
	Reactive float64 // what stands in while the forecast is not trusted; 0 while it is
	Latch    float64 // what a burst that lasts needs, or one that may just have begun
	Return   float64 // what comes back after a dip needs
	Hedge    float64 // what a burst that is likely would need
	Chance   float64 // of a burst within the lead time, 0 to 1
	Level    float64 // quantile provided for

	steady scaler.Demand // without bursts
}

// Demand returns the demand to provide for at now. Observed is what was observed last,
// NaN if that is older than the TTL; while samples stay away and until a window after
// that, at least the highest of the two windows before. Predicted is what to expect from
// now to one lead time and one step ahead: the window maximum of the forecast, or, while
// that has not earned trust, the last value with its usual growth; and what bursts need,
// the one that lasts or one that is likely. It is NaN without a forecast, and after an
// hour of silence. Both are in the unit of the metric.
func (w *Workload) Demand(now time.Time) scaler.Demand {
	d := scaler.Unknown()
	w.parts = Parts{Forecast: math.NaN(), Level: w.acting(now), steady: d}
	if !w.latest.Time.IsZero() && now.Sub(w.latest.Time) <= w.spec.Metric.TTL.Std() {
		d.Observed = max(w.latest.Value, w.silence.hold(now, w.latest.Time, w.step))
	}
	w.parts.steady = d
	f := w.Forecast()
	if f == nil || f.Start.Add(time.Duration(f.Horizon())*f.Step).Before(now) {
		return d // no model yet, or silent for longer than it reaches
	}
	if now.Sub(w.heard()) > carried {
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
	p.Latch = w.bursts.Latch(now, usualHeight)
	if w.bursts.Lasts() {
		p.Latch = max(p.Latch, w.latest.Value)
		if w.latest.Time.Sub(w.bursts.Onset) >= w.step { // before, samples rise because they hold ever less of the calm
			p.Latch = max(p.Latch, min(w.latest.Value+w.marks.rise(w.latest, w.step), w.bursts.Ceiling(usualHeight)))
		}
	}
	p.Return = returning * w.dip.Returning()
	p.Chance = w.bursts.Hedge(now, w.LeadTime())
	p.Hedge = w.hedge(now)
	p.steady = d
	d.Predicted = max(d.Predicted, p.Latch, p.Return, p.Hedge)
	return d
}

// heard returns when demand was observed last: its newest sample, or before the first
// one the end of the last cell that is known. A start within an outage is none of the
// outage's beginning.
func (w *Workload) heard() time.Time {
	if w.latest.Time.IsZero() {
		return w.known
	}
	return w.latest.Time
}

// hedge returns what the next burst would need if it is likely enough.
func (w *Workload) hedge(now time.Time) float64 {
	need := w.bursts.Reach(w.bursts.Level, usualHeight)
	odds := (1 - w.level) / w.level
	switch {
	case w.paced():
		odds = w.odds(need)
	case w.spec.Forecast.Buffer > 0: // which states no price
		odds = hedgeOdds
	}
	if w.hedging = w.pays(now, odds); !w.hedging {
		return 0
	}
	return need
}

// pays reports whether a hedge is worth its replicas. Odds are what a replica costs
// over what it costs to miss it for the same time, as 1 to k in
// scale with forecast.missingReplicaCost. Without the hedge a burst is missed for a
// lead time; so the hedge is begun when its chance is above the odds times what it
// costs in lead times, and kept while for some time ahead the chance is above its
// share of a lead time.
func (w *Workload) pays(now time.Time, odds float64) bool {
	if !w.hedging {
		return w.parts.Chance > hedgeCost*odds
	}
	for part := 1; part <= 8; part *= 2 {
		if w.bursts.Hedge(now, w.LeadTime()/time.Duration(part)) > odds/float64(part) {
			return true
		}
	}
	return false
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

// Trusted reports whether the forecast acts: it does until it has lost to the
// last value on the recent past of this very workload.
func (w *Workload) Trusted() bool { return w.gate.Trusted() }

// Skill returns the loss of the forecast on the recent past of this workload over
// that of the last value with a learned margin: below 1 it earns its keep. NaN before
// enough forecasts have come due.
func (w *Workload) Skill() float64 { return w.gate.Skill() }

const (
	// usualHeight is the quantile of past bursts that a new one is met with, and one
	// that is likely: what is ready for most of a burst has missed it all the same.
	usualHeight = 0.95

	// hedgeOdds are the odds at which bursts are hedged where no price is stated, and
	// before a budget has moved them.
	hedgeOdds = 0.05

	// hedgeCost is what a hedge against a burst costs that does not come, in lead times:
	// one to start the replicas, and about another in which the burst could come and
	// they end.
	hedgeCost = 2.0

	// returning is what comes back after a dip, as a multiple of what was before: some
	// of it has waited.
	returning = 1.1

	// carried is how long a forecast goes on to raise what is held while nothing is
	// observed: a ramp is carried through an outage of the metric, but nothing came true
	// of what is forecast for days without one, and what it once asked for stays held.
	carried = time.Hour

	// farthest is the most that the forecast may ask for, as a multiple of the larger
	// of what is observed and its own median: wider than that is not a forecast but
	// the echo of an accident. What does grow so fast is a burst.
	farthest = 3.0

	// young is the most as a multiple of what is observed, while the history is
	// shorter than usualSpan: its median carries on the coming to life of its series,
	// whose first rates are means over a window that was not full, and its bounds
	// rest on a handful of errors, of which that is one.
	young = 1.5
)

// expected reads the forecast at a quantile level. What has never had any demand is given none: the
// width of a distribution that was fitted to nothing is no reason to start a
// replica.
func (w *Workload) expected(f *forecast.Forecast, level float64, now time.Time) float64 {
	if w.silent {
		return 0
	}
	to := w.reach(now)
	v := w.demandAt(f, level, now, to)
	if time.Duration(w.fitCells)*w.step < usualSpan && !w.latest.Time.IsZero() {
		most := w.latest.Value
		if len(w.spec.Forecast.Events) > 0 { // what was declared is known, however young the history
			most = max(most, scaler.DemandAt(f, 0.5, now, to))
		}
		v = min(v, young*most)
	} else {
		v = min(v, farthest*max(w.latest.Value, scaler.DemandAt(f, 0.5, now, to)))
	}
	if b := w.spec.Forecast.Buffer.Float(); b > 0 {
		v *= b
	}
	return v
}

// demandAt is [scaler.DemandAt] with an exponential tail beyond the highest level
// of the forecast.
func (w *Workload) demandAt(f *forecast.Forecast, level float64, from, to time.Time) float64 {
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
	t := w.latest.Time
	if t.IsZero() || !t.After(f.Start) || now.Sub(t) > w.step || w.bursts.Lasts() {
		return 0
	}
	h := int((t.Sub(f.Start) - 1) / f.Step)
	if h >= f.Horizon() {
		return 0
	}
	risen := w.latest.Value + w.marks.rise(w.latest, w.step)
	return max(0, risen-f.Quantile(f.Values[h], level))
}

// watch shows a sample to the detector of bursts and to the gate.
func (w *Workload) watch(s collector.Sample) {
	median := math.NaN()
	f := w.Forecast()
	if f != nil && s.Time.After(f.Start) {
		if h := int((s.Time.Sub(f.Start) - 1) / f.Step); h < f.Horizon() {
			median = f.Quantile(f.Values[h], 0.5)
		}
	}
	w.bursts.Update(s.Time, s.Value, median)
	w.dip.Update(s.Time, s.Value)
	w.gate.Observe(s.Time, s.Value)
}

// grain is the part of a replica's demand that a forecast may be above what comes
// without being charged for it.
const grain = 0.1

// promise notes what the forecast says at the end of a cell, to be judged when
// the time has come.
func (w *Workload) promise() {
	f := w.Forecast()
	if f == nil || w.latest.Time.IsZero() || w.next.Sub(w.latest.Time) > w.step || w.bursts.Lasts() {
		return
	}
	reach := w.LeadTime() + w.step
	w.gate.Promise(trust.Promise{
		Made: w.next, Due: w.next.Add(reach), Level: w.level,
		Acting: scaler.DemandAt(f, w.level, w.next, w.next.Add(reach)),
		Last:   w.latest.Value,
		Grain:  grain * w.Target(),
	})
}

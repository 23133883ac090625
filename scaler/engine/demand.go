package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
)

// Demand returns the demand to provide for at now: what was observed last, NaN if
// that is older than the TTL, and the window maximum of the forecast from now to
// one lead time and one step ahead, NaN without a forecast.
func (w *Workload) Demand(now time.Time) scaler.Demand {
	d := scaler.Demand{Observed: math.NaN(), Predicted: math.NaN()}
	if !w.latest.Time.IsZero() && now.Sub(w.latest.Time) <= w.spec.Metric.TTL.Std() {
		d.Observed = w.latest.Value
	}
	f := w.Forecast()
	if f == nil || f.Start.Add(time.Duration(f.Horizon())*f.Step).Before(now) {
		return d // no model yet, or silent for longer than it reaches
	}
	reach := now.Add(w.LeadTime() + w.step)
	d.Predicted = scaler.DemandAt(f, w.level, now, reach)
	if b := w.spec.Forecast.Buffer.Float(); b > 0 {
		d.Predicted *= b
	}
	d.Predicted += w.surprise(f, now)
	return d
}

// surprise is how far the newest sample lies outside what was forecast for its
// own cell, above the level to provide for: between two cells it is the only news
// of a burst, and the whole forecast moves up by it until the cell closes and the
// model has its say. A sample below the forecast moves nothing: one quiet scrape
// is no proof of a quiet minute.
func (w *Workload) surprise(f *forecast.Forecast, now time.Time) float64 {
	t := w.latest.Time
	if t.IsZero() || !t.After(f.Start) || now.Sub(t) > w.step {
		return 0
	}
	h := int((t.Sub(f.Start) - 1) / f.Step)
	if h >= f.Horizon() {
		return 0
	}
	return max(0, w.latest.Value-f.Quantile(f.Values[h], w.level))
}

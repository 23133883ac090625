package engine

import (
	"math"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

// grain is the share of a replica's demand by which a forecast may exceed the demand that
// comes without being charged for it.
const grain = 0.1

// Trusted reports whether the forecast acts: it does until it has lost to the
// last value on the recent past of this very workload.
func (w *Workload) Trusted() bool { return w.gate.Trusted() }

// Skill returns the loss of the forecast on the recent past of this workload over that
// of the last value with a learned margin: below 1 the forecast is worth having. It is
// NaN before enough forecasts have come due.
func (w *Workload) Skill() float64 { return w.gate.Skill() }

// watch shows a sample to the detectors of bursts and dips, and to the gate.
func (w *Workload) watch(s collector.Sample) {
	median := math.NaN()
	if f := w.Forecast(); f != nil && s.Time.After(f.Start) {
		median = w.median(cellAt(f, s.Time))
	}
	w.bursts.Update(s.Time, s.Value, median)
	w.dip.Update(s.Time, s.Value)
	w.gate.Observe(s.Time, s.Value)
}

// earned reports whether the forecast has been scored while it ran, and is trusted.
func (w *Workload) earned() bool {
	return w.gate.Trusted() && w.gate.Scored() && w.gate.Count >= w.tried+trust.Least
}

// promise hands the forecast of the end of a cell to the gate, to be judged when it is due.
func (w *Workload) promise() {
	f, latest, made := w.Forecast(), w.Latest(), w.Next()
	if f == nil || latest.Time.IsZero() || made.Sub(latest.Time) > w.step || w.bursts.Lasts() {
		return
	}
	due := made.Add(w.LeadTime() + w.step)
	w.gate.Promise(trust.Promise{
		Made: made, Due: due, Level: w.level,
		Acting: scaler.DemandAt(f, w.level, made, due),
		Last:   latest.Value,
		Grain:  grain * w.Target(),
	})
}

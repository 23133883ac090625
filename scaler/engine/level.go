package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/pacing"
	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/trial"
)

// levelNow returns the quantile to provide for at now: the pacer's if there is one, else
// the spec's.
func (w *Workload) levelNow(now time.Time) float64 {
	if w.pacer != nil {
		return w.levelAt(w.pacer.Alpha(), now)
	}
	return w.level
}

// levelAt returns the quantile to provide for at the price α of short time, by the width
// of the forecast one lead time ahead.
func (w *Workload) levelAt(alpha float64, now time.Time) float64 {
	f := w.Forecast()
	if f == nil {
		return 1 - alpha
	}
	const lower, upper = 0.95, 0.99 // the tail is taken to be the exponential through these quantiles
	to := now.Add(w.LeadTime() + w.step)
	width := scaler.DemandAt(f, upper, now, to) - scaler.DemandAt(f, lower, now, to)
	return pacing.Level(alpha, width/math.Log((1-lower)/(1-upper))/w.Target())
}

// runTrials asks for the count of each α on trial, and judges what these would have missed over
// an interval. Bursts are left out.
func (w *Workload) runTrials(m reactive.Moment, i pacing.Interval) {
	f, now := w.Forecast(), i.End
	if i.Burst || f == nil || endOf(f).Before(now) {
		return
	}
	t := w.pacer.Trials()
	if t.Due(now) {
		var counts [trial.Size]int32
		for k, alpha := range t.Alphas {
			level := w.levelAt(alpha, now)
			counts[k] = w.Replicas(max(w.Latest().Value, w.expected(f, level, now)+w.surprise(f, level, now)))
		}
		t.Ask(now, counts, w.LeadTime()+scaler.Grace, calmTime)
	}
	t.Judge(m, i.Length)
}

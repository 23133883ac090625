package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

// paced reports whether the quantile is paced by a violation target.
func (w *Workload) paced() bool { return w.pace != nil }

// acting is the quantile to provide for at now: that of the spec, or that of the pace.
func (w *Workload) acting(now time.Time) float64 {
	if w.paced() {
		return w.levelAt(w.pace.trials.Alpha, now)
	}
	return w.level
}

// levelAt is the quantile to provide for at α, by the width of the forecast one lead
// time ahead.
func (w *Workload) levelAt(alpha float64, now time.Time) float64 {
	f := w.Forecast()
	if f == nil {
		return 1 - alpha
	}
	const lower, upper = 0.95, 0.99 // the tail between them goes on as an exponential
	to := now.Add(w.LeadTime() + w.step)
	width := scaler.DemandAt(f, upper, now, to) - scaler.DemandAt(f, lower, now, to)
	return trust.Level(alpha, width/math.Log((1-lower)/(1-upper))/w.Target())
}

// try lets each α have its say of what it would ask for, and judges what those would
// have missed over the last dt. Bursts are not theirs.
func (w *Workload) try(now time.Time, m trust.Moment, dt time.Duration) {
	f := w.Forecast()
	if w.bursts.Lasts() || w.dip.Lasts() || f == nil || f.Start.Add(time.Duration(f.Horizon())*f.Step).Before(now) {
		return
	}
	t := w.pace.trials
	if t.Due(now) {
		var counts [trust.Tried]int32
		for k, alpha := range t.Alphas {
			level := w.levelAt(alpha, now)
			counts[k] = w.Replicas(max(w.latest.Value, w.expected(f, level, now)+w.surprise(f, level, now)))
		}
		t.Ask(now, counts, w.LeadTime()+scaler.Grace, calmFor)
	}
	t.Judge(m, dt)
}

const (
	// thrifty is the share of what the reactive autoscaler misses that is aimed at.
	thrifty = 0.7

	// strictest is the least share of the violation target that the reactive
	// autoscaler's own misses tighten it to: a ten-thousandth of the time for a target
	// of a thousandth, nine seconds a day.
	strictest = 0.1

	// unseen is the share of the target that the reactive autoscaler counts as having
	// missed, for as long as unseenFor, before it was seen: it seldom misses, and then
	// for minutes, of which the first days tell little.
	unseen    = 0.3
	unseenFor = 96 * time.Hour
)

// goal is the share of time that may be missed: the target, or less where the
// reactive autoscaler misses less.
func (p *pace) goal(target float64) float64 {
	theirs := (p.shadow.Short*p.shadow.Known + unseen*target*unseenFor.Seconds()) / (p.shadow.Known + unseenFor.Seconds())
	return min(max(thrifty*theirs, strictest*target), target)
}

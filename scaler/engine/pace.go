package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

const (
	// calmFor is how long a small step down waits, see [scaler.Input].
	calmFor = 10 * time.Minute

	// explained is how long a miss waits for a burst that explains it: the first
	// minute of a burst is over before its detector is sure.
	explained = 90 * time.Second

	// thrift is the share of the reactive autoscaler's bill that is aimed at, so that
	// what is not seen of the bill leaves it below.
	thrift = 0.96

	// strictest is the least share of the violation target that the reactive
	// autoscaler's own misses tighten it to.
	strictest = 0.05

	// unbelievable is how many times more than the reactive autoscaler, and than the
	// target, may be missed of late before its bill is not believed any more: what it
	// takes for a replica's worth may not be what a replica carries.
	unbelievable = 4.0

	// startShare is the part of the lead time in which a replica starts; the rest is
	// the lag of the metric.
	startShare = 0.6
)

// A pace books what was missed on the budget of the quantile, or, where a burst was
// the reason, on that of the hedge against bursts: a higher quantile of what is usual
// is dear and finds no burst ready. Both are bounded by what an autoscaler without a
// forecast would miss and cost, which runs in the shadow: where that misses nothing,
// little may be missed; where the target cannot be had for its bill, it is the bill
// that holds. And while more was missed than it would have missed, its count is not
// undercut; while more was spent, it is not exceeded.
type pace struct {
	bursts  trust.Budget // α is the chance of a burst from which on it is hedged
	shadow  trust.Reactive
	guard   trust.Guard
	waiting [2]float64 // seconds missed of late that no burst explains yet, the newer ones first
	turned  time.Time  // since when the newer ones are gathered
	bill    float64    // of the target over what it may be; NaN = unknown, or not believed
}

func newPace(target float64) pace {
	return pace{bill: math.NaN(), bursts: trust.Budget{Target: target, First: hedgeRisk, Least: 0.005, Most: 0.7}}
}

// book books the missed share of the last dt; NaN = unknown.
func (w *Workload) book(now time.Time, dt time.Duration, missed float64, ready int32) {
	p := &w.pace
	if need := w.Replicas(w.latest.Value); need >= 0 && now.Sub(w.latest.Time) <= w.spec.Metric.TTL.Std() {
		short := p.shadow.Update(w.moment(now, need, ready))
		if missed > short.Ours { // what was measured is seldom less
			short.Ours = missed
		}
		p.guard.Book(short.Ours, short.Theirs, dt)
	}
	if math.IsNaN(missed) || dt <= 0 {
		return
	}
	target := w.spec.Forecast.ViolationTarget.Float()
	share, known := p.shadow.Missed()
	if known {
		w.budget.Target = min(max(share, strictest*target), target)
	}
	seconds := missed * dt.Seconds()
	usual, burst := 0.0, 0.0
	switch {
	case w.bursts.Lasts() || w.dip.Lasts():
		burst = p.waiting[0] + p.waiting[1] + seconds
		p.waiting = [2]float64{}
	case now.Sub(p.turned) > explained:
		usual = p.waiting[1]
		p.waiting = [2]float64{seconds, p.waiting[0]}
		p.turned = now
	default:
		p.waiting[0] += seconds
	}
	w.budget.Update(usual/dt.Seconds(), dt, p.bill)
	p.bursts.Update(burst/dt.Seconds(), dt, p.bill)
	p.bill = p.shadow.Bill() / thrift
	if w.budget.Spent+p.bursts.Spent > unbelievable*max(share, target) {
		p.bill = math.NaN()
	}
}

// moment is what the autoscaler in the shadow sees of now.
func (w *Workload) moment(now time.Time, need, ready int32) trust.Moment {
	m := trust.Moment{
		Now: now, Demand: w.latest.Value, Age: w.step / 2, Asked: scaler.Replicas(w.latest.Value, trust.Utilisation*w.Target()),
		Need: need, Ready: ready, Startup: time.Duration(startShare * float64(w.LeadTime())),
	}
	if w.spec.Scale.LatencyObjective != nil { // demand is a rate, and what is not served waits
		m.Full = w.Target()
	}
	return m
}

// guarded returns the part of wants, what the autoscaler in the shadow would have,
// that is not to be undercut: 0 while no harm is done.
func (w *Workload) guarded(wants int32) int32 {
	return scaler.Ceil(w.pace.guard.Share() * float64(wants))
}

package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/pacing"
	"github.com/forescale/forescale/scaler/reactive"
)

const (
	// calmTime is how long a small step down waits, see [scaler.Input]: as long as an HPA
	// waits with any step. On ten recorded loads twice as long saved another seventh of the
	// changes, for 0.7 % of the bill.
	calmTime = 5 * time.Minute

	// startShare is the part of the lead time in which a replica starts; the rest is
	// the lag of the metric.
	startShare = 0.6

	// unknown stands for a count that is not known.
	unknown = -1
)

// A Target is the state of the target of a decision.
type Target struct {
	Current int32 // spec.replicas, or the floor in force
	Ready   int32 // replicas that take traffic; −1 = unknown
	Min     int32 // bounds of the count
	Max     int32 // 0 = none

	// Missed is the share, 0 to 1, of the time since the last decision in which the
	// objective was missed; NaN = nobody measured it, and the objective counts as
	// missed while the observed demand asks for more replicas than are ready.
	Missed float64
}

// A decision is what a workload remembers of its last Decide.
type decision struct {
	at     time.Time     // zero before the first
	target Target        // as passed to Decide
	state  *scaler.State // of the rules; nil before the first
	calm   int32         // replicas that were ready before the burst that is going on; −1 = unknown
	guard  int32         // replicas that only the guard asked for
}

// stale reports whether the decision is too old at now for its counts to be relied on, on
// a grid of the given step.
func (d decision) stale(now time.Time, step time.Duration) bool { return now.Sub(d.at) > 3*step }

// Decide returns the replica count for now, by the rules of package scaler, and remembers
// it.
func (w *Workload) Decide(now time.Time, t Target) scaler.Decision {
	w.last.target = t
	spec, in := w.input(now, &w.last.target)
	w.book(now, in.Demand.Observed, t)
	if !w.bursts.Lasts() || w.drained(now, t) {
		w.last.calm = t.Ready
	}
	if w.last.state == nil { // most workloads are asked for demand only, and save the memory
		w.last.state = &scaler.State{}
	}
	var out scaler.Decision
	out, *w.last.state = scaler.Decide(spec, *w.last.state, in)
	w.last.guard = 0
	if out.Reason == scaler.ReactiveGuard {
		w.last.guard = out.Replicas - w.last.state.Last
	}
	return out
}

// input returns what a decision about t depends on, except the state left by earlier
// decisions. The spec that it returns points into t.
func (w *Workload) input(now time.Time, t *Target) (api.ScaleSpec, scaler.Input) {
	d := w.Demand(now)
	in := scaler.Input{
		Now: now, Current: t.Current, Demand: d, LeadTime: w.LeadTime(), Calm: calmTime,
		Desired: w.asks(now), Passing: w.Replicas(w.parts.bursts()),
	}
	if w.bursts.Lasts() { // the sample is the burst's, which is not held when it ends
		in.Desired, in.Passing = w.calmCount(in.Desired), max(in.Passing, in.Desired)
	}
	in.Passing = w.withSpares(now, in.Passing)
	in.Guard, in.Limit = w.guarded(now, reactive.Stabilization), w.affordable(now, d.Observed, reactive.Stabilization)
	if t.Min == 0 && d.Predicted > 0 && w.atRest(d) {
		in.Demand.Predicted = 0 // or the last replica would stay, see [Workload.Active]
	}
	spec := w.spec.Scale
	spec.MinReplicas, spec.MaxReplicas = &t.Min, t.Max
	return spec, in
}

// asks returns the replicas for the demand of the last call of Demand, apart from known
// bursts; −1 if demand is unknown.
func (w *Workload) asks(now time.Time) int32 {
	if n := w.averaged(now); n >= 0 {
		return n
	}
	return w.Replicas(w.need(w.parts.steady))
}

// calmCount returns the replicas that the forecast asks for without the burst that lasts.
// Without a forecast it returns asked, the count with the burst: nothing lower is known.
func (w *Workload) calmCount(asked int32) int32 {
	if n := w.Replicas(w.parts.steady.Predicted); n >= 0 {
		return n
	}
	return asked
}

// affordable returns the most replicas to ask for; 0 means no bound. There is a bound only
// while the target has cost too much more than an autoscaler without a forecast would have.
// The bound is then the count of that autoscaler, or what the observed demand needs if that is
// more, but one at least. The stabilization window of that autoscaler is taken to be hold: the
// usual one for a floor, which the HPA under it does not hold when it falls, and for an answer
// the usual one without what the HPA behind it holds anyway. observed is the last known demand
// while no samples come; NaN means no bound.
func (w *Workload) affordable(now time.Time, observed float64, hold time.Duration) int32 {
	if math.IsNaN(observed) || !w.overspent() || w.last.stale(now, w.step) {
		return 0
	}
	return max(w.pacer.Reactive(now, hold), w.Replicas(observed), 1)
}

// overspent reports whether the cost of the target must be limited now. Where bursts are
// foreseen, the cost of what the guard holds is left out: a hedge against such bursts ends
// harm sooner than the guard does, and if the guard alone used up the bill, nothing would be
// left for the hedge.
func (w *Workload) overspent() bool {
	switch {
	case w.pacer == nil:
		return false
	case w.bursts.Foreseen():
		return w.pacer.Overspent()
	}
	return w.pacer.Exceeded()
}

// guarded returns a lower bound of the count while there is harm, 0 while there is none: a
// share of what the reactive autoscaler would have if its stabilization window were hold.
func (w *Workload) guarded(now time.Time, hold time.Duration) int32 {
	if w.pacer == nil {
		return 0
	}
	return w.pacer.Guarded(now, hold)
}

// book charges the time since the last decision to the budgets, and makes now the time of
// the last decision.
func (w *Workload) book(now time.Time, observed float64, t Target) {
	last := w.last.at
	w.last.at = now
	if w.pacer == nil || last.IsZero() {
		return
	}
	i := pacing.Interval{End: now, Length: now.Sub(last), Missed: t.Missed, Burst: w.bursts.Lasts() || w.dip.Lasts()}
	if need := w.Replicas(observed); math.IsNaN(i.Missed) && need >= 0 && t.Ready >= 0 {
		i.Missed = 0
		if need > t.Ready {
			i.Missed = 1
		}
	}
	latest := w.Latest()
	if need := w.Replicas(latest.Value); need >= 0 && now.Sub(latest.Time) <= w.spec.Metric.TTL.Std() {
		m := w.moment(need, t, i)
		w.pacer.Observe(m, i)
		w.runTrials(m, i)
	}
	w.pacer.Book(i)
}

// moment returns the input of the reactive autoscaler at the end of an interval; need is the
// replicas that the newest sample needs.
func (w *Workload) moment(need int32, t Target, i pacing.Interval) reactive.Moment {
	demand := w.Latest().Value
	m := reactive.Moment{
		Now: i.End, Demand: demand, Age: w.step / 2, Asked: demand / (reactive.Utilization * w.Target()), Least: t.Min,
		Need: need, Ready: t.Ready, Count: t.Current, Held: w.last.guard, Missed: i.Missed, Startup: time.Duration(startShare * float64(w.LeadTime())),
	}
	m.Silent = i.End.Sub(w.Latest().Time) > w.step
	if w.spec.Scale.LatencyObjective != nil { // demand is a rate, and what is not served waits
		m.Full = w.Target()
	}
	return m
}

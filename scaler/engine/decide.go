package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
)

// A Target is what the decision is about, as it is now.
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

// Replicas returns the smallest count that carries demand; −1, unknown, if
// demand is NaN or nothing is known of what a replica carries.
func (w *Workload) Replicas(demand float64) int32 {
	if w.curve != nil {
		return w.curve.Replicas(demand / w.strength())
	}
	return scaler.Replicas(demand, w.Target())
}

// answerHold is the stabilization that an HPA behind an answer is to have on its way
// down: what it holds by itself is not held in the answer too.
const answerHold = 90 * time.Second

// Answer returns what to tell an autoscaler that asks for demand and divides it by
// [Workload.Target], as the HPA behind KEDA does: what the demand at now needs, for
// d from [Workload.Demand], or needed lately, as a floor is held on its way down; and
// what the start of a burst and the guard ask for beyond it, as far as
// [Workload.Decide] was told of the ready replicas lately. Limits and bounds are the
// HPA's. It remembers what was asked for. It is in the unit of the metric;
// NaN if d is unknown.
func (w *Workload) Answer(now time.Time, d scaler.Demand) float64 {
	need := w.Need(d)
	target, count := w.Target(), w.Replicas(need)
	if n := w.averaged(now); n >= 0 {
		count = max(n, w.Replicas(max(w.parts.Latch, w.parts.Return, w.parts.Hedge)))
	}
	if math.IsNaN(need) || count < 0 {
		return need
	}
	value := need
	if w.curve != nil { // whole replicas: what one of many carries is not what one carries
		value = float64(count) * target
	}
	more := count
	w.rule = ""
	raise := func(n int32, rule scaler.Reason) {
		if n > more {
			more, w.rule = n, rule
		}
	}
	raise(w.held(now, need), scaler.BreakEvenHold)
	if !w.spent.IsZero() && now.Sub(w.spent) <= 3*w.step {
		raise(w.spare(now, count), scaler.Burst)
		raise(w.guarded(now, reactiveHold-answerHold), scaler.ReactiveGuard)
	}
	if more > count {
		value = float64(more) * target
	}
	if most := float64(w.affordable(now, d.Observed)) * target; most > 0 && most < value {
		value, w.rule = most, scaler.BillLimit
	}
	return value
}

// AnswerRule returns the rule that made the last answer differ from what its demand
// needs: BreakEvenHold, Burst, ReactiveGuard or BillLimit; empty if none did.
func (w *Workload) AnswerRule() scaler.Reason { return w.rule }

// held returns the replicas that the answer stays at on its way down, as far as the HPA
// behind it does not hold them. The last ones are KEDA's, which has a cooldown for them.
func (w *Workload) held(now time.Time, need float64) int32 {
	n := w.asks(now)
	if w.bursts.Lasts() {
		n = w.Replicas(w.parts.steady.Predicted)
	}
	if w.answered == nil {
		w.answered = &hold{}
	}
	n = w.answered.take(now, n, w.LeadTime()+scaler.Grace-answerHold, calmFor-answerHold)
	if need <= w.spec.Scale.ActivationThreshold.Float() {
		return 0
	}
	return n
}

// reactiveHold is how long an HPA holds without a behavior.
const reactiveHold = 5 * time.Minute

// Decide returns the replica count for now and remembers it. Between the demand
// and the count stand the rules of package scaler.
func (w *Workload) Decide(now time.Time, t Target) scaler.Decision {
	w.asked = t
	spec, in := w.input(now, &w.asked)
	w.spend(now, in.Demand.Observed, t)
	if !w.bursts.Lasts() || w.drained(now, t) {
		w.calm = t.Ready
	}
	if w.state == nil { // most are asked for demand alone, and need no memory of counts
		w.state = &scaler.State{}
	}
	var out scaler.Decision
	out, *w.state = scaler.Decide(spec, *w.state, in)
	w.guarding = 0
	if out.Reason == scaler.ReactiveGuard {
		w.guarding = out.Replicas - w.state.Last
	}
	return out
}

// input returns what a decision about t depends on, beside what was decided. The
// spec points into t.
func (w *Workload) input(now time.Time, t *Target) (api.ScaleSpec, scaler.Input) {
	d := w.Demand(now)
	in := scaler.Input{
		Now: now, Current: t.Current, Demand: d, LeadTime: w.LeadTime(), Calm: calmFor,
		Desired: w.asks(now), Passing: w.Replicas(max(w.parts.Latch, w.parts.Return, w.parts.Hedge)),
	}
	if w.bursts.Lasts() { // the sample is the burst's, which is not held when it ends
		in.Desired, in.Passing = w.Replicas(w.parts.steady.Predicted), max(in.Passing, in.Desired)
	}
	in.Passing = w.spare(now, in.Passing)
	in.Guard, in.Limit = w.guarded(now, reactiveHold), w.affordable(now, d.Observed)
	spec := w.spec.Scale
	spec.MinReplicas, spec.MaxReplicas = &t.Min, t.Max
	return spec, in
}

// asks returns the replicas that demand asks for, bursts that are known as such aside;
// −1 if it is unknown. It is about the last call of Demand.
func (w *Workload) asks(now time.Time) int32 {
	if n := w.averaged(now); n >= 0 {
		return n
	}
	return w.Replicas(w.Need(w.parts.steady))
}

// begun is how far beyond the bill a burst that has begun is still met in full: what it
// takes is short, and cut, it is missed as an autoscaler without a forecast misses it.
const begun = 0.03

// affordable returns the most replicas to ask for: 0, no bound, unless what was asked
// for has cost more than an autoscaler without a forecast would. Then it is what that
// one would have, and what is observed needs: that of before while samples stay away,
// and no bound when it is unknown. What we, or the HPA behind the answer, hold by
// ourselves is not held twice.
func (w *Workload) affordable(now time.Time, observed float64) int32 {
	if math.IsNaN(observed) || !w.overspent() || now.Sub(w.spent) > 3*w.step {
		return 0
	}
	if w.begins(now) && w.pace.shadow.Excess() < begun {
		return 0
	}
	return max(w.pace.shadow.WantsFor(now, reactiveHold-answerHold), w.Replicas(observed))
}

const (
	// drainTime is how long the replicas asked for beyond the need of a burst stay at
	// most after the lead time, to serve what has queued up.
	drainTime = 30 * time.Second

	// oversubscribed is how many replicas are asked for per one that was missing when a
	// burst began: of those that start, the faster half then suffices, and the others
	// drain the queue.
	oversubscribed = 2

	// rarely is the same where bursts are rare. Starts whose logarithm varies by 0.25
	// around a minute are enough after 61, 54 and 50 s if two, three and four are asked
	// for. With the queue, the third per missing one ends harm 11 s sooner, which is
	// worth 220 s of an idle replica at the price of 20, and costs about 110 s: a start
	// and an end. The fourth ends it another 5 s sooner, and is not worth that.
	rarely = 3
)

// drains reports whether a burst began so lately that more than what was missing is
// asked for: not while that is beyond the bill.
func (w *Workload) drains(now time.Time) bool {
	return w.begins(now) && !(w.paced() && w.pace.bill > 1)
}

// begins reports whether a burst began so lately that its replicas start or drain its
// line, or seems to begin.
func (w *Workload) begins(now time.Time) bool {
	lately := w.bursts.Lasts() && now.Sub(w.bursts.Onset) < w.LeadTime()+drainTime
	return lately || w.bursts.Suspects(now)
}

// drained reports whether what a burst needs is ready and serves within the objective,
// measured over a time that belongs to the burst: the line is gone.
func (w *Workload) drained(now time.Time, t Target) bool {
	need := w.Replicas(w.parts.Latch)
	return now.Sub(w.bursts.Onset) >= w.step && t.Missed == 0 && need >= 0 && t.Ready >= need
}

// spare returns what to ask for so that need is there soon, while a burst begins.
func (w *Workload) spare(now time.Time, need int32) int32 {
	switch {
	case !w.drains(now):
		return need
	case !w.bursts.Lasts(): // the rest of the need is not the burst's
		return max(need, w.oversubscribe(w.Replicas(w.parts.Latch)))
	}
	return w.oversubscribe(need)
}

// oversubscribe asks for a multiple of what was missing of need when a burst began.
func (w *Workload) oversubscribe(need int32) int32 {
	if w.calm < 0 || need <= w.calm || need > math.MaxInt32/rarely {
		return need
	}
	more := int32(oversubscribed)
	if w.bursts.Rare() {
		more = rarely
	}
	return w.calm + more*(need-w.calm)
}

// spend books the time since the last decision on the budgets.
func (w *Workload) spend(now time.Time, observed float64, t Target) {
	last := w.spent
	w.spent = now
	if !w.paced() || last.IsZero() {
		return
	}
	missed := t.Missed
	if need := w.Replicas(observed); math.IsNaN(missed) && need >= 0 && t.Ready >= 0 {
		missed = 0
		if need > t.Ready {
			missed = 1
		}
	}
	w.book(now, now.Sub(last), missed, t)
}

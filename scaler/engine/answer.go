package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
)

// answerHold is the stabilization window for scaling down that the HPA behind an answer is
// meant to have: what it holds by itself is not held in the answer too.
const answerHold = 90 * time.Second

// An answer is what a workload remembers of its last Answer.
type answer struct {
	hold *hold         // on its way down; nil before the first
	rule scaler.Reason // that made it differ from what demand needs; empty if none did
}

// Answer returns the metric for an autoscaler that divides it by [Workload.Target], as
// the HPA behind KEDA does; d is that of [Workload.Demand] at now. It covers what d needs
// or lately needed, which is held on the way down as a floor is, and what the start of a
// burst and the guard ask for beyond that, provided that [Workload.Decide] was told of the
// ready replicas lately. Limits and bounds are left to the HPA. Answer remembers what was
// asked for. It is in the unit of the metric, and NaN if d is unknown.
func (w *Workload) Answer(now time.Time, d scaler.Demand) float64 {
	need := w.Need(d)
	target, count := w.Target(), w.Replicas(need)
	if n := w.averaged(now); n >= 0 {
		count = max(n, w.Replicas(w.parts.bursts()))
	}
	if math.IsNaN(need) || count < 0 {
		return need
	}
	value := need
	if w.staffing.AsQueue() { // whole replicas: what one of many carries is not what one carries
		value = float64(count) * target
	}
	more := count
	w.answer.rule = ""
	raise := func(n int32, rule scaler.Reason) {
		if n > more {
			more, w.answer.rule = n, rule
		}
	}
	raise(w.held(now, need), scaler.BreakEvenHold)
	if !w.last.stale(now, w.step) {
		raise(w.spare(now, count), scaler.Burst)
		raise(w.guarded(now, reactiveHold-answerHold), scaler.ReactiveGuard)
	}
	if more > count {
		value = float64(more) * target
	}
	if most := float64(w.affordable(now, d.Observed)) * target; most > 0 && most < value {
		value, w.answer.rule = most, scaler.BillLimit
	}
	return value
}

// AnswerRule returns the rule that made the last answer differ from what its demand
// needs: BreakEvenHold, Burst, ReactiveGuard or BillLimit; empty if none did.
func (w *Workload) AnswerRule() scaler.Reason { return w.answer.rule }

// held returns the replicas that the answer stays at on its way down, beyond what the
// HPA behind it holds by itself. At or below the activation threshold nothing is held:
// KEDA has a cooldown for that.
func (w *Workload) held(now time.Time, need float64) int32 {
	n := w.asks(now)
	if w.bursts.Lasts() {
		n = w.calmCount(n)
	}
	if w.answer.hold == nil {
		w.answer.hold = &hold{}
	}
	n = w.answer.hold.take(now, n, w.LeadTime()+scaler.Grace-answerHold, calmTime-answerHold)
	if need <= w.spec.Scale.ActivationThreshold.Float() {
		return 0
	}
	return n
}

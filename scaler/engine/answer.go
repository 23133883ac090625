package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/reactive"
)

// An answer is what a workload remembers of its last Answer.
type answer struct {
	hold   *scaler.Hold  // on its way down; nil before the first
	rule   scaler.Reason // that made it differ from what demand needs; empty if none did
	active time.Time     // when it last asked for more than the activation threshold
}

// Answer returns the metric for an autoscaler that divides it by [Workload.Target], as the
// HPA behind KEDA does, by the rules of [scaler.Respond]; d is that of [Workload.Demand] at
// now. Bursts and the guard count only if [Workload.Decide] has been called lately, with the ready
// replicas. Answer remembers what was asked for. The result is in the unit of the metric, and
// NaN if d is unknown.
func (w *Workload) Answer(now time.Time, d scaler.Demand) float64 {
	in, known := w.answerInput(now, d)
	if w.answer.rule = ""; !known {
		return in.Need
	}
	if w.answer.hold == nil {
		w.answer.hold = &scaler.Hold{}
	}
	if !in.Idle {
		w.answer.active = now
	}
	var a scaler.Answer
	a, *w.answer.hold = scaler.Respond(*w.answer.hold, in)
	w.answer.rule = a.Rule
	return a.Value
}

// AnswerRule returns the rule that made the last answer differ from what its demand
// needs: BreakEvenHold, Burst, ReactiveGuard or BillLimit; empty if none did.
func (w *Workload) AnswerRule() scaler.Reason { return w.answer.rule }

// residue is the share of what a replica serves up to which a forecast does not count as demand.
// After hours without demand a forecast is rarely exactly 0, and a hundredth of a request a second
// kept a replica for whole days without any.
const residue = 1e-3

// Active reports whether the target is to have a replica at demand d, to which Answer last
// gave value: whether what is observed, what is forecast beyond a residue, or what a rule adds
// lies above the activation threshold. What rounding up to whole replicas adds does not count.
func (w *Workload) Active(d scaler.Demand, value float64) bool {
	threshold := w.spec.Scale.ActivationThreshold.Float()
	return d.Observed > threshold || w.need(d) > threshold && !w.atRest(d) || w.answer.rule != "" && value > threshold
}

// atRest reports whether no more than a residue is forecast, and nothing above the activation
// threshold is observed; false while the observed demand is unknown.
func (w *Workload) atRest(d scaler.Demand) bool {
	return d.Observed <= w.spec.Scale.ActivationThreshold.Float() && w.need(d) <= residue*w.Target()
}

// answerInput returns what the answer to d depends on. It returns false while the need, or what
// a replica carries, is unknown; of the input only the need is then valid.
func (w *Workload) answerInput(now time.Time, d scaler.Demand) (scaler.AnswerInput, bool) {
	in := scaler.AnswerInput{
		Now: now, Need: w.need(d), Target: w.Target(), Whole: w.staffing.AsQueue(), Desired: w.asks(now),
		LeadTime: w.LeadTime(), Calm: calmTime,
	}
	in.Count = w.Replicas(in.Need)
	if n := w.averaged(now); n >= 0 {
		in.Count = max(n, w.Replicas(w.parts.bursts()))
	}
	if math.IsNaN(in.Need) || in.Count < 0 {
		return in, false
	}
	if w.bursts.Lasts() {
		in.Desired = w.calmCount(in.Desired)
	}
	in.Idle = in.Need <= w.spec.Scale.ActivationThreshold.Float()
	if !w.last.stale(now, w.step) {
		in.Burst = w.withSpares(now, in.Count)
		in.Guard = w.guarded(now, reactive.Stabilization-scaler.AnswerHold)
	}
	// An HPA would hold for its window. What the guard asks for after that is for demand at or
	// below the threshold, for which there is to be no replica.
	if in.Idle && now.Sub(w.answer.active) > reactive.Stabilization {
		in.Guard = 0
	}
	in.Limit = w.affordable(now, d.Observed, reactive.Stabilization-scaler.AnswerHold)
	return in, true
}

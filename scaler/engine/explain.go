package engine

import (
	"time"

	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/scaler"
)

// An Outlook is what is forecast for one instant ahead, and by whom.
type Outlook struct {
	Ahead   time.Duration // from the last closed cell, whole cells
	Median  float64       // unit of the metric
	Upper   float64       // what the decision provides for, bounds applied: a quantile, or the median with a buffer; same unit
	Experts []auto.Share  // heaviest first; nil for a single model
}

// Outlooks returns what is forecast for the given times ahead, ascending, rounded up to
// cells. It returns one for each cell, and none beyond the forecast. It is nil before the
// first Install.
func (w *Workload) Outlooks(ahead ...time.Duration) []Outlook {
	f := w.Forecast()
	if f == nil {
		return nil
	}
	var out []Outlook
	for _, d := range ahead {
		h := max(1, int((d+w.step-1)/w.step))
		if h > f.Horizon() {
			break
		}
		if n := len(out); n > 0 && out[n-1].Ahead == time.Duration(h)*w.step {
			continue
		}
		end := f.Start.Add(time.Duration(h) * w.step)
		o := Outlook{Ahead: end.Sub(f.Start), Median: f.Quantile(f.Values[h-1], 0.5), Experts: w.model.Experts(h)}
		if !w.model.Idle() {
			o.Upper = w.bounded(f, f.Quantile(f.Values[h-1], w.levelNow(f.Start)), f.Start, end)
		}
		out = append(out, o)
	}
	return out
}

// Look returns what [Workload.Demand] would return, and the parts of that, without a change
// of the workload. A call of Demand may begin or end the hedge against a likely burst, which
// goes on at a lower chance than it begins at.
func (w *Workload) Look(now time.Time) (scaler.Demand, Parts) {
	defer w.untouched()()
	d := w.Demand(now)
	return d, w.parts
}

// untouched returns a function that restores what Demand changes to what it is now.
func (w *Workload) untouched() (restore func()) {
	parts, hedging := w.parts, w.hedging
	return func() { w.parts, w.hedging = parts, hedging }
}

// Rehearse returns the decision that [Workload.Decide] would take now about the target of
// its last call, with everything that the decision depends on, without taking it: the state
// of the workload stays as it is. It returns false before the first Decide.
func (w *Workload) Rehearse(now time.Time) (scaler.Record, bool) {
	if w.last.state == nil {
		return scaler.Record{}, false
	}
	defer w.untouched()()
	target := w.last.target
	spec, in := w.input(now, &target)
	r := scaler.Record{Spec: spec, State: *w.last.state, Input: in}
	r.Decision, _ = scaler.Decide(r.Spec, r.State, r.Input)
	return r, true
}

// RehearseAnswer returns the answer that [Workload.Answer] would give now, with everything
// that it depends on, without giving it: the state of the workload stays as it is. It
// returns false before the first Answer, and while demand is unknown.
func (w *Workload) RehearseAnswer(now time.Time) (scaler.AnswerRecord, bool) {
	if w.answer.hold == nil {
		return scaler.AnswerRecord{}, false
	}
	defer w.untouched()()
	in, known := w.answerInput(now, w.Demand(now))
	r := scaler.AnswerRecord{Hold: *w.answer.hold, Input: in}
	r.Answer, _ = scaler.Respond(r.Hold, in)
	return r, known
}

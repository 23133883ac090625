package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

const (
	// calmFor is how long a small step down waits, see [scaler.Input]: as long as an HPA
	// waits with any. Of ten recorded loads twice of it took off another seventh of the
	// changes, for 0.7 % of the bill.
	calmFor = 5 * time.Minute

	// explained is how long a miss waits for a burst that explains it: the first
	// minute of a burst is over before its detector is sure.
	explained = 90 * time.Second

	// settling is how long the price takes to follow the bill: a hedge moves the bill by
	// half a percent while it stands, and is not to be dropped by what it costs itself.
	settling = 2 * time.Hour

	// unbelievable is how many times more than the reactive autoscaler, and than the
	// target, may be missed of late before its bill is not believed any more: what it
	// takes for a replica's worth may not be what a replica carries.
	unbelievable = 4.0

	// roomy is the part of the reactive autoscaler's bill that is to be left for what is
	// held right after a miss: smooth loads leave a tenth and more, bursty ones nothing.
	roomy = 0.05

	// spentOver is the time over which misses are compared with the target.
	spentOver = 12 * time.Hour

	// startShare is the part of the lead time in which a replica starts; the rest is
	// the lag of the metric.
	startShare = 0.6
)

// A pace steers the quantile of what is usual by what the others would have missed
// on the same load, and books what was missed where a burst was the reason on the
// budget of the hedge against bursts: a higher quantile of what is usual is dear and
// finds no burst ready. Both are bounded by what an autoscaler without a
// forecast would miss and cost, which runs in the shadow: where that misses nothing,
// little may be missed; where the target cannot be had for its bill, it is the bill
// that holds. And while more was missed than it would have missed, its count is not
// undercut; while more was spent, it is not exceeded.
type pace struct {
	trials  *trust.Trials
	bursts  trust.Budget // α are the odds at which bursts are hedged, see pays
	shadow  trust.Reactive
	guard   trust.Guard
	waiting [2]float64 // seconds missed of late that no burst explains yet, the newer ones first
	turned  time.Time  // since when the newer ones are gathered
	held    bool       // whether the guard has held its count since then
	spent   float64    // share of time missed in about the last half day, bursts aside
	bill    float64    // of the target over what it may be; NaN = unknown, or not believed
}

// newPace returns a pace for a share of time, with the levels that are forecast; nil
// without one.
func newPace(target float64, levels []float64) *pace {
	if !(target > 0) {
		return nil
	}
	p := &pace{bill: math.NaN(), bursts: trust.Budget{Target: target, First: hedgeOdds, Least: 0.005, Most: 0.7}}
	var alphas [trust.Tried]float64
	for k := range alphas {
		alphas[k] = 1 - levels[k]
	}
	p.trials = trust.NewTrials(alphas, target, p.goal(target))
	return p
}

// book books the missed share of the last dt; NaN = unknown.
func (w *Workload) book(now time.Time, dt time.Duration, missed float64, t Target) {
	p := w.pace
	if need := w.Replicas(w.latest.Value); need >= 0 && now.Sub(w.latest.Time) <= w.spec.Metric.TTL.Std() {
		m := w.moment(now, need, t, missed)
		short := p.shadow.Update(m)
		p.guard.Book(short.Ours, short.Theirs, dt)
		if w.bursts.Lasts() || w.dip.Lasts() { // which are met by rules of their own
			p.guard.Void()
		}
		w.try(now, m, dt)
	}
	if math.IsNaN(missed) || dt <= 0 {
		return
	}
	target := w.spec.Forecast.ViolationTarget.Float()
	usual, burst := w.explain(now, missed*dt.Seconds())
	p.spent += (1 - math.Exp(-dt.Hours()/spentOver.Hours())) * (usual/dt.Seconds() - p.spent)
	p.bursts.Update(burst/dt.Seconds(), dt)
	p.trials.Pace(p.goal(target), trust.Afford(p.bill))
	if bill := p.shadow.Bill(); math.IsNaN(p.bill) {
		p.bill = bill
	} else {
		p.bill += (1 - math.Exp(-float64(dt)/float64(settling))) * (bill - p.bill)
	}
	if p.spent+p.bursts.Spent > unbelievable*max(p.shadow.Short, target) {
		p.bill = math.NaN()
	}
}

// explain takes the seconds missed of late and returns those that are explained by
// now: what was usual, and what was a burst's.
func (w *Workload) explain(now time.Time, seconds float64) (usual, burst float64) {
	p := w.pace
	p.held = p.held || p.holds() > 0
	switch {
	case w.bursts.Lasts() || w.dip.Lasts():
		burst = p.waiting[0] + p.waiting[1] + seconds
		p.waiting = [2]float64{}
		p.trials.Void()
	case now.Sub(p.turned) > explained:
		usual = p.waiting[1]
		if p.held {
			p.trials.TurnHelped(usual)
		} else {
			p.trials.Turn(usual)
		}
		p.waiting = [2]float64{seconds, p.waiting[0]}
		p.turned, p.held = now, false
	default:
		p.waiting[0] += seconds
	}
	return usual, burst
}

// moment is what the autoscaler in the shadow sees of now.
func (w *Workload) moment(now time.Time, need int32, t Target, missed float64) trust.Moment {
	m := trust.Moment{
		Now: now, Demand: w.latest.Value, Age: w.step / 2, Asked: w.latest.Value / (trust.Utilisation * w.Target()), Least: t.Min,
		Need: need, Ready: t.Ready, Count: t.Current, Held: w.guarding, Missed: missed, Startup: time.Duration(startShare * float64(w.LeadTime())),
	}
	if w.spec.Scale.LatencyObjective != nil { // demand is a rate, and what is not served waits
		m.Full = w.Target()
	}
	return m
}

// odds are those at which a burst that would need so much is hedged: the ones of the
// budget of bursts, but no lower than the price that the bill allows of as many
// replicas.
func (w *Workload) odds(need float64) float64 {
	more := max(w.Replicas(need)-w.Replicas(w.bursts.Level), 1)
	return max(1-w.pace.bursts.Level(), trust.UsualMisses*trust.Afford(w.pace.bill)*float64(more))
}

// overspent reports whether the bill is to be kept now: that of all there is, or, where
// bursts have a clock, that of what the guard does not hold. What meets such bursts
// ends harm sooner than what the guard holds.
func (w *Workload) overspent() bool {
	if !w.paced() {
		return false
	}
	if w.bursts.Clock() > 0 {
		return w.pace.shadow.Overspent()
	}
	return w.pace.shadow.Exceeded()
}

// holds returns the share of the count of the autoscaler in the shadow that is held: all of
// it right after a miss only where the bill leaves room for it. Where bursts have taken it
// up, what is held so is missing when the next one comes: on one recorded load twice as
// much was missed.
func (p *pace) holds() float64 {
	if p.shadow.Excess() < -roomy {
		return p.guard.Holds()
	}
	return p.guard.Share()
}

// guarded returns the part of what the autoscaler in the shadow would have, if it came
// down after hold, that is not to be undercut: 0 while no harm is done.
func (w *Workload) guarded(now time.Time, hold time.Duration) int32 {
	if !w.paced() {
		return 0
	}
	return scaler.Ceil(w.pace.holds() * float64(w.pace.shadow.WantsFor(now, hold)))
}

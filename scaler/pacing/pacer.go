package pacing

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/trial"
)

const (
	// HedgeOdds are the odds at which bursts are hedged if no price is stated, and the least at
	// a violation target. What is missed in bursts does not move them: hedges at longer odds cost
	// more than they save. On 94 recorded loads odds down to a half per cent missed no less, cost
	// 0.1 % more, and changed the count more often, by a tenth on the four bursty ones that the
	// rules were chosen on. Shorter ones, up to a tenth while nothing is missed, gained 0.1 to
	// 0.5 % of what is missed on bursty loads. With a tenth throughout, sixteen loads missed
	// 0.5 % less as floors and 0.9 % less behind KEDA, but one cost 6 % more, and two more were
	// harmed behind KEDA.
	HedgeOdds = 0.05

	// explainTime is how long a miss waits for a burst that explains it: the detector may
	// need the first minute of a burst to be sure.
	explainTime = 90 * time.Second

	// billTime is the time constant with which the price follows the bill: a hedge moves the
	// bill by half a percent while it lasts, and must not be dropped because of its own cost.
	billTime = 2 * time.Hour

	// implausible bounds the recent misses, as a multiple of the larger of the target and
	// of what the reactive autoscaler misses. Beyond it the autoscaler's bill is no longer
	// believed, because a replica may carry less than it is taken to.
	implausible = 4.0

	// roomOnBill is the share of the reactive autoscaler's bill that must be left for its
	// whole count to be held right after a miss. Smooth loads leave a tenth and more, bursty
	// ones nothing.
	roomOnBill = 0.05

	// spentTime is the time constant of the misses that are compared with the target.
	spentTime = 12 * time.Hour

	// reactiveShare is the goal as a share of what the reactive autoscaler misses.
	reactiveShare = 0.7

	// onlyAdds is how long the reactive autoscaler is watched before a target may have fewer
	// replicas than it, in seconds that fade as its misses do: twenty-two hours of real time.
	// Sixty recorded loads were cut to eight hours without a history. Without this rule and
	// that of [Pacer.Exceeded] for the same time, 12 of them as a floor and 18 behind KEDA
	// missed at least 0.01 points more than an HPA, and 11 and 8 cost over 2 % more. With
	// them 0 and 3 missed more, and 8 and 1 cost more; bounded from the second hour on only, they
	// missed 0 and 1 more, and 14 and 2 cost more, by up to 27 %. The rule does not apply once
	// [Pacer.Grow] was called.
	onlyAdds = 20 * 3600.0

	// priorShare is the share of the target that the reactive autoscaler is taken to have
	// missed during the priorTime before it was first seen. It misses rarely, and then for
	// minutes, so the first days tell little. As its misses fade as fast, half of that share
	// stays presumed for ever: the goal is never below a tenth of the target, nine seconds a
	// day for a thousandth.
	priorShare = 0.3
	priorTime  = 96 * time.Hour
)

// A Pacer keeps one violation target. It is not safe for concurrent use.
type Pacer struct {
	target  float64 // share of time, 0 to 1
	trials  *trial.Set
	shadow  reactive.Autoscaler
	guard   reactive.Guard
	waiting [2]float64 // seconds missed recently that no burst explains yet, the newer ones first
	turned  time.Time  // when the newer ones began to be gathered
	held    bool       // whether the guard has held its count since then
	grown   bool       // whether the errors of the forecast are known from a history
	spent   float64    // share of time missed in about the last half day
	bill    float64    // what was paid over what may be; NaN = unknown, or not believed
}

// An Interval is the time since the last decision.
type Interval struct {
	End    time.Time
	Length time.Duration
	Missed float64 // share for which the objective was missed, 0 to 1; NaN = unknown
	Burst  bool    // a burst or a dip lasts at End; other rules meet these
}

// New returns a pacer for a share of time, in (0, 1), that chooses among the given
// prices of short time, descending.
func New(target float64, alphas [trial.Size]float64) *Pacer {
	p := &Pacer{target: target, bill: math.NaN()}
	p.trials = trial.New(alphas, target, p.goal())
	return p
}

// Observe runs the reactive autoscaler up to the end of an interval, and books which of the two
// missed the objective in it.
func (p *Pacer) Observe(m reactive.Moment, i Interval) {
	short := p.shadow.Update(m)
	p.guard.Book(short.Ours, short.Theirs, i.Length)
	if i.Burst {
		p.guard.Void()
	}
}

// Trials returns the trials of other prices, to be asked for their counts and judged by
// what is observed, bursts aside.
func (p *Pacer) Trials() *trial.Set { return p.trials }

// Book books what was missed in an interval. It books nothing if that is unknown, or if the
// interval is longer than five minutes, because its end says nothing of the rest.
func (p *Pacer) Book(i Interval) {
	if math.IsNaN(i.Missed) || i.Length <= 0 || i.Length > reactive.Stabilization {
		return
	}
	p.explain(i)
	p.spent += (1 - math.Exp(-float64(i.Length)/float64(spentTime))) * (i.Missed - p.spent)
	p.trials.Pace(p.goal(), Afford(p.bill))
	if bill := p.shadow.Bill(); math.IsNaN(p.bill) {
		p.bill = bill
	} else {
		p.bill += (1 - math.Exp(-float64(i.Length)/float64(billTime))) * (bill - p.bill)
	}
	if p.spent > implausible*max(p.shadow.Short, p.target) {
		p.bill = math.NaN()
	}
}

// explain books the seconds missed in usual demand with the trials once it is settled, by the
// end of an interval, that no burst was their cause. It drops those missed in a burst: no
// quantile of the usual demand provides for one.
func (p *Pacer) explain(i Interval) {
	missed := i.Missed * i.Length.Seconds()
	p.held = p.held || p.holds() > 0
	switch {
	case i.Burst:
		p.waiting = [2]float64{}
		p.trials.Void()
	case i.End.Sub(p.turned) > explainTime:
		if p.held {
			p.trials.TurnHelped(p.waiting[1])
		} else {
			p.trials.Turn(p.waiting[1])
		}
		p.waiting = [2]float64{missed, p.waiting[0]}
		p.turned, p.held = i.End, false
	default:
		p.waiting[0] += missed
	}
}

// goal is the share of time that may be missed: the target, or less where the
// reactive autoscaler misses less.
func (p *Pacer) goal() float64 {
	theirs := (p.shadow.Short*p.shadow.Known + priorShare*p.target*priorTime.Seconds()) / (p.shadow.Known + priorTime.Seconds())
	return min(reactiveShare*theirs, p.target)
}

// Grow notes that the forecast was fitted to two days of history or more, which ends the rules
// of the first day. How much of that was retraced does not matter: at steps of ten seconds it is
// only half a day.
func (p *Pacer) Grow() { p.grown = true }

// Known returns for how long the reactive autoscaler has been watched, discounted.
func (p *Pacer) Known() time.Duration { return time.Duration(p.shadow.Known * float64(time.Second)) }

// Absolve drops what a retrace cannot know, because its past is imagined: the harm on the account
// of the guard and the cost of what was held for it, since nobody was harmed and no credit was
// earned, and by how much real misses differ from those of the trials. The bills are kept, but
// weigh no more than if the reactive autoscaler had cost most, in replica-seconds, +Inf for no
// bound: see [reactive.Autoscaler.Weigh].
func (p *Pacer) Absolve(most float64) {
	p.guard = reactive.Guard{}
	p.shadow.Spent -= p.shadow.Held
	p.shadow.Held = 0
	p.shadow.Weigh(most)
	p.trials.Real, p.trials.Said = 0, 0
	p.spent, p.waiting, p.held = 0, [2]float64{}, false
}

// Cost returns what the reactive autoscaler has cost, in replica-seconds, discounted.
func (p *Pacer) Cost() float64 { return p.shadow.Cost }

// CostSince returns what it has cost, in replica-seconds, discounted, since Cost was then, which
// is ago.
func (p *Pacer) CostSince(then float64, ago time.Duration) float64 {
	return p.shadow.CostSince(then, ago)
}

// Alpha returns the price of short time to provide for, in (0, 1): from it
// [Level] takes the quantile.
func (p *Pacer) Alpha() float64 { return p.trials.Alpha }

// HedgeOdds returns the odds at which a burst that needs the given number of further
// replicas is hedged: no lower than the price that the bill allows for that many replicas.
func (p *Pacer) HedgeOdds(replicas int32) float64 {
	return max(HedgeOdds, trial.UsualMisses*Afford(p.bill)*float64(max(replicas, 1)))
}

// Dear reports whether the recent cost exceeds that of the reactive autoscaler.
func (p *Pacer) Dear() bool { return p.bill > 1 }

// Exceeded reports whether the target has cost so much more than the reactive autoscaler
// that its cost must be limited now; see [reactive.Autoscaler.Exceeded]. The first day saves
// nothing, so that no later thrift is set against it; see [reactive.Autoscaler.Dearer].
func (p *Pacer) Exceeded() bool {
	return p.shadow.Exceeded() || p.young() && p.shadow.Dearer()
}

// Overspent reports what [Pacer.Exceeded] does, leaving out the cost of what the guard holds
// from the second day on.
func (p *Pacer) Overspent() bool {
	return p.shadow.Overspent() || p.young() && p.shadow.Dearer()
}

// young reports whether the target is in its first day and the errors of its forecast are not
// known from a history either.
func (p *Pacer) young() bool { return p.shadow.Known < onlyAdds && !p.grown }

// Reactive returns the replicas that the reactive autoscaler would have if its
// stabilization window were hold.
func (p *Pacer) Reactive(now time.Time, hold time.Duration) int32 {
	return p.shadow.WantsFor(now, hold)
}

// Guarded returns the lower bound of the count, a share of [Pacer.Reactive]: all of it in a
// first day without a history, else 0 while there is no harm.
func (p *Pacer) Guarded(now time.Time, hold time.Duration) int32 {
	return scaler.Ceil(p.holds() * float64(p.Reactive(now, hold)))
}

// holds returns the share of the reactive autoscaler's count that is held. It is the whole
// count for a day without a history, in which no error of the forecast and no burst is known
// yet: a forecast adds then, and does not take. Right after a miss it is the whole count, but
// only if the bill leaves room for that. Where bursts have used up the bill, the cost of a
// held count would be missing when the next burst comes: on one recorded load twice as much
// was missed.
func (p *Pacer) holds() float64 {
	if p.young() {
		return 1
	}
	if p.shadow.Excess() < -roomOnBill {
		return p.guard.Holds()
	}
	return p.guard.Share()
}

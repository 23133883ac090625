package reactive

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/shadow"
)

const (
	tolerance    = 0.1              // of an HPA: the share by which demand may differ before it acts
	grace        = 30 * time.Second // time for which a replica is paid after its end
	billMemory   = 168 * time.Hour  // time in which what was paid fades to 1/e
	missMemory   = 96 * time.Hour   // time in which what was missed fades to 1/e
	soonest      = 10 * time.Minute // time before which no bill is too high
	firstBill    = time.Hour        // time before which no usual bill is reported
	presumed     = 6 * time.Hour    // time before the first moment at which the bill is presumed to be thrift: the first hour says little of a day
	thrift       = 0.9              // presumed bill, as a share of the autoscaler's cost
	allowance    = 1.015            // bill that is allowed: bursts exceed it a little, and 2 % is what is promised
	mostPresumed = 0.1              // the most that the presumed bill may allow beyond that, as a share of the autoscaler's cost

	longestSilence = time.Hour // longest part of a silence for which both sides are charged

	longestQueue = time.Minute // of work at full capacity: requests that wait for longer have given up
	waiting      = 0.3         // seconds of queued work at which the objective counts as missed

	// slowStart is how many start-ups a slow start takes at most: of starts whose logarithm
	// varies by a quarter, one in 360 takes longer.
	slowStart = 2
)

// Stabilization is how long the autoscaler stays at its highest recommendation, as an HPA
// does by default. After a longer silence it begins anew; what it held in it is paid.
const Stabilization = 5 * time.Minute

// Utilization is the share of the target per replica that the [Autoscaler] aims at.
const Utilization = 0.7

// A Moment is what is known at one instant, for [Autoscaler.Update].
type Moment struct {
	Now time.Time // not before that of the last one

	Demand float64       // observed, unit of the metric: a mean that is Age old
	Age    time.Duration // half the window of that mean
	Full   float64       // demand at which one replica is busy all the time; 0 = demand that is not served does not queue up

	Asked float64 // replicas for Demand at a utilization of 70 %, not rounded
	Least int32   // bound that no count goes below
	Need  int32   // replicas that keep the objective at Demand
	Ready int32   // of the target; −1 = unknown
	Count int32   // of the target, ready or starting, as far as known; 0 = unknown
	Held  int32   // those of Count that are there only because a Guard holds them

	Missed float64 // share of the time since the last update in which the target was seen to miss the objective; NaN = unknown

	Startup time.Duration // of a replica
	Silent  bool          // no sample has come for a while, and Demand is the last one: an HPA holds
}

// Short returns 1 if n replicas are too few for the demand of m, or are still working off
// their queue, else 0. It advances queue, in demand times seconds, ≥ 0, by dt.
func (m Moment) Short(queue *float64, n int32, dt time.Duration) float64 {
	serves := float64(n) * m.Full
	*queue = min(max(*queue+(m.Demand-serves)*dt.Seconds(), 0), longestQueue.Seconds()*serves)
	if m.Need > n || *queue > waiting*serves {
		return 1
	}
	return 0
}

// Missed says whether the target and the autoscaler missed the objective since the last
// update: shares, 0 to 1, NaN = unknown.
type Missed struct{ Ours, Theirs float64 }

// An Autoscaler is the one that would be there without a forecast, run in memory: an HPA at
// 70 %, which goes up at once and down after five minutes, and whose replicas take one
// start-up to become ready. What it would have missed and cost bounds what forescale may
// miss and cost. It and the target are judged alike: by the demand observed for a time, the
// replicas of that time, and the queue that builds up where demand exceeds what these serve.
// The zero Autoscaler is ready. It is not safe for concurrent use.
type Autoscaler struct {
	Seen   time.Time
	HPA    shadow.HPA          // its decisions
	Had    [shadow.Slots]int32 // replicas of the target that were ready, by slot modulo their count
	Counts [shadow.Slots]int32 // replicas of the target, ready or starting, likewise
	Ready  int32               // ready replicas of the target at the last update
	Count  int32               // those ready or starting
	Coming int32               // what it goes up to at its next sync, by the newest demand; 0 = it does not

	TheirQueue float64 // queue of the autoscaler's replicas, demand times seconds
	OurQueue   float64 // queue of the target's replicas, likewise

	Short float64 // share of time for which it would have had too few
	Known float64 // seconds behind Short, discounted
	Cost  float64 // its replica-seconds, discounted
	Spent float64 // those of the target
	Held  float64 // the part of Spent that a Guard holds

	Before float64 // replica-seconds that it is taken to have cost before it was first seen, discounted; see Bill
}

// Update moves on to m and says who has missed the objective since the last update. Both
// are unknown at first, after a silence of more than five minutes, and if no time has
// passed.
func (a *Autoscaler) Update(m Moment) Missed {
	slot := shadow.SlotOf(m.Now)
	dt := m.Now.Sub(a.Seen)
	if a.Seen.IsZero() || dt > Stabilization || dt < 0 {
		a.Coming = 0
		a.silent(m, dt)
		a.HPA.Begin(slot, shadow.Replicas(m.Asked, m.Least, 0))
		for i := range a.Had {
			a.Had[i], a.Counts[i] = m.Ready, max(m.Ready, m.Count)
		}
		if a.Seen.IsZero() {
			a.Before = float64(max(a.HPA.Count(), 1)) * presumed.Seconds()
		}
		a.Seen, a.Ready, a.Count, a.TheirQueue, a.OurQueue = m.Now, m.Ready, m.Count, 0, 0
		return Missed{math.NaN(), math.NaN()}
	}
	if dt == 0 {
		return Missed{math.NaN(), math.NaN()}
	}
	a.Seen = m.Now
	before := a.HPA.Count()
	for at := a.HPA.Slot + 1; at <= slot; at++ {
		asked := m.Asked
		if m.Silent {
			asked = float64(before)
		}
		a.HPA.Sync(at, asked, m.Least, 0, shadow.Rules{Tolerance: tolerance, Hold: Stabilization})
		a.Had[at%shadow.Slots], a.Counts[at%shadow.Slots] = m.Ready, max(m.Ready, m.Count)
	}
	a.Coming = a.coming(m)
	missed := a.judge(m, dt)
	keep := math.Exp(-float64(dt) / float64(missMemory))
	a.Known = keep*a.Known + dt.Seconds()
	a.Short += (missed.Theirs - a.Short) * min(dt.Seconds()/a.Known, 1)
	a.pay(m, dt, before)
	a.Ready, a.Count = m.Ready, m.Count
	if missed.Ours > missed.Theirs && a.outbid(m) {
		missed.Theirs = missed.Ours // slow starts would have hit it as well
	}
	return missed
}

// coming returns the replicas that the next sync goes up to by m; 0 if it does not.
func (a *Autoscaler) coming(m Moment) int32 {
	if m.Silent || !(m.Asked > (1+tolerance)*float64(a.HPA.Count())) {
		return 0
	}
	return shadow.Replicas(m.Asked, m.Least, 0)
}

// judge compares what was observed with the replicas of the time that it speaks for.
// What was seen of the target counts where the estimate knows less.
func (a *Autoscaler) judge(m Moment, dt time.Duration) Missed {
	slot := a.spokenOf(m)
	had := a.Had[slot%shadow.Slots]
	missed := Missed{Ours: math.NaN(), Theirs: m.Short(&a.TheirQueue, a.HPA.Ready(slot, m.Startup), dt)}
	if had >= 0 {
		missed.Ours = m.Short(&a.OurQueue, had, dt)
	}
	if m.Missed > missed.Ours || math.IsNaN(missed.Ours) {
		missed.Ours = m.Missed
	}
	return missed
}

// spokenOf returns the slot that a demand of m.Age speaks of.
func (a *Autoscaler) spokenOf(m Moment) int64 {
	return a.HPA.Slot - min(int64(m.Age/shadow.Slot), shadow.Slots/2)
}

// outbid reports whether the target missed the objective only because its replicas started
// slowly, as those of the reactive autoscaler would have: in each slot from a start-up before
// on it had asked for at least as many. It may have them one slot later, because its count is
// taken before its decision. Slow starts are no excuse where the reactive autoscaler would
// have had more replicas ready, and enough, even if its own had taken [slowStart] times as
// long: it had asked for them long before.
func (a *Autoscaler) outbid(m Moment) bool {
	slot := a.spokenOf(m)
	theirs, had := a.HPA.Ready(slot, slowStart*m.Startup), a.Had[slot%shadow.Slots]
	if had >= 0 && had < theirs && m.Need <= theirs {
		return false
	}
	for i := range shadow.Spanned(m.Startup, shadow.Slots/2) {
		at := slot - i
		if n := max(a.Counts[at%shadow.Slots], a.Counts[min(at+1, a.HPA.Slot)%shadow.Slots]); n < a.HPA.Wanted[at%shadow.Slots] {
			return false
		}
	}
	return true
}

// pay adds the last dt to both bills, or to neither while the number of replicas of the target is
// unknown.
func (a *Autoscaler) pay(m Moment, dt time.Duration, before int32) {
	count := a.HPA.Count()
	a.fade(dt)
	if m.Ready < 0 || a.Ready < 0 {
		return
	}
	a.Cost += float64(count)*dt.Seconds() + float64(max(before-count, 0))*grace.Seconds()
	switch {
	case m.Count >= m.Ready && a.Count > 0: // those that start are among them
		a.Spent += float64(m.Count)*dt.Seconds() + float64(max(a.Count-m.Count, 0))*grace.Seconds()
	default:
		more, less := max(m.Ready-a.Ready, 0), max(a.Ready-m.Ready, 0)
		a.Spent += float64(m.Ready)*dt.Seconds() + float64(more)*m.Startup.Seconds() + float64(less)*grace.Seconds()
	}
	a.Held += float64(max(m.Held, 0)) * dt.Seconds()
}

// silent adds a silence of dt, too long for Update, to both bills: both sides hold what they
// had. Otherwise a target that enters a silence with more replicas, such as those of a burst,
// would not be charged for them: on a recorded load of bursts with an hour of silence a day
// that was 4 % of the bill. Of a longer silence only the first hour counts. It is not known
// whether forescale ran in the rest, and three days at the count of a busy afternoon, as on
// another recorded load, would be an undeserved credit.
func (a *Autoscaler) silent(m Moment, dt time.Duration) {
	if a.Seen.IsZero() || dt <= 0 {
		return
	}
	a.fade(dt)
	if m.Ready >= 0 && a.Ready >= 0 {
		paid := min(dt, longestSilence).Seconds()
		a.Cost += float64(a.HPA.Count()) * paid
		a.Spent += float64(max(a.Count, a.Ready)) * paid
	}
}

// fade lets dt pass for the bills.
func (a *Autoscaler) fade(dt time.Duration) {
	keep := math.Exp(-float64(dt) / float64(billMemory))
	a.Cost, a.Spent, a.Held, a.Before = keep*a.Cost, keep*a.Spent, keep*a.Held, keep*a.Before
}

// WantsFor returns the replicas that the reactive autoscaler wants now or, if those are more,
// will want at its next sync by the newest demand: a caller that decides more often need not
// wait for that. The count comes down after hold: after [Stabilization], or sooner where the
// HPA behind the caller holds for the rest of that time. WantsFor returns 0 if there was no
// Update within the last five minutes.
func (a *Autoscaler) WantsFor(now time.Time, hold time.Duration) int32 {
	if a.Seen.IsZero() || now.Sub(a.Seen) > Stabilization {
		return 0
	}
	if hold >= Stabilization {
		return max(a.HPA.Count(), a.Coming)
	}
	return max(a.HPA.Highest(hold), a.Coming)
}

// Overspent reports whether the target, without what a [Guard] holds, costs so much
// more than the reactive autoscaler that it must not go on: 1.5 % more over about a week, or
// half as much again in the first hour. In the first days the thrift that Bill presumes
// allows up to a tenth more, because an expensive start is paid back later. A bound by the
// hour would be in force whenever it hurts, and save nothing that is of use.
func (a *Autoscaler) Overspent() bool { return a.over(a.Spent - a.Held) }

// Exceeded reports what [Autoscaler.Overspent] does, for the whole cost of the target.
func (a *Autoscaler) Exceeded() bool { return a.over(a.Spent) }

// Dearer reports whether the whole cost of the target is more than 1.5 % above that of the
// reactive autoscaler, with no thrift presumed. It is false for the first ten minutes.
func (a *Autoscaler) Dearer() bool {
	return a.Known >= soonest.Seconds() && a.Spent > allowance*a.Cost
}

func (a *Autoscaler) over(spent float64) bool {
	if a.Known < firstBill.Seconds() {
		return a.Known >= soonest.Seconds() && spent > 1.5*a.Cost
	}
	return spent > allowance*a.Cost+min((allowance-thrift)*a.Before, mostPresumed*a.Cost)
}

// Excess returns by how much the whole cost of the target exceeds that of the reactive
// autoscaler, as a share of the latter; NaN before anything is known.
func (a *Autoscaler) Excess() float64 { return a.Spent/a.Cost - 1 }

// CostSince returns the replica-seconds, discounted, that the autoscaler has cost since Cost
// was then, which is ago.
func (a *Autoscaler) CostSince(then float64, ago time.Duration) float64 {
	return a.Cost - math.Exp(-float64(ago)/float64(billMemory))*then
}

// Weigh makes both bills weigh no more than if the autoscaler had cost most, in
// replica-seconds, or its present count for the time for which thrift is presumed. Their ratio
// stays.
func (a *Autoscaler) Weigh(most float64) {
	most = max(most, float64(max(a.HPA.Count(), 1))*presumed.Seconds())
	if a.Cost > most {
		less := most / a.Cost
		a.Cost, a.Spent, a.Held, a.Before = less*a.Cost, less*a.Spent, less*a.Held, less*a.Before
	}
}

// Bill returns the cost of the target, without what a [Guard] holds, over that of the
// reactive autoscaler, starts and ends included, over about a week. It is NaN before an
// hour is known, and while the number of ready replicas is unknown. The first hours are
// averaged with a usual bill that is presumed. Taken alone, they would answer an expensive
// start by saving at once: by providing for the median, where an HPA keeps its headroom.
func (a *Autoscaler) Bill() float64 {
	if a.Known < firstBill.Seconds() || !(a.Cost > 0) || a.Spent == 0 {
		return math.NaN()
	}
	return (a.Spent - a.Held + thrift*a.Before) / (a.Cost + a.Before)
}

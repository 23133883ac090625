package trust

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/shadow"
)

const (
	reactiveSlot   = shadow.Slot      // between two syncs of an HPA
	reactiveWindow = 20               // slots for which it stays at its highest count
	reactiveSlots  = shadow.Slots     // remembered; a start-up counts as at most so long
	tolerance      = 0.1              // of the same
	grace          = 30 * time.Second // that a replica is paid for after its end
	billMemory     = 24 * time.Hour
	missMemory     = 96 * time.Hour
	firstBill      = time.Hour        // before it nothing is said of the bill
	presumed       = 6 * time.Hour    // for which a bill of thrift counts as known beforehand: what the first hour costs says little of a day
	thrift         = 0.9              // of the reactive autoscaler's
	soonest        = 10 * time.Minute // before it not even that it is out of all bounds
	firstMisses    = 20 * time.Hour   // before it nothing is said of the misses

	longestQueue = time.Minute // of work at full capacity: who waits for longer has left
	waiting      = 0.3         // seconds of work in line from which on the objective counts as missed
)

// Utilisation is the target of the reactive autoscaler in the shadow.
const Utilisation = 0.7

// A Moment is what one update of a [Reactive] sees.
type Moment struct {
	Now time.Time // not before that of the last one

	Demand float64       // observed, unit of the metric: a mean that is Age old
	Age    time.Duration // half the window of that mean
	Full   float64       // demand at which one replica is busy all the time; 0 = what is not served does not queue up

	Asked float64 // replicas that Demand asks for at a utilisation of 70 %, not rounded
	Least int32   // replicas that nobody goes below
	Need  int32   // replicas that keep the objective at Demand
	Ready int32   // of the target; −1 = unknown
	Count int32   // of the target, ready or starting, or as many of them as are known; 0 = unknown
	Held  int32   // of these, the ones that only the count of the shadow, held by a Guard, is the reason for

	Missed float64 // share of the time since the last update in which the target was seen to miss the objective; NaN = nobody looked

	Startup time.Duration // of a replica
}

// Missed says which of two missed the objective since the last update: shares, 0 or
// 1, NaN = unknown.
type Missed struct{ Ours, Theirs float64 }

// A Reactive is the autoscaler that would be there without a forecast, run in the
// shadow: an HPA at 70 %, which goes up at once, down after five minutes, and whose
// replicas take a start-up to be ready. What it would have missed and what it would
// have cost bounds what forescale may miss and cost. It and the target are judged by
// the same means: what is observed, at the time it speaks for, and what queues up
// where that is more than the replicas serve. Its exported fields are its
// whole memory, for dumps. The zero Reactive is ready. It is not safe for concurrent
// use.
type Reactive struct {
	Seen   time.Time            `json:"seen"`
	HPA    shadow.HPA           `json:"hpa"`    // its decisions
	Had    [reactiveSlots]int32 `json:"had"`    // replicas of the target that were ready, by slot modulo their count
	Counts [reactiveSlots]int32 `json:"counts"` // and those that were there
	Ready  int32                `json:"ready"`  // of the target, at the last update
	Count  int32                `json:"count"`  // the same of those that were there

	Line   float64 `json:"line"`   // demand in line, times seconds, where the reactive autoscaler scales
	Queued float64 `json:"queued"` // and where the target does

	Short float64 `json:"short"` // share of time for which it would have had too few
	Known float64 `json:"known"` // seconds behind Short, discounted
	Cost  float64 `json:"cost"`  // its replica-seconds, discounted
	Spent float64 `json:"ours"`  // and those of the target
	Held  float64 `json:"held"`  // the part of Spent that a Guard is the reason for

	Before float64 `json:"before"` // replica-seconds that it counts as having cost beforehand, discounted; see Bill
}

// Update moves on to m and says who missed the objective meanwhile: both unknown
// at first, after a silence of more than five minutes, and where time stands still.
func (r *Reactive) Update(m Moment) Missed {
	slot := m.Now.UnixNano() / int64(reactiveSlot)
	dt := m.Now.Sub(r.Seen)
	if r.Seen.IsZero() || dt > reactiveWindow*reactiveSlot || dt < 0 {
		r.HPA.Begin(slot, shadow.Replicas(m.Asked, m.Least, 0))
		for i := range r.Had {
			r.Had[i], r.Counts[i] = m.Ready, max(m.Ready, m.Count)
		}
		if r.Seen.IsZero() {
			r.Before = float64(max(r.HPA.Count(), 1)) * presumed.Seconds()
		}
		r.Seen, r.Ready, r.Count, r.Line, r.Queued = m.Now, m.Ready, m.Count, 0, 0
		return Missed{math.NaN(), math.NaN()}
	}
	if dt == 0 {
		return Missed{math.NaN(), math.NaN()}
	}
	r.Seen = m.Now
	before := r.HPA.Count()
	for at := r.HPA.Slot + 1; at <= slot; at++ {
		r.HPA.Sync(at, m.Asked, m.Least, 0, shadow.Rules{Tolerance: tolerance, Hold: reactiveWindow * reactiveSlot})
		r.Had[at%reactiveSlots], r.Counts[at%reactiveSlots] = m.Ready, max(m.Ready, m.Count)
	}
	missed := r.judge(m, dt)
	keep := math.Exp(-float64(dt) / float64(missMemory))
	r.Known = keep*r.Known + dt.Seconds()
	r.Short += (missed.Theirs - r.Short) * min(dt.Seconds()/r.Known, 1)
	r.pay(m, dt, before)
	r.Ready, r.Count = m.Ready, m.Count
	if missed.Ours > missed.Theirs && r.outbid(r.spokenOf(m), m.Startup) {
		missed.Theirs = missed.Ours // that starts took their time is nobody's fault
	}
	return missed
}

// judge compares what was observed with the replicas of the time that it speaks for.
// What was seen of the target counts where the estimate knows less.
func (r *Reactive) judge(m Moment, dt time.Duration) Missed {
	slot := r.spokenOf(m)
	had := r.Had[slot%reactiveSlots]
	missed := Missed{Ours: math.NaN(), Theirs: short(&r.Line, m, r.HPA.Ready(slot, m.Startup), dt)}
	if had >= 0 {
		missed.Ours = short(&r.Queued, m, had, dt)
	}
	if m.Missed > missed.Ours {
		missed.Ours = m.Missed
	}
	return missed
}

// spokenOf returns the slot that a demand of m.Age speaks of.
func (r *Reactive) spokenOf(m Moment) int64 {
	return r.HPA.Slot - min(int64(m.Age/reactiveSlot), reactiveSlots/2)
}

// outbid reports whether the target had at least as many replicas, ready or starting,
// as the reactive autoscaler would have had, from a start-up before slot on: in the
// slot after at the latest, because its count is one of before the decision.
func (r *Reactive) outbid(slot int64, startup time.Duration) bool {
	for i := range starting(startup) {
		at := slot - i
		if n := max(r.Counts[at%reactiveSlots], r.Counts[min(at+1, r.HPA.Slot)%reactiveSlots]); n < r.HPA.Wanted[at%reactiveSlots] {
			return false
		}
	}
	return true
}

// starting returns how many slots a start-up takes.
func starting(startup time.Duration) int64 {
	return min(int64(startup/reactiveSlot)+1, reactiveSlots/2)
}

// short returns 1 if n replicas are too few for m or still work off what has queued
// up, else 0, and moves on the line before them.
func short(line *float64, m Moment, n int32, dt time.Duration) float64 {
	serves := float64(n) * m.Full
	*line = min(max(*line+(m.Demand-serves)*dt.Seconds(), 0), longestQueue.Seconds()*serves)
	if m.Need > n || *line > waiting*serves {
		return 1
	}
	return 0
}

// pay adds the last dt to the bills.
func (r *Reactive) pay(m Moment, dt time.Duration, before int32) {
	count := r.HPA.Count()
	keep := math.Exp(-float64(dt) / float64(billMemory))
	r.Cost = keep*r.Cost + float64(count)*dt.Seconds() + float64(max(before-count, 0))*grace.Seconds()
	r.Spent, r.Held, r.Before = keep*r.Spent, keep*r.Held, keep*r.Before
	switch {
	case m.Ready < 0 || r.Ready < 0:
	case m.Count >= m.Ready && r.Count > 0: // those that start are among them
		r.Spent += float64(m.Count)*dt.Seconds() + float64(max(r.Count-m.Count, 0))*grace.Seconds()
	default:
		more, less := max(m.Ready-r.Ready, 0), max(r.Ready-m.Ready, 0)
		r.Spent += float64(m.Ready)*dt.Seconds() + float64(more)*m.Startup.Seconds() + float64(less)*grace.Seconds()
	}
	r.Held += float64(max(m.Held, 0)) * dt.Seconds()
}

// Wants returns the replicas that the reactive autoscaler has now; 0 if it was not
// told of demand within the last five minutes.
func (r *Reactive) Wants(now time.Time) int32 { return r.WantsFor(now, reactiveWindow*reactiveSlot) }

// WantsFor returns the same for one that comes down after hold in place of five
// minutes: what to ask for where somebody else holds for the rest of them.
func (r *Reactive) WantsFor(now time.Time, hold time.Duration) int32 {
	if r.Seen.IsZero() || now.Sub(r.Seen) > reactiveWindow*reactiveSlot {
		return 0
	}
	if hold >= reactiveWindow*reactiveSlot {
		return r.HPA.Count()
	}
	return r.HPA.Highest(hold)
}

// Missed returns the share of time for which the reactive autoscaler would have had
// too few replicas, over the last days, and whether enough is known to say so.
func (r *Reactive) Missed() (share float64, known bool) {
	return r.Short, r.Known >= firstMisses.Seconds()
}

// Overspent reports whether the target, without what a [Guard] holds, costs so much
// more than the reactive autoscaler would that it may not go on: a fiftieth over about
// a day, or half as much again in the first hour.
func (r *Reactive) Overspent() bool { return r.over(r.Spent - r.Held) }

// Exceeded reports the same of all that the target costs.
func (r *Reactive) Exceeded() bool { return r.over(r.Spent) }

func (r *Reactive) over(spent float64) bool {
	if r.Known < firstBill.Seconds() {
		return r.Known >= soonest.Seconds() && spent > 1.5*r.Cost
	}
	return spent > 1.02*r.Cost
}

// Excess returns by how much all of what the target costs exceeds what the reactive
// autoscaler would, as a share of the latter; NaN before anything is known.
func (r *Reactive) Excess() float64 { return r.Spent/r.Cost - 1 }

// Bill returns what the target costs over what the reactive autoscaler would, starts
// and ends included, over about a day, without what a [Guard] holds of the latter: NaN
// before an hour is known, or when nobody says how many replicas are ready. The first
// hours count beside what is usual: were they all that counts, the replicas of a start
// would be saved at once, by the median, where an HPA keeps its headroom.
func (r *Reactive) Bill() float64 {
	if r.Known < firstBill.Seconds() || !(r.Cost > 0) || r.Spent == 0 {
		return math.NaN()
	}
	return (r.Spent - r.Held + thrift*r.Before) / (r.Cost + r.Before)
}

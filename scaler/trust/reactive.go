package trust

import (
	"math"
	"time"
)

const (
	reactiveSlot   = 15 * time.Second // between two syncs of an HPA
	reactiveWindow = 20               // slots for which it stays at its highest count
	reactiveSlots  = 64               // remembered; a start-up counts as at most so long
	tolerance      = 0.1              // of the same
	grace          = 30 * time.Second // that a replica is paid for after its end
	billMemory     = 24 * time.Hour
	missMemory     = 96 * time.Hour
	firstBill      = time.Hour      // before it nothing is said of the bill
	firstMisses    = 20 * time.Hour // before it nothing is said of the misses
)

// Utilisation is the target of the reactive autoscaler in the shadow.
const Utilisation = 0.7

// A Reactive is the autoscaler that would be there without a forecast, run in the
// shadow: an HPA at 70 %, which goes up at once, down after five minutes, and whose
// replicas take a start-up to be ready. What it would have missed and what it would
// have cost bounds what forescale may miss and cost. Its exported fields are its
// whole memory, for dumps. The zero Reactive is ready. It is not safe for concurrent
// use.
type Reactive struct {
	Seen   time.Time            `json:"seen"`
	Slot   int64                `json:"slot"`   // of the newest entries of the following
	Asked  [reactiveSlots]int32 `json:"asked"`  // replicas that the demand asked for, by slot modulo their count
	Wanted [reactiveSlots]int32 `json:"wanted"` // replicas that it would have had
	Ready  int32                `json:"ready"`  // of the target, at the last update

	Short float64 `json:"short"` // share of time for which it would have had too few
	Known float64 `json:"known"` // seconds behind Short, discounted
	Cost  float64 `json:"cost"`  // its replica-seconds, discounted
	Ours  float64 `json:"ours"`  // and those of the target
}

// Update tells the replicas that demand asks for now: asked at a utilisation of 70 %,
// need to keep the objective; those that are ready, −1 = unknown; and how long one
// takes to start.
func (r *Reactive) Update(now time.Time, asked, need, ready int32, startup time.Duration) {
	slot := now.UnixNano() / int64(reactiveSlot)
	dt := now.Sub(r.Seen)
	if r.Seen.IsZero() || dt > reactiveWindow*reactiveSlot || dt < 0 {
		for i := range r.Asked {
			r.Asked[i], r.Wanted[i] = asked, asked
		}
		r.Seen, r.Slot, r.Ready = now, slot, ready
		return
	}
	if dt == 0 {
		return
	}
	r.Seen = now
	before := r.wanted(r.Slot)
	for ; r.Slot < slot; r.Slot++ {
		r.sync((r.Slot + 1), asked)
	}
	r.Asked[slot%reactiveSlots] = max(r.Asked[slot%reactiveSlots], asked)
	count, serving := r.wanted(slot), r.serving(startup)
	missed := 0.0
	if need > serving {
		missed = 1
	}
	keep := math.Exp(-float64(dt) / float64(missMemory))
	r.Known = keep*r.Known + dt.Seconds()
	r.Short += (missed - r.Short) * min(dt.Seconds()/r.Known, 1)
	keep = math.Exp(-float64(dt) / float64(billMemory))
	r.Cost = keep*r.Cost + float64(count)*dt.Seconds() + float64(max(before-count, 0))*grace.Seconds()
	if ready >= 0 && r.Ready >= 0 {
		more := max(ready-r.Ready, 0)
		less := max(r.Ready-ready, 0)
		r.Ours = keep*r.Ours + float64(ready)*dt.Seconds() + float64(more)*startup.Seconds() + float64(less)*grace.Seconds()
	}
	r.Ready = ready
}

func (r *Reactive) wanted(slot int64) int32 { return r.Wanted[slot%reactiveSlots] }

// sync is one of its decisions.
func (r *Reactive) sync(slot int64, asked int32) {
	highest := asked
	for i := int64(1); i < reactiveWindow; i++ {
		highest = max(highest, r.Asked[(slot-i)%reactiveSlots])
	}
	now := r.wanted(slot - 1)
	if ratio := float64(highest) / float64(max(now, 1)); ratio >= 1-tolerance && ratio <= 1+tolerance {
		highest = now
	}
	r.Asked[slot%reactiveSlots], r.Wanted[slot%reactiveSlots] = asked, highest
}

// serving returns how many of its replicas serve: those that it has had for a
// start-up.
func (r *Reactive) serving(startup time.Duration) int32 {
	n := r.wanted(r.Slot)
	for i := range min(int64(startup/reactiveSlot)+1, reactiveSlots-1) {
		n = min(n, r.wanted(r.Slot-i))
	}
	return n
}

// Missed returns the share of time for which the reactive autoscaler would have had
// too few replicas, over the last days, and whether enough is known to say so.
func (r *Reactive) Missed() (share float64, known bool) {
	return r.Short, r.Known >= firstMisses.Seconds()
}

// Bill returns what the target costs over what the reactive autoscaler would, starts
// and ends included, over about a day: NaN before an hour is known, or when nobody
// says how many replicas are ready.
func (r *Reactive) Bill() float64 {
	if r.Known < firstBill.Seconds() || !(r.Cost > 0) || r.Ours == 0 {
		return math.NaN()
	}
	return r.Ours / r.Cost
}

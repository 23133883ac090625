package trust

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
)

// Tried is how many α are tried at once.
const Tried = 8

// UsualMisses is the share of time missed per α, of services in general: what is short
// for a moment is seldom late.
const UsualMisses = 0.1

const (
	trialSlots  = 44             // remembered: eleven minutes
	trialMemory = 96 * time.Hour // in which what a trial missed fades to 1/e
	trialPrior  = 24 * time.Hour // for which a trial counts as having missed UsualMisses times α beforehand
	unlike      = 120.0          // seconds of misses for which trials count as true to life beforehand
	untrue      = 4.0            // most times more missed in earnest than in a trial that counts
	careless    = 20.0           // greatest α in targets while the bill is within bounds
)

// Trials run the counts of a forecast at several α side by side in the shadow, on
// the same demand, and so know what each would have missed: a target of a thousandth
// of the time is a miss a day, too few to steer by one's own. [Trials.Pace] takes the
// greatest α whose trial keeps the target. Its exported fields are its whole memory,
// for dumps. It is made by [NewTrials]. It is not safe for concurrent use.
type Trials struct {
	Alphas [Tried]float64 `json:"alphas"` // descending, in (0, 1)
	Alpha  float64        `json:"alpha"`  // in force
	Most   float64        `json:"most"`   // greatest α while the bill is within bounds

	Slot   int64                    `json:"slot"`   // of the newest entries of the following; 0 = none
	Asked  [Tried][trialSlots]int32 `json:"asked"`  // replicas that demand asked for, by slot modulo their count
	Wanted [Tried][trialSlots]int32 `json:"wanted"` // replicas that there would have been

	Line    [Tried]float64    `json:"line"`    // demand in line, times seconds
	Waiting [2][Tried]float64 `json:"waiting"` // seconds missed of late that a burst may explain yet, the newer ones first
	Missed  [Tried]float64    `json:"missed"`  // seconds missed, discounted
	Known   float64           `json:"known"`   // seconds behind Missed, discounted

	Real float64 `json:"real"` // seconds missed in earnest, discounted
	Said float64 `json:"said"` // and by a trial of the α in force
}

// NewTrials returns trials of the given α, which have to descend, where the objective
// may be missed for a share target of the time. It starts with what keeps a goal below.
func NewTrials(alphas [Tried]float64, target, goal float64) *Trials {
	t := &Trials{Alphas: alphas, Most: min(careless*target, widest)}
	t.Pace(goal, 0)
	return t
}

// Due reports whether now is in a later slot than the last Ask.
func (t *Trials) Due(now time.Time) bool { return now.UnixNano()/int64(reactiveSlot) > t.Slot }

// Ask takes the replicas that each α asks for now. A count holds for hold, and one
// that a small step would lower for calm.
func (t *Trials) Ask(now time.Time, counts [Tried]int32, hold, calm time.Duration) {
	slot := now.UnixNano() / int64(reactiveSlot)
	if slot-t.Slot > reactiveWindow {
		for k, n := range counts {
			for i := range trialSlots {
				t.Asked[k][i], t.Wanted[k][i] = n, n
			}
		}
		t.Slot = slot
		return
	}
	for ; t.Slot < slot; t.Slot++ {
		for k, n := range counts {
			t.sync(k, t.Slot+1, n, hold, calm)
		}
	}
}

// sync is one decision of the k-th trial.
func (t *Trials) sync(k int, slot int64, asked int32, hold, calm time.Duration) {
	t.Asked[k][slot%trialSlots] = asked
	n, last := t.highest(k, slot, hold), t.Wanted[k][(slot-1)%trialSlots]
	if n < last && last-n <= scaler.SmallStep(last) {
		n = min(last, t.highest(k, slot, calm))
	}
	t.Wanted[k][slot%trialSlots] = n
}

// highest returns the highest count asked for within the given time before slot.
func (t *Trials) highest(k int, slot int64, within time.Duration) (n int32) {
	for i := range min(int64(within/reactiveSlot)+1, trialSlots) {
		n = max(n, t.Asked[k][(slot-i)%trialSlots])
	}
	return n
}

// Judge compares what was observed with what each trial would have had, over the last
// dt. What is missed waits for [Trials.Turn] or [Trials.Void].
func (t *Trials) Judge(m Moment, dt time.Duration) {
	if t.Slot == 0 || dt <= 0 || dt > reactiveWindow*reactiveSlot {
		return
	}
	slot := t.Slot - min(int64(m.Age/reactiveSlot), trialSlots/2)
	keep := math.Exp(-float64(dt) / float64(trialMemory))
	t.Known = keep*t.Known + dt.Seconds()
	t.Real, t.Said = keep*t.Real, keep*t.Said
	for k := range t.Wanted {
		n := t.Wanted[k][slot%trialSlots]
		for i := range min(int64(m.Startup/reactiveSlot)+1, trialSlots/2) {
			n = min(n, t.Wanted[k][(slot-i)%trialSlots])
		}
		t.Missed[k] *= keep
		t.Waiting[0][k] += short(&t.Line[k], m, n, dt) * dt.Seconds()
	}
}

// Void forgets what was missed of late: a burst was the reason, which no α finds ready.
func (t *Trials) Void() { t.Waiting = [2][Tried]float64{} }

// Turn books what has waited since the last Turn but one, beside the seconds that were
// missed in earnest meanwhile.
func (t *Trials) Turn(missed float64) {
	t.Real += missed
	t.Said += t.said()
	t.turn()
}

// TurnHelped is Turn where others had a hand in what there was, who add: only more
// misses in earnest than the trials say then tell of these.
func (t *Trials) TurnHelped(missed float64) {
	if missed > t.said() {
		t.Turn(missed)
		return
	}
	t.turn()
}

func (t *Trials) turn() {
	for k, v := range t.Waiting[1] {
		t.Missed[k] += v
	}
	t.Waiting[1], t.Waiting[0] = t.Waiting[0], [Tried]float64{}
}

// said returns the seconds to be booked of a trial of the α in force.
func (t *Trials) said() float64 {
	k := 0
	for k < Tried-1 && t.Alphas[k] > t.Alpha {
		k++
	}
	if k == 0 || t.Alphas[k] > t.Alpha {
		return t.Waiting[1][k]
	}
	part := math.Log(t.Alpha/t.Alphas[k]) / math.Log(t.Alphas[k-1]/t.Alphas[k])
	return t.Waiting[1][k] + part*(t.Waiting[1][k-1]-t.Waiting[1][k])
}

// Pace sets the α in force for a target of goal: what keeps it, but no less than least,
// which the bill allows, see [Afford].
func (t *Trials) Pace(goal, least float64) {
	t.Alpha = min(max(min(t.within(goal), t.Most), least), widest)
}

// within returns the greatest α that misses at most goal: between two trials on a
// line in logarithms, beyond the last in proportion.
func (t *Trials) within(goal float64) float64 {
	last := Tried - 1
	next := t.share(last)
	if next >= goal {
		return t.Alphas[last] * goal / next
	}
	for k := last; k > 0; k-- {
		here := next
		next = max(t.share(k-1), here) // a greater α misses no less
		if next > goal {
			part := math.Log(goal/here) / math.Log(next/here)
			return t.Alphas[k] * math.Pow(t.Alphas[k-1]/t.Alphas[k], part)
		}
	}
	return t.Alphas[0]
}

// share returns what the k-th trial is thought to miss in earnest.
func (t *Trials) share(k int) float64 {
	seconds := t.Missed[k] + UsualMisses*t.Alphas[k]*trialPrior.Seconds()
	bias := min(max((t.Real+unlike)/(t.Said+unlike), 1), untrue)
	return bias * seconds / (t.Known + trialPrior.Seconds())
}

// Level returns the quantile to provide for at α, in [0.5, 1): where one replica more
// would lower the chance of having too few by less than α. Spread is the scale of the
// tail of demand, assumed exponential, in replicas; not positive = none.
//
// It is the newsvendor's critical ratio where what costs is the time for which there
// are too few, and not by how many: with n replicas at a price of 1 and short time at
// one of 1/α, n + P(D > n)/α is least where P(D > n) − P(D > n+1), which is
// P(D > n)·(1 − e^(−1/spread)), falls below α. A wide tail is dear to cover, so that
// little is spent on it, and the night of a service, where a replica lies far out, is
// covered further.
func Level(alpha, spread float64) float64 {
	if spread > 0 {
		alpha /= -math.Expm1(-1 / spread)
	}
	return 1 - min(max(alpha, narrowest), widest)
}

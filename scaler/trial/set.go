package trial

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/shadow"
)

// Size is how many α a [Set] tries at once.
const Size = 8

// UsualMisses is the share of time missed per α, for services in general: it is below 1
// because being short for a moment seldom makes requests late.
const UsualMisses = 0.1

const (
	slots       = 44                                          // remembered: eleven minutes
	silence     = int64(reactive.Stabilization / shadow.Slot) // most slots between two Asks; after more the trials begin anew
	memory      = 96 * time.Hour                              // in which what a trial missed fades to 1/e
	prior       = 24 * time.Hour                              // time before the first moment, in which a trial is taken to have missed UsualMisses times α
	biasPrior   = 120.0                                       // seconds of misses that the trials are presumed to have foretold before the first real one
	mostBias    = 4.0                                         // the largest correction of a trial by real misses, as a factor
	mostTargets = 20.0                                        // greatest α, in targets, while the bill is within bounds
	median      = 0.5                                         // greatest α ever: the quantile is no lower than the median
)

// A Set of trials runs the counts of a forecast at several α side by side, on the same
// demand, and so knows what each would have missed. [Set.Pace] takes the greatest α whose
// trial keeps the target. Make one with [New]. It is not safe for concurrent use.
type Set struct {
	Alphas [Size]float64 // descending, in (0, 1)
	Alpha  float64       // in force
	Most   float64       // greatest α while the bill is within bounds

	Slot   int64              // of the newest entries of the following; 0 = none
	Asked  [Size][slots]int32 // replicas that demand asked for, by slot modulo their count
	Wanted [Size][slots]int32 // replicas that there would have been

	Queue   [Size]float64    // queue of the replicas of each, demand times seconds
	Waiting [2][Size]float64 // seconds missed lately that a burst may still explain, the newer ones first
	Missed  [Size]float64    // seconds missed, discounted
	Known   float64          // seconds behind Missed, discounted

	Real float64 // seconds missed in reality, discounted
	Said float64 // and in a trial of the α in force
}

// New returns trials of the given α, in (0, 1) and descending, for a violation target, a
// share of time. It starts with the α that is presumed to keep goal, which is at most target.
func New(alphas [Size]float64, target, goal float64) *Set {
	s := &Set{Alphas: alphas, Most: min(mostTargets*target, median)}
	s.Pace(goal, 0)
	return s
}

// Due reports whether now is in a later slot than the last Ask.
func (s *Set) Due(now time.Time) bool { return shadow.SlotOf(now) > s.Slot }

// Ask takes the replicas that each α asks for now. A count is held for hold, or for calm
// if only a small step would lower it.
func (s *Set) Ask(now time.Time, counts [Size]int32, hold, calm time.Duration) {
	slot := shadow.SlotOf(now)
	if slot-s.Slot > silence {
		for k, n := range counts {
			for i := range slots {
				s.Asked[k][i], s.Wanted[k][i] = n, n
			}
		}
		s.Slot = slot
		return
	}
	for ; s.Slot < slot; s.Slot++ {
		for k, n := range counts {
			s.sync(k, s.Slot+1, n, hold, calm)
		}
	}
}

// sync makes one decision of the k-th trial.
func (s *Set) sync(k int, slot int64, asked int32, hold, calm time.Duration) {
	s.Asked[k][slot%slots] = asked
	n, last := s.highest(k, slot, hold), s.Wanted[k][(slot-1)%slots]
	if n < last && last-n <= scaler.SmallStep(last) {
		n = min(last, s.highest(k, slot, calm))
	}
	s.Wanted[k][slot%slots] = n
}

// highest returns the highest count asked for within the given time before slot.
func (s *Set) highest(k int, slot int64, within time.Duration) (n int32) {
	for i := range shadow.Spanned(within, slots) {
		n = max(n, s.Asked[k][(slot-i)%slots])
	}
	return n
}

// Judge compares the demand observed over the last dt with what each trial would have had.
// The seconds missed wait for [Set.Turn] or [Set.Void].
func (s *Set) Judge(m reactive.Moment, dt time.Duration) {
	if s.Slot == 0 || dt <= 0 || dt > reactive.Stabilization {
		return
	}
	slot := s.Slot - min(int64(m.Age/shadow.Slot), slots/2)
	keep := math.Exp(-float64(dt) / float64(memory))
	s.Known = keep*s.Known + dt.Seconds()
	s.Real, s.Said = keep*s.Real, keep*s.Said
	for k := range s.Wanted {
		n := s.Wanted[k][slot%slots]
		for i := range shadow.Spanned(m.Startup, slots/2) {
			n = min(n, s.Wanted[k][(slot-i)%slots])
		}
		s.Missed[k] *= keep
		s.Waiting[0][k] += m.Short(&s.Queue[k], n, dt) * dt.Seconds()
	}
}

// Void drops the seconds that wait, because a burst was the reason: no α provides for one.
func (s *Set) Void() { s.Waiting = [2][Size]float64{} }

// Turn books what has waited since the last Turn but one, and the seconds that were missed
// in reality in that time.
func (s *Set) Turn(missed float64) {
	s.Real += missed
	s.Said += s.said()
	s.turn()
}

// TurnHelped is Turn for a time in which a guard may have added replicas. Real misses then
// count only if they exceed those of the trials.
func (s *Set) TurnHelped(missed float64) {
	if missed > s.said() {
		s.Turn(missed)
		return
	}
	s.turn()
}

func (s *Set) turn() {
	for k, v := range s.Waiting[1] {
		s.Missed[k] += v
	}
	s.Waiting[1], s.Waiting[0] = s.Waiting[0], [Size]float64{}
}

// said returns the seconds to be booked that a trial of the α in force would have missed.
func (s *Set) said() float64 {
	k := 0
	for k < Size-1 && s.Alphas[k] > s.Alpha {
		k++
	}
	if k == 0 || s.Alphas[k] > s.Alpha {
		return s.Waiting[1][k]
	}
	part := math.Log(s.Alpha/s.Alphas[k]) / math.Log(s.Alphas[k-1]/s.Alphas[k])
	return s.Waiting[1][k] + part*(s.Waiting[1][k-1]-s.Waiting[1][k])
}

// Pace sets the α in force to the greatest that keeps goal, a share of time, but no less
// than least, the least that the bill allows; see pacing.Afford.
func (s *Set) Pace(goal, least float64) {
	s.Alpha = min(max(min(s.within(goal), s.Most), least), median)
}

// within returns the greatest α that misses at most goal: between two trials by linear
// interpolation of logarithms, beyond the last in proportion.
func (s *Set) within(goal float64) float64 {
	last := Size - 1
	next := s.share(last)
	if next >= goal {
		return s.Alphas[last] * goal / next
	}
	for k := last; k > 0; k-- {
		here := next
		next = max(s.share(k-1), here) // a greater α misses no less
		if next > goal {
			part := math.Log(goal/here) / math.Log(next/here)
			return s.Alphas[k] * math.Pow(s.Alphas[k-1]/s.Alphas[k], part)
		}
	}
	return s.Alphas[0]
}

// share returns the share of time that the k-th trial is thought to miss in reality.
func (s *Set) share(k int) float64 {
	seconds := s.Missed[k] + UsualMisses*s.Alphas[k]*prior.Seconds()
	bias := min(max((s.Real+biasPrior)/(s.Said+biasPrior), 1), mostBias)
	return bias * seconds / (s.Known + prior.Seconds())
}

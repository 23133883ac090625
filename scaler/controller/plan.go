package controller

import (
	"time"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/hpa"
)

// An action is what a tick asks for.
type action int

const (
	still   action = iota
	raise          // write a higher floor, at once
	lower          // write a lower floor
	release        // give the floor back and leave no trace
)

// A situation is everything that a plan depends on.
type situation struct {
	now     time.Time
	mode    api.Mode
	refused bool // the target is not to be touched, for good
	zero    bool // the target is scaled to zero: a floor would not wake it

	verdict hpa.Verdict
	claimed bool  // the annotation is in place
	least   int32 // bounds of the floor
	most    int32

	want      int32         // what the decision asks for
	silence   time.Duration // since when demand is unknown
	hold      time.Duration // how long that holds the floor
	lastWrite time.Time
}

// Patience on the way down. A gap below a fifth is often noise, each write wakes
// the whole chain behind it, and the next rise would have to be paid for twice.
const (
	wideGap   = time.Minute
	narrowGap = 20 * time.Minute
)

// plan returns what to do with the floor. A floor is raised at once; it is
// lowered with patience, and never below what its owner set.
func (s situation) plan() (action, int32) {
	v := s.verdict
	if s.mode != api.Active || s.refused || s.zero || v.Contested {
		return s.giveBack()
	}
	if v.Wait {
		return still, 0
	}
	want := s.target()
	switch {
	case want > v.InForce:
		return raise, want
	case v.Held && v.InForce > v.Base && !s.claimed:
		return raise, v.InForce // somebody wiped the annotation
	}
	return s.descend(want)
}

// target is the floor to reach.
func (s situation) target() int32 {
	inForce := s.verdict.InForce
	want := min(max(s.want, s.least), s.most)
	switch {
	case s.silence > s.hold:
		return max(inForce-max(1, inForce/10), s.least)
	case s.silence > 0:
		return max(want, inForce) // silence lowers nothing
	}
	return want
}

// descend lowers a floor of ours to want, with patience.
func (s situation) descend(want int32) (action, int32) {
	v := s.verdict
	switch {
	case !v.Held:
		return still, 0
	case v.InForce <= v.Base:
		return s.giveBack()
	case want == v.InForce || s.now.Sub(s.lastWrite) < s.patience(want):
		return still, 0
	case want <= v.Base:
		return s.giveBack()
	}
	return lower, want
}

// giveBack releases what is held.
func (s situation) giveBack() (action, int32) {
	if !s.verdict.Held {
		return still, 0
	}
	return release, s.verdict.Base
}

func (s situation) patience(want int32) time.Duration {
	gap := s.verdict.InForce - want
	if gap > 1 && 5*gap >= s.verdict.InForce || s.silence > s.hold {
		return wideGap
	}
	return narrowGap
}

package controller

import (
	"time"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/hpa"
)

// An action is what a tick asks for.
type action int

const (
	keep    action = iota
	raise          // write a higher floor, at once
	lower          // write a lower floor
	release        // give the floor back and leave no trace
)

// A situation is everything that a plan depends on.
type situation struct {
	now     time.Time
	mode    api.Mode
	refused bool // the target is not to be touched, for good
	zero    bool // the target is scaled to zero, where a floor has no effect
	paused  bool // the target's user wants it left alone, or not scaled out

	verdict hpa.Verdict
	claimed bool  // the annotation is in place
	least   int32 // bounds of the floor
	most    int32

	want      int32         // what the decision asks for
	wide      int32         // the most that was to be reached within wideGap
	narrow    int32         // the same within narrowGap; -1 while that is not known, as after a start
	silence   time.Duration // for how long demand has been unknown
	hold      time.Duration // for how long that holds the floor
	lastWrite time.Time
}

// Patience on the way down: the floor comes down to the most that was wanted
// within the last minute if that is far below, else within the last twenty. A small
// gap is often noise, each write wakes the whole chain behind it, and the next rise
// would have to be paid for twice. Where the owner allows zero replicas, the last one
// also goes within a minute.
const (
	wideGap   = time.Minute
	narrowGap = 20 * time.Minute
)

// peaks remember the highest floor that was to be reached in each of the last
// minutes. The zero value remembers nothing.
type peaks struct {
	began  time.Time
	minute int64 // of the newest, since the epoch
	most   [narrowGap/time.Minute + 1]int32
}

// note remembers want at now. A clock that is set back by more than a minute makes it forget what
// was before: that would hide what is wanted from then on.
func (p *peaks) note(now time.Time, want int32) {
	minute := now.Unix() / 60
	if p.began.IsZero() || minute < p.minute-1 {
		*p = peaks{began: now, minute: minute}
	}
	minute = max(minute, p.minute)
	for n := int64(len(p.most)); p.minute < minute; p.minute++ {
		if p.minute < minute-n {
			p.minute = minute - n // all are outdated
		}
		p.most[(p.minute+1)%n] = 0
	}
	i := minute % int64(len(p.most))
	p.most[i] = max(p.most[i], want)
}

// highest returns the most of the last span, at most narrowGap, and of the minute
// that was under way when it began; -1 if the memory is younger than span.
func (p *peaks) highest(now time.Time, span time.Duration) int32 {
	if p.began.IsZero() || now.Sub(p.began) < span {
		return -1
	}
	var most int32
	for i := range int64(span/time.Minute) + 1 {
		n := int64(len(p.most))
		most = max(most, p.most[((p.minute-i)%n+n)%n])
	}
	return most
}

// plan returns what to do with the floor. A floor is raised at once; it is
// lowered with patience, and never below what its owner set.
func (s situation) plan() (action, int32) {
	v := s.verdict
	if s.mode != api.Active || s.refused || s.zero || s.paused || v.Contested {
		return s.giveBack()
	}
	if v.Wait {
		return keep, 0
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

// descend lowers a floor of ours, with patience; in silence to want, else to what
// was wanted lately.
func (s situation) descend(want int32) (action, int32) {
	v := s.verdict
	waited := s.now.Sub(s.lastWrite)
	switch {
	case !v.Held:
		return keep, 0
	case v.InForce <= v.Base:
		return s.giveBack()
	case v.InForce > s.most: // its owner has lowered the ceiling: patience is for demand, which may come back
		want = s.most
	case waited < wideGap:
		return keep, 0
	case s.silence > s.hold: // want is a step down already
	case s.silence > 0:
		return keep, 0
	case s.deep():
		want = s.wide
	case s.narrow >= 0 && waited >= narrowGap:
		want = s.narrow
	default:
		return keep, 0
	}
	switch {
	case want >= v.InForce:
		return keep, 0
	case want <= v.Base:
		return s.giveBack()
	}
	return lower, want
}

// deep reports whether the way down is more than noise: a wide gap, or one to zero, which the
// decision itself reaches only after minutes of idleness.
func (s situation) deep() bool {
	return s.wide == 0 || s.wide > 0 && far(s.verdict.InForce, s.wide)
}

// giveBack releases what is held.
func (s situation) giveBack() (action, int32) {
	if !s.verdict.Held {
		return keep, 0
	}
	return release, s.verdict.Base
}

// patient reports whether a raise to floor may wait for the HPA's next sync: it is
// small and made for demand that is still a lead time away, while the floor in force
// carries the observed demand. A lead time that was not stated includes the HPA's 15 s,
// so nothing is late, and before Kubernetes 1.37 a write is saved.
func (t *target) patient(floor int32) bool {
	inForce := t.verdict.InForce
	small := floor-inForce <= max(1, inForce/10)
	return small && t.object.Spec.Scale.LeadTime.Auto() && t.scale.Target > 0 &&
		t.scale.Demand.Observed <= t.scale.Target*float64(inForce)
}

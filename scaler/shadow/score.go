package shadow

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
)

// A Policy is one of the autoscalers that a [Score] compares.
type Policy int

// The policies.
const (
	Forescale Policy = iota // what forescale asks for
	Plain                   // observed demand, the same target per replica
	Cautious                // observed demand, at 70 % of that target
	policies
)

// Policies lists those that a [Score] compares, in the order of its standings.
func Policies() []Policy { return []Policy{Forescale, Plain, Cautious} }

// String returns the name of p in metrics: forescale, hpa or hpa-70.
func (p Policy) String() string { return [...]string{"forescale", "hpa", "hpa-70"}[p] }

const (
	// utilization of the cautious policy.
	utilization = 0.7

	// tolerance of an HPA without a behavior, and the share by which demand may exceed what
	// the ready replicas serve before they are too few.
	tolerance = 0.1

	// silence is how long nothing may be observed before the policies begin anew.
	silence = 5 * time.Minute
)

// A Moment is what one update of a [Score] sees.
type Moment struct {
	Now      time.Time     // not before that of the last one
	Observed float64       // demand, unit of the metric; NaN = unknown, and nothing is scored
	Age      time.Duration // of the instant that Observed speaks of: half the window of its mean, and its delay
	Asked    float64       // demand that forescale asks to provide for, same unit
	Floor    int32         // replicas that forescale does not let the autoscaler go below; 0 = it acts by Asked alone
	Target   float64       // demand that one replica serves, same unit; ≤ 0 = unknown, and nothing is scored
	Need     int32         // replicas that keep the objective at Observed; 0 = no objective: a tenth above Target is then too much
	Least    int32         // bounds of the count
	Most     int32         // 0 = none
	LeadTime time.Duration // from a decision to a ready replica, one sync included
}

// A Standing is what one policy came to since the score began.
type Standing struct {
	Short    float64 // seconds with too few ready replicas
	Replicas float64 // replicas over time, starting ones included
}

// A Tally is what a [Score] has come to: sums that only grow.
type Tally struct {
	Scored    float64            // seconds behind Standings
	Standings [policies]Standing // by [Policy]
}

// A Score compares the [Policies] on what is observed. The zero Score is ready. It is not
// safe for concurrent use.
type Score struct {
	Tally

	Seen time.Time     // of the last moment that was scored
	HPAs [policies]HPA // by [Policy]
}

// Due reports whether an update at now would count: the [Slot] of the last one has ended.
func (s *Score) Due(now time.Time) bool {
	return s.Seen.IsZero() || now.Before(s.Seen) || SlotOf(now) != s.HPAs[Forescale].Slot
}

// Update moves on to m. It counts once in each [Slot] of time; further moments of the same
// slot are ignored.
func (s *Score) Update(m Moment) {
	if math.IsNaN(m.Observed) || !(m.Target > 0) || !s.Due(m.Now) {
		return
	}
	slot := SlotOf(m.Now)
	between := m.Now.Sub(s.Seen)
	if s.Seen.IsZero() || between > silence || between < 0 {
		for _, p := range Policies() {
			s.HPAs[p].Begin(slot, Replicas(m.asks(p), m.least(p), m.Most))
		}
		s.Seen = m.Now
		return
	}
	s.Seen = m.Now
	s.Scored += between.Seconds()
	of := slot - min(int64(m.Age/Slot), Slots/2-1)
	for _, p := range Policies() {
		h, at := &s.HPAs[p], &s.Standings[p]
		at.Replicas += float64(h.Count()) * between.Seconds()
		h.Sync(slot, m.asks(p), m.least(p), m.Most, m.rules(p))
		ready := h.Ready(of, max(m.LeadTime-Slot, 0))
		if m.exceeds(ready) {
			at.Short += between.Seconds()
		}
	}
}

// rules of p: those of an HPA without a behavior, or of one as it is to be under a floor of
// forescale or behind its answers, which hold by themselves.
func (m Moment) rules(p Policy) Rules {
	switch {
	case p != Forescale:
		return Rules{Tolerance: tolerance, Hold: 5 * time.Minute}
	case m.Floor > 0:
		return Rules{Hold: scaler.FloorHold}
	}
	return Rules{Hold: scaler.AnswerHold}
}

// asks returns the replicas that p asks for, not rounded.
func (m Moment) asks(p Policy) float64 {
	switch p {
	case Forescale:
		return max(m.Asked, m.Observed) / m.Target
	case Cautious:
		return m.Observed / (utilization * m.Target)
	default:
		return m.Observed / m.Target
	}
}

// exceeds reports whether the observed demand is too much for n replicas.
func (m Moment) exceeds(n int32) bool {
	if m.Need > 0 {
		return m.Need > n
	}
	return m.Observed > (1+tolerance)*m.Target*float64(n)
}

// least is the lower bound of p's count.
func (m Moment) least(p Policy) int32 {
	if p == Forescale {
		return bounded(m.Floor, m.Least, m.Most)
	}
	return m.Least
}

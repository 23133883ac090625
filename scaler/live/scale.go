package live

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/engine"
)

// A Scale is what a workload would do at one instant, for whoever acts on
// replicas and not on demand.
type Scale struct {
	Decision scaler.Decision
	Demand   scaler.Demand // that the decision is about; NaN = unknown
	LeadTime time.Duration // from a decision to a ready replica
	Model    string        // that forecasts; empty = none is fitted
	Trusted  bool          // the forecast acts; else a rule without a model stands in
	Skill    float64       // its loss over that of such a rule; NaN = not scored yet
	Err      error         // non-nil: demand is unknown, and why
}

// Scale decides the replicas of key at this instant: current is the count or the
// floor in force, and bounds replaces the bounds of the spec by those that apply
// where the decision acts. The memory of the decisions (what was recommended
// lately) is kept per key, so there must be one caller per key. It returns false
// if there is no such workload, and counts as interest in it.
func (s *Store) Scale(key Key, current int32, bounds Bounds) (Scale, bool) {
	s.mu.RLock()
	e := s.entries[key]
	s.mu.RUnlock()
	if e == nil {
		return Scale{}, false
	}
	now := s.opts.Now()
	e.touch(now)
	return e.scale(now, current, bounds), true
}

// Bounds are the least and the greatest count that a decision may give.
type Bounds struct {
	Min int32 // ≥ 0
	Max int32 // ≥ Min
}

// SetStartup tells how long the replicas of key take from creation to readiness.
// It is passed over for a key that is not known.
func (s *Store) SetStartup(key Key, took time.Duration) {
	s.mu.RLock()
	e := s.entries[key]
	s.mu.RUnlock()
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workload.SetStartup(took)
}

func (e *entry) scale(now time.Time, current int32, bounds Bounds) Scale {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := Scale{Demand: e.workload.Demand(now), LeadTime: e.workload.LeadTime(), Model: e.workload.Model()}
	out.Trusted, out.Skill = e.workload.Trusted(), e.workload.Skill()
	out.Decision = e.workload.Decide(now, engine.Target{
		Current: current, Ready: -1, Min: bounds.Min, Max: bounds.Max, Missed: math.NaN(),
	})
	if math.IsNaN(out.Demand.Observed) {
		out.Err = e.silence(now)
	}
	return out
}

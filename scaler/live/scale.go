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
	Target   float64       // demand that one replica is taken to serve; 0 = unknown
	Model    string        // that forecasts; empty = none is fitted
	Trusted  bool          // the forecast acts; else a rule without a model stands in
	Skill    float64       // its loss over that of such a rule; NaN = not scored yet
	Err      error         // non-nil: demand is unknown, and why
	FitErr   error         // of the last fit; nil if it succeeded

	HistoryErr error // of the last range query for the history or closed cells; nil if it succeeded
}

// Scale decides the replicas of key at this instant, for a target as its owner sees
// it. The bounds of the target replace those of the spec. If the owner does not know the
// ready replicas or the missed share, they are filled in from the queries of the spec, if
// it has any. The memory of the decisions (what was recommended lately) is kept per key, so
// there must be one caller per key. Scale returns false if there is no such workload, and
// counts as interest in it.
func (s *Store) Scale(key Key, target engine.Target) (Scale, bool) {
	e := s.find(key)
	if e == nil {
		return Scale{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := s.opts.Now() // with the lock, or another decision might already be later
	e.touch(now)
	return e.scale(now, target), true
}

// SetStartup sets how long the replicas of key take from creation to readiness.
// It does nothing for an unknown key.
func (s *Store) SetStartup(key Key, took time.Duration) {
	e := s.find(key)
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workload.SetStartup(took)
}

// scale is [Store.Scale] for an instant; the caller holds mu.
func (e *entry) scale(now time.Time, target engine.Target) Scale {
	out := Scale{Demand: e.workload.Demand(now), LeadTime: e.workload.LeadTime(), Model: e.workload.Model(), HistoryErr: e.fillErr, FitErr: e.fitErr}
	out.Trusted, out.Skill = e.workload.Trusted(), e.workload.Skill()
	e.scaled = true
	if target.Ready >= 0 {
		e.pods.note(now, target.Ready)
	}
	out.Target = e.workload.Target()
	out.Decision = e.workload.Decide(now, e.service.complete(target, now))
	e.score.decided(out.Decision.Replicas, target)
	if math.IsNaN(out.Demand.Observed) {
		out.Err = e.noDataError()
	}
	return out
}

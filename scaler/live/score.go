package live

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/shadow"
)

// A scoring is the score of a workload, with the last decision about its replicas.
type scoring struct {
	shadow.Score

	floor       int32 // of the last decision about replicas; 0 = there was none
	least, most int32 // bounds of the same; most = 0 is none
}

// decided notes a decision about replicas of target.
func (s *scoring) decided(replicas int32, target engine.Target) {
	s.floor, s.least, s.most = replicas, target.Min, target.Max
}

// keepScore books a moment, whether or not the forecast acts in this mode: asked is
// the demand that it asks to provide for. The caller holds mu.
func (e *entry) keepScore(now time.Time, observed, asked float64) {
	if !e.score.Due(now) {
		return
	}
	m := shadow.Moment{
		Now: now, Observed: observed, Age: now.Sub(e.workload.Latest().Time) + e.spec.Metric.Step.Std()/2,
		Asked: asked, Floor: e.score.floor, Target: e.workload.Target(), Least: e.score.least, Most: e.score.most,
		LeadTime: e.workload.LeadTime(),
	}
	if !e.scaled { // the bounds of an HPA behind an answer are its own, but may be stated too
		if least := e.spec.Scale.MinReplicas; least != nil {
			m.Least = *least
		}
		m.Most = e.spec.Scale.MaxReplicas
	}
	if e.spec.Scale.LatencyObjective != nil {
		m.Need = e.workload.Replicas(observed)
	}
	if math.IsNaN(m.Asked) {
		m.Asked = observed
	}
	e.score.Update(m)
}

// A Worth is what the answers of a workload have been worth.
type Worth struct {
	Tally   shadow.Tally // beside autoscalers without a forecast
	Trusted bool         // the forecast acts; else a rule without a model stands in
	Skill   float64      // its loss over that of such a rule; NaN = not scored yet
}

// Worths calls f with each workload's key and what its answers have been worth, in no
// order. It does not count as interest.
func (s *Store) Worths(f func(Key, Worth)) {
	for _, e := range s.all() {
		e.mu.Lock()
		w := Worth{e.score.Tally, e.workload.Trusted(), e.workload.Skill()}
		e.mu.Unlock()
		f(e.key, w)
	}
}

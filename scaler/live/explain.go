package live

import (
	"cmp"
	"slices"
	"time"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/shadow"
)

// An Explanation is what stands behind the answer of one workload.
type Explanation struct {
	Key      Key
	Spec     api.Spec // with its defaults
	Answer   Answer   // the newest
	Parts    engine.Parts
	LeadTime time.Duration
	Model    string // that forecasts; empty = none is fitted
	Trusted  bool   // the forecast acts; else a rule without a model stands in
	Skill    float64
	Outlooks []engine.Outlook

	// Record is the decision about replicas that would be taken now; nil if nobody
	// asked for replicas.
	Record *scaler.Record

	// AnswerRecord is the answer that would be given now; nil before the first, and while
	// there is nothing to answer.
	AnswerRecord *scaler.AnswerRecord

	Tally shadow.Tally // the score of its answers, beside autoscalers without a forecast

	QueryErr error // of the last instant query or, if that succeeded, of the last range query; nil if both did
	FitErr   error // of the last fit; nil if it succeeded
}

// Explain says what stands behind the answer of key, from memory; false if there
// is no such workload. Unlike Answer it does not count as interest.
func (s *Store) Explain(key Key) (Explanation, bool) {
	e := s.find(key)
	if e == nil {
		return Explanation{}, false
	}
	now := s.opts.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	x := Explanation{
		Key: e.key, Spec: e.spec, Answer: e.read(), QueryErr: cmp.Or(e.queryErr, e.fillErr), FitErr: e.fitErr,
		LeadTime: e.workload.LeadTime(), Model: e.workload.Model(),
		Trusted: e.workload.Trusted(), Skill: e.workload.Skill(), Tally: e.score.Tally,
	}
	_, x.Parts = e.workload.Look(now)
	ahead := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, x.LeadTime}
	slices.Sort(ahead)
	x.Outlooks = e.workload.Outlooks(ahead...)
	if r, ok := e.workload.Rehearse(now); ok {
		x.Record = &r
	}
	if r, ok := e.workload.RehearseAnswer(now); ok {
		x.AnswerRecord = &r
	}
	return x, true
}

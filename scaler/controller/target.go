package controller

import (
	"math"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

// A problem is what is not in order with an object: a reason word, and what to do.
type problem struct{ reason, message string }

// invalidSpec is the reason for a specification that is faulty although the validation of
// the CRD has let it pass.
const invalidSpec = "InvalidSpec"

// A target is one PredictiveAutoscaler and what it acts on.
type target struct {
	name types.NamespacedName
	uid  types.UID // of the object
	key  live.Key

	mu      sync.Mutex // guards what follows; held for microseconds
	adopted time.Time  // first seen by this process
	changed time.Time  // the same, or when its user changed its spec since
	object  *v1alpha1.PredictiveAutoscaler
	view    *hpa.View // newest known; nil = none found
	trouble *problem  // nil = in order
	floor   hpa.Floor
	verdict hpa.Verdict
	scale   live.Scale
	busy    bool      // a write is queued or under way
	writing bool      // it is under way: what it changes is judged when it has ended
	decided time.Time // when that write was decided
	gone    bool      // deleted: not to be acted on

	silentSince time.Time // zero = demand is known
	unseenSince time.Time // zero = the autoscaler has taken up the floor in force
	unseen      bool      // it has not for too long
	lastWrite   time.Time
	wanted      peaks
	lastScale   time.Time
	announced   int32 // floor of the last event
	failed      error // of the last write
	retryAt     time.Time
	failures    int
	lateErr     error // of the last count that could not be raised with its floor

	pods                  pods
	podsErr               error // why they are not known
	unschedulableReported bool  // some of them cannot be scheduled, and that was reported

	measured      time.Time // end of the newest window of the processors' use
	cpuErr        error     // of the last look at it
	boundReported bool      // by CPU a replica serves less than the object states, and that was reported

	status    v1alpha1.Status // written last
	written   time.Time
	statusErr error // of the last write of it
}

// see takes a newer view.
func (t *target) see(v *hpa.View) {
	if t.view == nil || v == nil || v.UID != t.view.UID || v.Newer(t.view) {
		t.view = v
	}
}

// seen is the target as its owner sees it: the ready pods, if they are known, and the
// bounds of the floor, which are those of the HPA, narrowed by the spec.
func (t *target) seen() engine.Target {
	s := t.object.Spec.Scale
	b := engine.Target{Current: t.verdict.InForce, Ready: -1, Min: t.verdict.Base, Max: t.view.Ceiling(), Missed: math.NaN()}
	if t.pods.selector != nil {
		b.Ready = t.pods.ready
	}
	if s.MinReplicas != nil {
		b.Min = max(b.Min, *s.MinReplicas)
	}
	if s.MaxReplicas > 0 {
		b.Max = min(b.Max, max(s.MaxReplicas, t.verdict.Base))
	}
	b.Min = min(b.Min, b.Max)
	if b.Min > 0 { // a count of zero would say that the target is switched off
		b.Current = max(b.Current, 1)
	}
	return b
}

// decide asks the store for a decision at now and returns what to write.
func (t *target) decide(store *live.Store, now time.Time, o Options) (action, int32) {
	if t.object == nil || t.view == nil || t.gone {
		return keep, 0
	}
	if !t.writing {
		t.judge(now)
	}
	t.confirm(now)
	if !t.refused() {
		if s, known := store.Scale(t.key, t.seen()); known {
			t.scale = s
		}
	}
	return t.plan(now, o)
}

// judge judges the floor. An edit or a revert stays noted until announceFindings has reported it,
// because a write judges too, between two ticks.
func (t *target) judge(now time.Time) {
	edited, reverted := t.verdict.Edited, t.verdict.Reverted
	t.verdict = t.floor.Judge(t.view, now)
	t.verdict.Edited, t.verdict.Reverted = t.verdict.Edited || edited, t.verdict.Reverted || reverted
}

// confirmWithin is how long the autoscaler has to take up a raised floor: eight of its
// syncs, which are 15 s apart by default.
const confirmWithin = 2 * time.Minute

// confirm notes since when a raised floor waits for its autoscaler to take it up, and
// whether that is too long.
func (t *target) confirm(now time.Time) {
	switch raised := t.verdict.Held && t.verdict.InForce > t.verdict.Base; {
	case !raised || t.view.Confirmed():
		t.unseenSince = time.Time{}
	case t.unseenSince.IsZero():
		t.unseenSince = now
	}
	t.unseen = !t.unseenSince.IsZero() && now.Sub(t.unseenSince) > confirmWithin
}

// refused reports whether the object must not be acted on. A faulty specification is no
// reason: a slip must not take replicas away, so the former specification goes on until it
// is corrected.
func (t *target) refused() bool { return t.trouble != nil && t.trouble.reason != invalidSpec }

// plan returns what to write after a judgement and a decision.
func (t *target) plan(now time.Time, o Options) (action, int32) {
	b := t.seen()
	undecided := t.scale.LeadTime == 0 && !t.refused()
	switch {
	case t.scale.Err == nil && (!undecided || t.trouble == nil): // a faulty spec without a former one is silence
		t.silentSince = time.Time{}
	case t.silentSince.IsZero():
		t.silentSince = now
	}
	s := situation{
		now: now, mode: t.object.Spec.Default().Mode, refused: t.refused(), zero: t.view.Zero, paused: t.view.Paused != "",
		verdict: t.verdict, claimed: t.view.Claim != nil, least: b.Min, most: b.Max,
		want: t.scale.Decision.Replicas, hold: o.HoldSilence, lastWrite: t.lastWrite,
	}
	if !t.silentSince.IsZero() {
		s.silence = max(now.Sub(t.silentSince), 1)
	}
	if undecided { // nothing was decided yet
		s.want, s.silence = t.verdict.InForce, max(s.silence, 1)
	}
	t.wanted.note(now, s.target())
	s.wide, s.narrow = t.wanted.highest(now, wideGap), t.wanted.highest(now, narrowGap)
	a, floor := s.plan()
	if a == keep && !t.busy && now.Sub(t.retryAt) > failureLasts {
		t.failed, t.failures = nil, 0
	}
	return a, floor
}

// failureLasts is how long a failed write is reported once there is nothing to write any
// more, because demand has changed, and so no retry that could succeed.
const failureLasts = time.Minute

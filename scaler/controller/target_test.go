package controller

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

// The floor stays between the minimum that the HPA's owner set and the HPA's maximum; the object may
// narrow that range, but never widens it.
func TestBoundsOfTheFloor(t *testing.T) {
	for name, c := range map[string]struct {
		scale    api.ScaleSpec
		min, max int32
	}{
		"those of the HPA":            {api.ScaleSpec{}, 3, 20},
		"a higher minimum":            {api.ScaleSpec{MinReplicas: new(int32(5))}, 5, 20},
		"a lower minimum is none":     {api.ScaleSpec{MinReplicas: new(int32(1))}, 3, 20},
		"a minimum above the ceiling": {api.ScaleSpec{MinReplicas: new(int32(30))}, 20, 20},
		"a lower maximum":             {api.ScaleSpec{MaxReplicas: 10}, 3, 10},
		"a higher maximum is none":    {api.ScaleSpec{MaxReplicas: 90}, 3, 20},
		"a maximum below the owner's": {api.ScaleSpec{MaxReplicas: 2}, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			x := &target{
				object:  &v1alpha1.PredictiveAutoscaler{Spec: v1alpha1.Spec{Spec: api.Spec{Scale: c.scale}}},
				view:    &hpa.View{Max: 20},
				verdict: hpa.Verdict{InForce: 7, Base: 3, Held: true},
			}
			got := x.seen()
			require.Equal(t, c.min, got.Min)
			require.Equal(t, c.max, got.Max)
			require.EqualValues(t, 7, got.Current)
			require.EqualValues(t, -1, got.Ready, "the pods are not known")
			x.pods.selector, x.pods.ready = labels.Everything(), 4
			require.EqualValues(t, 4, x.seen().Ready)
		})
	}
}

// A floor of zero is passed on as zero, so that the first decision after a start, which takes the
// current count for the last recommendation, does not wake an idle target. Where the object wants
// one replica at least, zero would mean that a user has switched the target off.
func TestAFloorOfZeroIsZero(t *testing.T) {
	for name, c := range map[string]struct {
		scale   api.ScaleSpec
		current int32
	}{
		"none is allowed":        {api.ScaleSpec{}, 0},
		"the object wants one":   {api.ScaleSpec{MinReplicas: new(int32(1))}, 1},
		"the object allows none": {api.ScaleSpec{MinReplicas: new(int32(0))}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			x := &target{
				object: &v1alpha1.PredictiveAutoscaler{Spec: v1alpha1.Spec{Spec: api.Spec{Scale: c.scale}}},
				view:   &hpa.View{Max: 20, Min: new(int32(0))},
			}
			require.Equal(t, c.current, x.seen().Current)
			idle := scaler.Demand{}
			d, _ := scaler.Decide(api.ScaleSpec{MinReplicas: new(x.seen().Min)}, scaler.State{}, scaler.Input{
				Now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Current: x.seen().Current, Demand: idle, LeadTime: time.Minute,
			})
			require.Equal(t, c.current, d.Replicas)
		})
	}
}

// A mistake in an edit removes no replicas: the former specification stays in force, and where there
// is none, as after a restart, the floor is held as without data. For any other problem the floor is
// given back.
func TestAFaultySpecificationRemovesNoReplicas(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	o := Options{}.withDefaults()
	held := func(reason string, scale live.Scale) *target {
		return &target{
			object: &v1alpha1.PredictiveAutoscaler{}, view: &hpa.View{Max: 50, Claim: &hpa.Claim{}}, trouble: &problem{reason: reason},
			verdict: hpa.Verdict{InForce: 20, Base: 2, Held: true}, scale: scale,
		}
	}
	former := live.Scale{LeadTime: time.Minute, Target: 10, Decision: scaler.Decision{Replicas: 25}}
	a, floor := held(invalidSpec, former).plan(now, o)
	require.Equal(t, raise, a, "it even rises")
	require.EqualValues(t, 25, floor)
	require.Equal(t, "FloorHeld", held(invalidSpec, former).acting(false).Reason)
	require.Equal(t, "NotReady", held("TargetTaken", former).acting(false).Reason)

	x := held(invalidSpec, live.Scale{})
	for ; now.Before(x.silentSince.Add(o.HoldSilence+time.Second)) || x.silentSince.IsZero(); now = now.Add(time.Minute) {
		a, _ = x.plan(now, o)
		require.Equal(t, keep, a, "no former one: it is held")
	}
	a, floor = x.plan(now.Add(time.Minute), o)
	require.Equal(t, lower, a)
	require.EqualValues(t, 18, floor, "and comes down a tenth a minute")
	x.trouble = nil
	a, _ = x.plan(now.Add(2*time.Minute), o)
	require.Equal(t, keep, a, "corrected, it waits for the first decision")
	require.Zero(t, x.silentSince)

	a, _ = held("TargetTaken", former).plan(now, o)
	require.Equal(t, release, a)
}

// A failed write is reported until one succeeds, or until there is nothing to write any more: else
// it would be reported until the load rises again, perhaps a day later.
func TestAFailedWriteIsReportedWhileItIsWanted(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	o := Options{Now: func() time.Time { return now }}.withDefaults()
	c := &Controller{opts: o, log: slog.New(slog.DiscardHandler)}
	x := inOrder(0.7, true)
	x.view.Min, x.verdict = new(int32(2)), hpa.Verdict{InForce: 2, Base: 2}
	reason := func(asked int32, wait time.Duration) string {
		now = now.Add(wait)
		x.scale.Decision.Replicas = asked
		x.plan(now, o)
		return x.acting(false).Reason
	}
	c.settle(x, func() {}, errors.New("no leader"))
	require.Equal(t, "WriteFailed", reason(10, 10*time.Minute), "it is still wanted")
	c.settle(x, func() {}, errors.New("no leader"))
	require.Equal(t, "WriteFailed", reason(2, 30*time.Second), "the next moment may want it")
	require.Equal(t, "FloorFree", reason(2, time.Minute))
	require.Zero(t, x.failures)
}

// An HPA whose controller does not run, or cannot find what it scales, does not follow a floor: that
// is reported after the time of some syncs, and until the HPA follows.
func TestAFloorThatTheHPADoesNotFollowIsReported(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	x := inOrder(0.7, true)
	x.verdict = hpa.Verdict{InForce: 10, Base: 2, Held: true}
	x.view.Min, x.view.Desired, x.view.Name.Name = new(int32(10)), 2, "web"
	reason := func(after time.Duration) string {
		now = now.Add(after)
		x.confirm(now)
		return x.acting(false).Reason
	}
	require.Equal(t, "FloorHeld", reason(0))
	require.Equal(t, "FloorHeld", reason(confirmWithin), "the time of several looks is not over")
	require.Equal(t, "FloorUnseen", reason(time.Second))
	require.Contains(t, x.acting(false).Message, "minReplicas 10 within 2m: kubectl describe hpa web,")
	x.view.Desired = 10
	require.Equal(t, "FloorHeld", reason(time.Second), "it has followed")
	x.view.Min, x.verdict.InForce, x.view.Desired = new(int32(12)), 12, 10
	require.Equal(t, "FloorHeld", reason(time.Second), "the next raise has its own time")
	reason(confirmWithin)
	x.verdict = hpa.Verdict{InForce: 12, Base: 12}
	require.Equal(t, "FloorFree", reason(time.Second), "no floor of ours waits")
}

// What a write finds out between two ticks, for example that its user has changed the floor, is
// reported by the next tick.
func TestWhatAWriteFindsOutIsReported(t *testing.T) {
	now, store := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), live.NewStore(nil, live.Options{})
	claim := &hpa.Claim{Original: new(int32(2)), Floor: 9}
	c, told := recording()
	c.log = slog.New(slog.DiscardHandler)
	x := inOrder(0.7, true)
	x.view = &hpa.View{UID: "1", Min: new(int32(9)), Max: 50, Claim: claim}
	x.floor.Wrote(x.view, claim)
	x.decide(store, now, Options{})
	x.view = &hpa.View{UID: "1", Min: new(int32(12)), Max: 50, Claim: claim}
	x.decide(store, now, Options{}) // of the write
	x.decide(store, now, Options{}) // of the tick
	c.announceFindings(x)
	require.Len(t, told(), 1)
	x.decide(store, now, Options{})
	c.announceFindings(x)
	require.Empty(t, told(), "once")
}

// The watch may show a floor given back before the write that does so has ended: it was not put back
// by another client.
func TestAWriteIsJudgedWhenItHasEnded(t *testing.T) {
	now, store := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), live.NewStore(nil, live.Options{})
	claim := &hpa.Claim{Original: new(int32(2)), Floor: 9}
	x := inOrder(0.7, true)
	x.view = &hpa.View{UID: "1", Min: new(int32(9)), Max: 50, Claim: claim}
	x.floor.Wrote(x.view, claim)
	x.decide(store, now, Options{})
	require.True(t, x.verdict.Held)
	x.writing = true
	x.view = &hpa.View{UID: "1", Min: new(int32(2)), Max: 50}
	x.decide(store, now, Options{})
	x.writing = false
	x.floor.Wrote(x.view, nil)
	x.decide(store, now, Options{})
	require.False(t, x.verdict.Reverted)
	require.False(t, x.verdict.Wait)
	require.False(t, x.verdict.Held)
}

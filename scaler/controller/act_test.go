package controller

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

// Where the floor is raised but the count cannot be, for example without the permission to write a
// scale, the autoscaler raises the count at its next sync: that is no failed write of a floor, and
// is logged once.
func TestAFloorThatIsRaisedWithoutItsCount(t *testing.T) {
	c, s := holding(t)
	var log bytes.Buffer
	c.log = slog.New(slog.NewTextHandler(&log, nil))
	c.opts.Store = live.NewStore(nil, live.Options{}) // knows nothing: what the target has stands
	c.writer.Mapper = meta.NewDefaultRESTMapper(nil)  // knows no Deployment
	c.leads.Store(true)
	s.floors["web"] = 2
	x := inOrder(0.7, true)
	x.name.Namespace, x.name.Name = "shop", "web"
	kind, err := hpa.KindOf("")
	require.NoError(t, err)
	x.view, err = c.writer.Get(t.Context(), kind, x.name)
	require.NoError(t, err)
	x.scale.Decision = scaler.Decision{Replicas: 20}
	c.act(t.Context(), x)
	floor, claimed := s.floor("web")
	require.InDelta(t, 20, floor, 0)
	require.True(t, claimed)
	require.NoError(t, x.failed)
	require.Equal(t, metav1.ConditionTrue, x.acting(false).Status)
	told := func() int { return strings.Count(log.String(), "floor raised, but not the replicas") }
	require.Equal(t, 1, told(), log.String())
	require.NotContains(t, log.String(), "floor not written")

	again := x.lateErr
	require.Error(t, again)
	c.logLate(x, again)
	require.Equal(t, 1, told())
	c.logLate(x, nil)
	c.logLate(x, again)
	require.Equal(t, 2, told(), "after a count that was raised")
}

// If the API server fails between a conflict and the read that follows, the target stays known: no
// event might follow that would show it again, and its floor would neither be moved nor given back.
func TestATargetThatCannotBeReadAfterAConflictStaysKnown(t *testing.T) {
	c, s := holding(t, "web")
	c.opts.Store = live.NewStore(nil, live.Options{}) // knows nothing: what the target has stands
	c.leads.Store(true)
	x := inOrder(0.7, true)
	x.name, x.view = c.all()[0].name, c.all()[0].view
	c.targets[x.name] = x
	x.scale.Decision = scaler.Decision{Replicas: 20}
	s.changed = "web"
	c.act(t.Context(), x)
	require.ErrorContains(t, x.failed, "etcd has no leader")
	require.NotNil(t, x.view)
	s.changed = ""
	require.NoError(t, c.Finish(t.Context()))
	floor, claimed := s.floor("web")
	require.InDelta(t, 2, floor, 0, "given back at the end")
	require.False(t, claimed)
}

// When a floor is given back because its object is paused, that is the reason given, and not the
// demand of the moment.
func TestAFloorSaysWhyItIsGivenBack(t *testing.T) {
	for want, change := range map[string]func(*target){
		"Paused":                       func(x *target) { x.object.Spec.Mode = api.Paused },
		"Shadow":                       func(x *target) { x.object.Spec.Mode = api.Shadow },
		v1alpha1.TargetPaused:          func(x *target) { x.view.Paused = "autoscaling.keda.sh/paused" },
		v1alpha1.Contested:             func(x *target) { x.verdict.Contested = true },
		string(scaler.ScalingDisabled): func(x *target) { x.view.Zero = true },
		"TargetNotFound":               func(x *target) { x.trouble = &problem{"TargetNotFound", "gone"} },
		string(scaler.BreakEvenHold):   func(x *target) { x.scale.Decision.Reason = scaler.BreakEvenHold },
	} {
		x := inOrder(0.7, true)
		x.view = &hpa.View{}
		x.scale.Decision.Reason = scaler.DesiredWithinRange
		change(x)
		require.Equal(t, want, x.why(release))
		if want != string(scaler.BreakEvenHold) {
			require.Equal(t, string(scaler.DesiredWithinRange), x.why(lower), "demand lowers")
		}
	}
}

// The event of a floor that was raised names the rule, where not demand alone asks for the count.
func TestAFloorSaysWhyItIsRaised(t *testing.T) {
	decide := func(guard int32) scaler.Decision {
		d, _ := scaler.Decide(api.ScaleSpec{TargetPerReplica: 10}, scaler.State{}, scaler.Input{
			Now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Current: 2, Desired: 7, Guard: guard,
			Demand: scaler.Demand{Observed: 65, Predicted: 65}, LeadTime: 75 * time.Second,
		})
		return d
	}
	for name, c := range map[string]struct {
		decision scaler.Decision
		want     string
	}{
		"demand alone": {decide(0), "Normal FloorRaised floor of web raised from 2 to 30: demand asks for 7 within 1m15s"},
		"a rule": {
			decide(30),
			"Normal FloorRaised floor of web raised from 2 to 30: demand asks for 7 within 1m15s, ReactiveGuard makes it 30",
		},
		"no demand": {scaler.Decision{Asked: -1, Replicas: 30}, "Normal FloorRaised floor of web raised from 2 to 30: demand is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, told := recording()
			x := inOrder(0.7, true)
			x.scale.LeadTime, x.scale.Decision = 75*time.Second, c.decision
			before := &hpa.View{Min: new(int32(2)), Max: 50}
			before.Name.Name = "web"
			recorder.announce(x, before, &hpa.View{Min: new(int32(30)), Max: 50}, "")
			require.Equal(t, []string{c.want}, told())
		})
	}
}

package controller

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/telemetry"
)

// trouble free, with a forecast that has a skill.
func inOrder(skill float64, trusted bool) *target {
	return &target{
		object:  &v1alpha1.PredictiveAutoscaler{},
		view:    &hpa.View{Max: 50},
		verdict: hpa.Verdict{InForce: 10, Base: 2},
		scale:   live.Scale{LeadTime: time.Minute, Target: 10, Model: "auto", Trusted: trusted, Skill: skill, Decision: scaler.Decision{Asked: 20}},
	}
}

func TestTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		t      *target
		status metav1.ConditionStatus
		reason string
	}{
		"nothing came due yet":  {inOrder(math.NaN(), true), metav1.ConditionUnknown, "NotScored"},
		"no model":              {&target{}, metav1.ConditionUnknown, "NotScored"},
		"better than the rival": {inOrder(0.7, true), metav1.ConditionTrue, "Earned"},
		"within the hysteresis": {inOrder(1.05, true), metav1.ConditionTrue, "Earned"},
		"has lost":              {inOrder(1.2, false), metav1.ConditionFalse, "WorseThanReactive"},
		"on its way back":       {inOrder(1.05, false), metav1.ConditionFalse, "WorseThanReactive"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.t.trusted(false)
			require.Equal(t, c.status, got.Status)
			require.Equal(t, c.reason, got.Reason)
		})
	}
}

// A status is written for a change that matters to an operator, not whenever figures change a
// little.
func TestAStatusIsWorthAWriteWhenSomethingChanged(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	before := inOrder(0.7, true).describe(now, false)
	for name, c := range map[string]struct {
		change func(*target)
		worth  bool
	}{
		"nothing":                {func(*target) {}, false},
		"the skill moves":        {func(x *target) { x.scale.Skill = 0.71 }, false},
		"demand moves":           {func(x *target) { x.scale.Demand.Observed = 12 }, false},
		"one more is asked for":  {func(x *target) { x.scale.Decision.Asked = 21 }, false},
		"a fifth more":           {func(x *target) { x.scale.Decision.Asked = 25 }, false},
		"demand is unknown":      {func(x *target) { x.scale.LeadTime = 0 }, true},
		"a second of lead time":  {func(x *target) { x.scale.LeadTime += time.Second }, false},
		"half a minute of it":    {func(x *target) { x.scale.LeadTime += 30 * time.Second }, true},
		"trust is lost":          {func(x *target) { x.scale.Trusted = false }, true},
		"the floor moves by one": {func(x *target) { x.verdict.InForce = 11 }, false},
		"the floor moves by far": {func(x *target) { x.verdict.InForce = 13 }, true},
		"the floor is ours":      {func(x *target) { x.verdict.Held, x.verdict.Original = true, new(int32(2)) }, true},
		"capacity is not known":  {func(x *target) { x.scale.Target = 0 }, true},
		"pods find no node":      {func(x *target) { x.pods.unschedulable = 2 }, true},
		"more pods are ready":    {func(x *target) { x.pods.ready = 4 }, false},
		"the target is gone":     {func(x *target) { x.view = nil }, true},
		"another generation":     {func(x *target) { x.object.Generation = 2 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := inOrder(0.7, true)
			x.object = x.object.DeepCopy()
			c.change(x)
			after := x.describe(now.Add(time.Minute), false)
			require.Equal(t, c.worth, differs(&before, &after))
		})
	}
}

// An HPA reports how many replicas there are; for a ScaledObject, which does not, the pods are
// counted.
func TestCurrentReplicas(t *testing.T) {
	x := inOrder(0.7, true)
	x.view.Current, x.pods.selector, x.pods.ready = 7, labels.Everything(), 5
	require.EqualValues(t, 7, x.describe(time.Now(), false).CurrentReplicas)
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	require.NoError(t, err)
	x.view.Kind, x.view.Current = kind, 0
	require.EqualValues(t, 5, x.describe(time.Now(), false).CurrentReplicas)
}

// A history that cannot be read is named as the reason, and not that the model still learns: it does
// not pass by itself.
func TestWhyThereIsNoForecast(t *testing.T) {
	x := inOrder(0.7, true)
	x.scale.Demand.Predicted = math.NaN()
	require.Equal(t, "NoForecast", x.forecasting(false).Reason)
	x.scale.FitErr = errors.New("history too short")
	require.Equal(t, "NoForecast", x.forecasting(false).Reason)
	require.Contains(t, x.forecasting(false).Message, "history too short")
	x.scale.HistoryErr = errors.New("2 series, want exactly one; wrap the query in sum(…)")
	require.Equal(t, "HistoryUnreadable", x.forecasting(false).Reason)
	require.Contains(t, x.forecasting(false).Message, "wrap the query in sum(…)")
	x.scale.Demand.Predicted = 12
	require.Equal(t, "ModelFitted", x.forecasting(false).Reason, "the newest cells alone are missing")
}

// An object with fields of a newer CRD is valid, and its status names them.
func TestFieldsOfANewerCRDAreNamed(t *testing.T) {
	x := inOrder(0.7, true)
	require.Equal(t, "Valid", x.ready(false).Reason)
	x.object.Spec.Unknown = "scale.zones: unknown key"
	require.Equal(t, metav1.ConditionTrue, x.ready(false).Status)
	require.Equal(t, "FieldsUnknown", x.ready(false).Reason)
	require.Contains(t, x.ready(false).Message, "scale.zones")
}

// The metrics agree with the status; a standby exports none of objects.
func TestObjectsInMetrics(t *testing.T) {
	c, _ := holding(t)
	x := inOrder(math.NaN(), true)
	x.name.Namespace, x.name.Name = "shop", "web"
	c.targets[x.name] = x
	var got []telemetry.Object
	c.Objects(func(o telemetry.Object) { got = append(got, o) })
	require.Empty(t, got)
	c.leads.Store(true)
	c.Objects(func(o telemetry.Object) { got = append(got, o) })
	require.Len(t, got, 1)
	require.Equal(t, []any{"shop", "web", int32(10), int32(20)}, []any{got[0].Namespace, got[0].Name, got[0].Floor, got[0].Desired})
	require.Contains(t, got[0].Conditions, telemetry.Condition{Type: v1alpha1.Contested, Reason: "Uncontested"})
	require.Contains(t, got[0].Conditions, telemetry.Condition{Type: v1alpha1.Ready, Reason: "Valid", Value: 1})
	for _, cond := range got[0].Conditions {
		require.Equal(t, cond.Type == v1alpha1.Trusted, math.IsNaN(cond.Value), cond.Type)
	}
}

// Where a target is at zero, a floor has no effect, and the status does not claim one.
func TestATargetAtZeroIsNotActedOn(t *testing.T) {
	x := inOrder(0.7, true)
	x.view.Zero = true
	require.Equal(t, metav1.ConditionFalse, x.acting(false).Status)
	require.Equal(t, "ScalingDisabled", x.ready(false).Reason)
	require.Equal(t, "ScalingDisabled", x.describe(time.Now(), false).Reason)
}

// An HPA whose target was deleted or renamed is not in order, and a floor of it has no effect.
func TestATargetThatItsHPACannotScaleIsReported(t *testing.T) {
	x := inOrder(0.7, true)
	x.verdict.Held, x.view.Claim, x.scale.Decision.Replicas = true, &hpa.Claim{}, 10
	x.view.Unable = hpa.Unable{Reason: "FailedGetScale", Message: `deployments.apps "web" not found`}
	got := x.ready(false)
	require.Equal(t, metav1.ConditionFalse, got.Status)
	require.Equal(t, "FailedGetScale", got.Reason)
	require.Equal(t, `deployments.apps "web" not found: make the target that the HPA names, or correct scaleTargetRef of the HPA`, got.Message)
	require.Equal(t, "NotReady", x.acting(false).Reason)
	require.Equal(t, "FailedGetScale", x.describe(time.Now(), false).Reason)
	a, _ := x.plan(time.Now(), Options{}.withDefaults())
	require.Equal(t, keep, a, "the target may be on its way back: nothing is taken from it")

	x.view.Unable = hpa.Unable{Reason: "FailedUpdateScale", Message: "admission webhook denied the request"}
	require.Contains(t, x.ready(false).Message, "denied the request: let what refuses to change the scale")
	require.NotContains(t, x.ready(false).Message, "make the target", "it is there")
}

// A floor that is free because demand is unknown is not said to be free because demand is low.
func TestAnUnknownDemandIsNotCalledLow(t *testing.T) {
	x := inOrder(0.7, true)
	x.verdict = hpa.Verdict{InForce: 2, Base: 2}
	require.Equal(t, "demand needs no more than minReplicas", x.acting(false).Message)
	x.scale.Err = errors.New("2 series, want exactly one")
	got := x.acting(false)
	require.Equal(t, "FloorFree", got.Reason)
	require.Equal(t, "demand is unknown, which raises no floor: see condition Forecasting", got.Message)
}

// The status of a paused target says why the floor is not raised, and names the annotation to
// remove.
func TestATargetThatIsPausedIsNotActedOn(t *testing.T) {
	x := inOrder(0.7, true)
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	require.NoError(t, err)
	x.view.Kind, x.view.Name.Name, x.view.Paused = kind, "web", "autoscaling.keda.sh/paused"
	got := x.acting(false)
	require.Equal(t, metav1.ConditionFalse, got.Status)
	require.Equal(t, "TargetPaused", got.Reason)
	require.Equal(t, "annotation autoscaling.keda.sh/paused pauses ScaledObject web, and with it forescale: remove it when they shall scale again", got.Message)
	require.Equal(t, "TargetPaused", x.describe(time.Now(), false).Reason)
	require.Equal(t, metav1.ConditionTrue, x.ready(false).Status, "it is in order")
}

func TestTheReasonOfAnObjectThatIsNotInOrder(t *testing.T) {
	x := inOrder(0.7, true)
	x.trouble = &problem{"TargetTaken", "shop/web is acted on by another"}
	require.Equal(t, "TargetTaken", x.describe(time.Now(), false).Reason)
}

// Just after an object was created or changed its user looks at it: small changes of the counts are
// then written soon, and later about once an hour.
func TestAStatusLagsBehindSmallMovesByAThirdOfTheAgeOfTheSpec(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		age, written time.Duration
		change       func(*target)
		worth        bool
	}{
		"a young object's floor":         {30 * time.Second, 10 * time.Second, func(x *target) { x.verdict.InForce++ }, true},
		"its pods":                       {30 * time.Second, 10 * time.Second, func(x *target) { x.view.Current++ }, true},
		"within a third of its age":      {30 * time.Second, 9 * time.Second, func(x *target) { x.verdict.InForce++ }, false},
		"its demand, to the same counts": {30 * time.Second, 20 * time.Second, func(x *target) { x.scale.Demand.Observed = 12 }, false},
		"an object of ten minutes":       {10 * time.Minute, 3 * time.Minute, func(x *target) { x.verdict.InForce++ }, false},
		"and then":                       {10 * time.Minute, 4 * time.Minute, func(x *target) { x.verdict.InForce++ }, true},
		"an old one":                     {240 * time.Hour, 59 * time.Minute, func(x *target) { x.verdict.InForce++ }, false},
		"after an hour":                  {240 * time.Hour, time.Hour, func(x *target) { x.verdict.InForce++ }, true},
		"whose pods moved by far":        {240 * time.Hour, time.Minute, func(x *target) { x.view.Current += 5 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := inOrder(0.7, true)
			x.view.Current = 10
			x.status = x.describe(now, false)
			x.changed, x.written = now.Add(-c.age), now.Add(-c.written)
			c.change(x)
			_, worth := x.nextStatus(now, Options{StatusEvery: 5 * time.Second})
			require.Equal(t, c.worth, worth)
		})
	}
}

// The message of a condition names the current cause: otherwise a user who has mended one would be
// sent after it again while there is another one.
func TestAStatusNamesTheCurrentCause(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	silent := func(why string) func(*target) { return func(x *target) { x.scale.Err = errors.New(why) } }
	for name, c := range map[string]struct {
		first, then func(*target)
		written     time.Duration // since the last write
		worth       bool
	}{
		"the same":             {silent("status 401"), silent("status 401"), time.Hour, false},
		"another one":          {silent("status 401"), silent("status 404"), time.Minute, true},
		"they take turns":      {silent("status 401"), silent("status 404"), 59 * time.Second, false},
		"of a target":          {func(x *target) { x.trouble = &problem{"TargetTaken", "by a"} }, func(x *target) { x.trouble = &problem{"TargetTaken", "by b"} }, time.Minute, true},
		"of a write":           {func(x *target) { x.failed = errors.New("forbidden") }, func(x *target) { x.failed = errors.New("timeout") }, time.Minute, true},
		"a figure, all well":   {func(*target) {}, func(x *target) { x.scale.Skill = 0.71 }, time.Minute, false},
		"the figure of a loss": {func(x *target) { x.scale.Trusted = false }, func(x *target) { x.scale.Trusted, x.scale.Skill = false, 0.71 }, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := inOrder(0.7, true)
			c.first(x)
			x.status = x.describe(now, false)
			x.changed, x.written = now.Add(-240*time.Hour), now.Add(-c.written)
			c.then(x)
			_, worth := x.nextStatus(now, Options{StatusEvery: 5 * time.Second})
			require.Equal(t, c.worth, worth)
		})
	}
}

// A statusServer is a client that writes statuses, or fails with err.
type statusServer struct {
	client.Client

	err error
}

type statusWriter struct {
	client.SubResourceWriter

	server *statusServer
}

func (s *statusServer) Status() client.SubResourceWriter { return statusWriter{server: s} }

func (w statusWriter) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return w.server.err
}

// The write of a status that fails is retried again and again, and logged once.
func TestAStatusThatCannotBeWrittenIsLoggedOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	server := &statusServer{err: errors.New("forbidden")}
	c := &Controller{client: server, log: slog.New(slog.NewTextHandler(&out, nil)), opts: Options{Now: func() time.Time { return now }}.withDefaults()}
	x := inOrder(0.7, true)
	try := func() int {
		now = now.Add(time.Minute)
		c.reportOne(t.Context(), x)
		return strings.Count(out.String(), "status not written")
	}
	require.Equal(t, 1, try())
	require.Equal(t, 1, try())
	require.Empty(t, x.status.Conditions, "it is not taken for written")
	server.err = nil
	require.Equal(t, 1, try())
	require.NotEmpty(t, x.status.Conditions)
	server.err = errors.New("forbidden")
	x.scale.Trusted = false
	require.Equal(t, 2, try(), "after it was mended it is news again")
}

// A standby does not report what it finds, and does so when it is elected.
func TestAStandbyKeepsItsFindings(t *testing.T) {
	c, x := &Controller{log: slog.New(slog.DiscardHandler)}, inOrder(0.7, true)
	x.pods.unschedulable = 1
	c.announceFindings(x)
	require.False(t, x.unschedulableReported)
	c.leads.Store(true)
	c.announceFindings(x)
	require.True(t, x.unschedulableReported)
}

// An object that is deleted and created again at once, as by kubectl replace --force, gets its
// status written, whatever that of the former one was.
func TestAnObjectThatIsCreatedAgainGetsItsStatus(t *testing.T) {
	c := &Controller{targets: map[types.NamespacedName]*target{}, opts: Options{}.withDefaults()}
	pa := func(uid types.UID) *v1alpha1.PredictiveAutoscaler {
		return &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: uid, Generation: 1}}
	}
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	worth := func(x *target, o *v1alpha1.PredictiveAutoscaler) bool {
		y := inOrder(0.7, true)
		x.object, x.view, x.verdict, x.scale = o, y.view, y.verdict, y.scale
		next, worth := x.nextStatus(now, c.opts)
		x.status, x.written, x.changed, x.floor = next, now, now, hpa.Floor{}
		now = now.Add(time.Minute)
		return worth
	}
	former := c.adopt(pa("1"))
	require.True(t, worth(former, pa("1")))
	require.Same(t, former, c.adopt(pa("1")))
	require.False(t, worth(former, pa("1")), "it is written")
	require.True(t, worth(c.adopt(pa("2")), pa("2")))
}

func TestFar(t *testing.T) {
	for name, c := range map[string]struct {
		a, b int32
		want bool
	}{
		"equal":                 {10, 10, false},
		"one of two":            {1, 2, false}, // by half, but by one replica
		"a tenth":               {20, 22, false},
		"a fifth":               {20, 25, true},
		"not known any more":    {20, -1, true},
		"as many as can be":     {math.MaxInt32, 1, true},
		"nearly as many as can": {math.MaxInt32, math.MaxInt32 - 5, false},
	} {
		require.Equal(t, c.want, far(c.a, c.b), name)
		require.Equal(t, c.want, far(c.b, c.a), name)
	}
}

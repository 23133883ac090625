package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

const good = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
  namespace: shop
  managedFields:
  - {manager: MANAGER, operation: Apply, apiVersion: autoscaling/v2, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:minReplicas": {}}}}
spec:
  minReplicas: 2
  maxReplicas: 50
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  behavior: {scaleUp: {tolerance: "0"}, scaleDown: {stabilizationWindowSeconds: 90}}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 85}}}]
`

func TestTargetFindings(t *testing.T) {
	for name, c := range map[string]struct {
		old, now string
		level    Level
		want     []string
	}{
		"in order":           {"", "", Fine, nil},
		"Argo CD":            {"MANAGER", "argocd-controller", Advice, []string{"argocd-controller", "RespectIgnoreDifferences=true", "jsonPointers: [/spec/minReplicas]"}},
		"Flux":               {"MANAGER", "kustomize-controller", Advice, []string{"Kustomization", "spec:\n            ignore:\n            - {paths: [/spec/minReplicas], target: {kind: HorizontalPodAutoscaler, name: web}}"}},
		"Flux with Helm":     {"MANAGER", "helm-controller", Advice, []string{"HelmRelease", "driftDetection:\n              ignore:\n              - {paths: [/spec/minReplicas], target: {kind: HorizontalPodAutoscaler, name: web}}"}},
		"double headroom":    {"averageUtilization: 85", "averageUtilization: 70", Advice, []string{"70 %", "85 or more"}},
		"of one container":   {"{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 85}}}", "{type: ContainerResource, containerResource: {name: cpu, container: main, target: {type: Utilization, averageUtilization: 60}}}", Advice, []string{"60 % cpu", "85 or more"}},
		"default band":       {"scaleUp: {tolerance: \"0\"}, ", "", Advice, []string{"within 10 %"}},
		"the default window": {", scaleDown: {stabilizationWindowSeconds: 90}", "", Advice, []string{"holds a count for 300 s by default", "set behavior.scaleDown.stabilizationWindowSeconds: 90"}},
		"a longer window":    {"Seconds: 90", "Seconds: 91", Advice, []string{"holds a count for 91 s,"}},
		"a shorter window":   {"Seconds: 90", "Seconds: 0", Fine, nil},
		"no behavior":        {"  behavior: {scaleUp: {tolerance: \"0\"}, scaleDown: {stabilizationWindowSeconds: 90}}\n", "", Advice, []string{"within 10 %", "300 s by default"}},
		"no reaction":        {"tolerance: \"0\"", "tolerance: \"0\", selectPolicy: Disabled", Advice, []string{"nothing reacts"}},
		"of KEDA":            {"  namespace: shop\n", "  namespace: shop\n  ownerReferences: [{kind: ScaledObject, name: so, apiVersion: keda.sh/v1alpha1, uid: x}]\n", Fault, []string{"KEDA owns", "{kind: ScaledObject, name: so}"}},
		"at zero":            {"spec:\n  minReplicas", "status: {conditions: [{type: ScalingActive, status: \"False\", reason: ScalingDisabled}]}\nspec:\n  minReplicas", Fault, []string{"scaled to zero"}},
		"of a lost target":   {"spec:\n  minReplicas", "status: {conditions: [{type: AbleToScale, status: \"False\", reason: FailedGetScale, message: deployments.apps \\\"web\\\" not found}]}\nspec:\n  minReplicas", Fault, []string{"not found\n        make the target that the HPA names"}},
		"of a policy":        {"spec:\n  minReplicas", "status: {conditions: [{type: AbleToScale, status: \"False\", reason: FailedUpdateScale, message: denied the request}]}\nspec:\n  minReplicas", Fault, []string{"denied the request\n        let what refuses to change the scale"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.now, 1)
			u := &unstructured.Unstructured{}
			data, err := yaml.YAMLToJSON([]byte(text))
			require.NoError(t, err)
			require.NoError(t, u.UnmarshalJSON(data))
			kind, err := hpa.KindOf("HorizontalPodAutoscaler")
			require.NoError(t, err)
			var out strings.Builder
			require.Equal(t, c.level, Write(&out, target("shop/web", kind, u)))
			for _, want := range c.want {
				require.Contains(t, out.String(), want)
			}
		})
	}
}

// A target that cannot be read has one remedy where it is not there, another where it must not be
// read, and a third where nobody answers.
func TestATargetThatCannotBeRead(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}}
	pa.Spec.Metric.Query, pa.Spec.Scale.TargetPerReplica, pa.Spec.TargetRef.Name = "load", 10, "web"
	what := schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not there":      {apierrors.NewNotFound(what, "web"), "there is no HorizontalPodAutoscaler shop/web\n        make it, or correct spec.targetRef"},
		"not allowed":    {apierrors.NewForbidden(what, "web", errors.New("cannot get")), "cannot get\n        give this account the right to read it"},
		"nobody answers": {apierrors.NewTimeoutError("no answer", 1), "no answer\n        see whether the API server answers"},
	} {
		t.Run(name, func(t *testing.T) {
			dyn := fake.NewSimpleDynamicClient(runtime.NewScheme())
			dyn.PrependReactor("get", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, c.err })
			var out strings.Builder
			require.Equal(t, Fault, Write(&out, Doctor{Source: young{now}, Dynamic: dyn}.object(t.Context(), pa, now)))
			require.Contains(t, out.String(), c.want)
		})
	}
}

// young is a source whose data begin an hour ago.
type young struct{ now time.Time }

func (y young) Instant(_ context.Context, _ string, at time.Time) (collector.Sample, error) {
	if y.now.Sub(at) > time.Hour {
		return collector.Sample{}, errors.New("no series")
	}
	return collector.Sample{Time: at, Value: 42}, nil
}

func (young) Skew(context.Context, func() time.Time) (time.Duration, error) { return 0, nil }

func TestAShortHistoryIsAnAdvice(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pa := &v1alpha1.PredictiveAutoscaler{}
	pa.Spec.Metric.Query, pa.Spec.Scale.TargetPerReplica = "load", 10
	pa.Spec.TargetRef.Kind = "Deployment" // ends the check after the query
	var out strings.Builder
	Write(&out, Doctor{Source: young{now}}.object(t.Context(), pa, now))
	require.Contains(t, out.String(), "yields one series, now 42")
	require.Contains(t, out.String(), "no daily rhythm can be learned")
}

func TestACounterIsNoLoad(t *testing.T) {
	for query, want := range map[string]bool{
		"http_requests_total":                           true,
		`sum(http_requests_total{job="web"})`:           true,
		`sum(rate(http_requests_total{job="web"}[1m]))`: false,
		"job:http_requests:rate1m":                      false,
		"queue_length":                                  false,
		"total_connections":                             false,
	} {
		require.Equal(t, want, readsCounter(query), query)
	}
}

// A doctor that is older than the CRD says what it did not look at.
func TestFieldsThatAreNotKnown(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pa := &v1alpha1.PredictiveAutoscaler{}
	require.NoError(t, json.Unmarshal([]byte(`{"targetRef":{"kind":"Deployment"},"metric":{"query":"load"},"scale":{"targetPerReplica":"10","mood":"good"}}`), &pa.Spec))
	var out strings.Builder
	Write(&out, Doctor{Source: young{now}}.object(t.Context(), pa, now))
	require.Contains(t, out.String(), "advice  /: this doctor, older than the CRD, does not know and did not look at: ")
	require.Contains(t, out.String(), "scale.mood")
}

// The processors of the pods are an extra: that they cannot be read is worth a
// thought where they were asked for, and is no fault.
func TestProcessorsThatCannotBeRead(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pa := &v1alpha1.PredictiveAutoscaler{}
	pa.Spec.Metric.Query, pa.Spec.Scale.TargetPerReplica = "load", 10
	pa.Spec.TargetRef.Kind = "Deployment" // ends the check after this one
	kinds := map[schema.GroupVersionResource]string{podMetrics(): "PodMetricsList"}
	dyn := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds)
	ask := func() string {
		var out strings.Builder
		Write(&out, Doctor{Source: young{now}, Dynamic: dyn}.object(t.Context(), pa, now))
		return out.String()
	}
	require.NotContains(t, ask(), "podCPU", "not asked for")
	pa.Spec.PodCPU = true
	require.Contains(t, ask(), "podCPU: the resource metrics API answers")
	dyn.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("pods.metrics.k8s.io is forbidden")
	})
	require.Contains(t, ask(), "advice  /: podCPU: pods.metrics.k8s.io is forbidden")
	require.Contains(t, ask(), "deploy/kustomize/overlays/pod-cpu")
}

// What a controller says keeps it from acting is found where everything else is asked
// for; what passes by itself, or is about a former spec, is not.
func TestWhatTheControllerReports(t *testing.T) {
	for name, c := range map[string]struct {
		kind       string
		status     metav1.ConditionStatus
		reason     string
		generation int64
		level      Level
		want       string
	}{
		"in order":            {v1alpha1.Acting, metav1.ConditionTrue, "FloorHeld", 3, Fine, ""},
		"not ready":           {v1alpha1.Ready, metav1.ConditionFalse, "FloorHeldElsewhere", 3, Fault, "the controller reports FloorHeldElsewhere\n        do this"},
		"a write that fails":  {v1alpha1.Acting, metav1.ConditionFalse, "WriteFailed", 3, Fault, "the controller reports WriteFailed"},
		"no data there":       {v1alpha1.Forecasting, metav1.ConditionFalse, "NoData", 3, Fault, "the controller reports NoData"},
		"fields not known":    {v1alpha1.Ready, metav1.ConditionTrue, "FieldsUnknown", 3, Advice, "the controller reports FieldsUnknown: do this"},
		"a reverter":          {v1alpha1.Contested, metav1.ConditionTrue, "Reverted", 3, Fault, "the controller reports Reverted\n        do this"},
		"no reverter":         {v1alpha1.Contested, metav1.ConditionFalse, "Uncontested", 3, Fine, ""},
		"said once":           {v1alpha1.Acting, metav1.ConditionFalse, "Contested", 3, Fine, ""},
		"said by another":     {v1alpha1.Acting, metav1.ConditionFalse, "NotReady", 3, Fine, ""},
		"said of the target":  {v1alpha1.Acting, metav1.ConditionFalse, "TargetPaused", 3, Fine, ""},
		"passes":              {v1alpha1.Forecasting, metav1.ConditionFalse, "Starting", 3, Fine, ""},
		"in shadow":           {v1alpha1.Acting, metav1.ConditionFalse, "Shadow", 3, Advice, "it does not act: do this"},
		"about a former spec": {v1alpha1.Acting, metav1.ConditionFalse, "WriteFailed", 2, Fine, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 3}}
			pa.Status.Conditions = []metav1.Condition{{Type: c.kind, Status: c.status, Reason: c.reason, Message: "do this", ObservedGeneration: c.generation}}
			var out strings.Builder
			require.Equal(t, c.level, Write(&out, reported(pa)))
			require.Contains(t, out.String(), c.want)
		})
	}
}

// What was seen from outside is not said again in the words of the controller.
func TestACauseIsSaidOnce(t *testing.T) {
	reported := func(reason, message string) Finding {
		return Finding{Fault, "shop/web", "the controller reports " + reason, message}
	}
	zero := Finding{Fault, "shop/web", "the target is scaled to zero, where a floor has no effect", "scale it to one or more"}
	query := Finding{Fault, "shop/web", `metric.query: prometheus: query "up": 2 series, want exactly one`, ""}
	for name, c := range map[string]struct {
		reported Finding
		findings []Finding
		said     bool
	}{
		"the same target":    {reported("ScalingDisabled", "the target is scaled to zero, where a floor has no effect: scale it to one or more"), []Finding{query, zero}, true},
		"the same query":     {reported("NoData", `shop/web/floor: no data yet: prometheus: query "up": 2 series, want exactly one`), []Finding{query}, true},
		"another cause":      {reported("NoData", `shop/web/floor: no data yet: prometheus: connection: refused`), []Finding{query}, false},
		"nothing was found":  {reported("WriteFailed", "forbidden"), nil, false},
		"no fault was found": {reported("NoData", "metric.query yields one series"), []Finding{{Fine, "shop/web", "metric.query yields one series", ""}}, false},
		"an advice stays":    {Finding{Advice, "shop/web", "it does not act", zero.Text}, []Finding{zero}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.said, len(unsaid([]Finding{c.reported}, c.findings)) == 0)
		})
	}
}

// A maximum that cuts what the forecast asks for is easily overlooked: the HPA itself does not
// report it.
func TestAMaximumThatCutsIsAnAdvice(t *testing.T) {
	pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 3}}
	pa.Status = v1alpha1.Status{ObservedGeneration: 3, Trail: []v1alpha1.TrailStep{{Rule: "Burst", Replicas: 9}, {Rule: "TooManyReplicas", Replicas: 4}}}
	var out strings.Builder
	require.Equal(t, Advice, Write(&out, reported(pa)))
	require.Contains(t, out.String(), "the count is cut to 4")
	pa.Generation = 4
	require.Empty(t, reported(pa), "the maximum may be what was changed")
}

func TestWhoActsOnAnObject(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	object := func(name string, age time.Duration, seen int64) v1alpha1.PredictiveAutoscaler {
		return v1alpha1.PredictiveAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age)), Generation: 2},
			Spec:       v1alpha1.Spec{TargetRef: v1alpha1.TargetRef{Name: "web"}},
			Status:     v1alpha1.Status{ObservedGeneration: seen},
		}
	}
	old := object("old", time.Hour, 1)
	for name, c := range map[string]struct {
		pa   v1alpha1.PredictiveAutoscaler
		want string
	}{
		"a controller":                   {old, ""},
		"a younger one beside another":   {object("new", time.Minute, 1), "FAULT   shop/new: its target HorizontalPodAutoscaler/web is acted on by PredictiveAutoscaler old, which is older"},
		"by none yet, just created":      {object("old", 5*time.Second, 0), ""},
		"by none, though there was time": {object("old", 5*time.Minute, 0), "FAULT   shop/old: no controller has seen this object"},
	} {
		t.Run(name, func(t *testing.T) {
			others := []v1alpha1.PredictiveAutoscaler{c.pa}
			if c.pa.Name != old.Name {
				others = append(others, old)
			}
			var out strings.Builder
			Write(&out, acted(&c.pa, others, now))
			require.Contains(t, out.String(), c.want)
			require.Equal(t, c.want == "", out.Len() == 0)
		})
	}
}

package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The API server itself rejects what is malformed, and names the field.
func TestMalformedObjectsAreRejected(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	good := b.autoscaler("")
	for name, c := range map[string]struct{ old, wrong, want string }{
		"no query":          {"query: 'demand{ns=\"" + b.ns + "\"}', ", "", "spec.metric.query"},
		"no duration":       {"step: 1s", "step: fast", "spec.metric.step"},
		"no number":         {`targetPerReplica: "10"`, `targetPerReplica: ten`, "spec.scale.targetPerReplica"},
		"too great":         {`targetPerReplica: "10"`, `targetPerReplica: "1e400"`, "spec.scale.targetPerReplica in body should match"},
		"zero per replica":  {`targetPerReplica: "10"`, `targetPerReplica: "0"`, "spec.scale.targetPerReplica"},
		"no target":         {`targetPerReplica: "10", `, "", "spec.scale"},
		"unknown field":     {"step: 1s", "stepp: 1s", "spec.metric.stepp"},
		"unknown mode":      {"  forecast:", "  mode: Sleepy\n  forecast:", "spec.mode"},
		"two margins":       {`buffer: "1"`, `risk: "0.9", buffer: "1"`, "spec.forecast"},
		"risk of one":       {`buffer: "1"`, `risk: "1"`, "spec.forecast.risk"},
		"minimum above":     {"leadTime: 5s", "leadTime: 5s, minReplicas: 9, maxReplicas: 3", "spec.scale.minReplicas"},
		"unknown kind":      {"targetRef: {name: web}", "targetRef: {kind: Deployment, name: web}", "spec.targetRef.kind"},
		"unknown model":     {"model: naive", "model: oracle", "spec.forecast.model"},
		"buffer below one":  {`buffer: "1"`, `buffer: "0.8"`, "spec.forecast.buffer"},
		"uneven step":       {"step: 1s", "step: 7m", "spec.metric.step"},
		"no lead time":      {"leadTime: 5s", "leadTime: 0s", "spec.scale.leadTime"},
		"a late lead time":  {"leadTime: 5s", "leadTime: 2h", "spec.scale.leadTime"},
		"kept for a week":   {"ttl: 5s", "ttl: 1w", "spec.metric.ttl"},
		"negative":          {"leadTime: 5s", `leadTime: 5s, activationThreshold: "-1"`, "spec.scale.activationThreshold"},
		"no effect":         {`buffer: "1"`, `events: [{name: sale, start: "2026-11-27T08:00:00Z", duration: 1h}]`, "spec.forecast.events[0]"},
		"an objective lost": {`buffer: "1"`, `violationTarget: "0.01"`, "spec.forecast.violationTarget"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			err := b.Apply(t.Context(), strings.Replace(good, c.old, c.wrong, 1))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "type conversion", "CEL's own words say nothing")
			field := strings.TrimPrefix(c.want, "spec.")
			require.True(t, strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), field), err.Error())
		})
	}
	b.apply(good)
	require.ErrorContains(t, b.Apply(t.Context(), strings.Replace(good, "{name: web}\n  metric", "{name: other}\n  metric", 1)), "targetRef cannot be changed")
}

// What the schema cannot tell is told by the object itself, and the others go on.
func TestAnObjectThatCannotBeReadDisturbsNoOther(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)
	b.apply(named(b.workload()+b.hpa(2), 0))
	b.apply(named(strings.Replace(b.autoscaler(""), `buffer: "1"`, `buffer: "1", seasons: "7d,1d"`, 1), 0))
	b.reason("web-0", "Ready", "InvalidSpec")
	_, _, message := b.condition("web-0", "Ready")
	require.Contains(t, message, `forecast.seasons: "7d,1d": want the periods ascending`)
	b.demand(155)
	b.eventually(patience, func() bool { return b.floor() >= 16 }, "the other object is acted on")
	second := b.start("b")
	b.ready(second)
	b.apply(named(b.autoscaler(""), 0))
	b.reason("web-0", "Ready", "Valid")
	b.remove("web-0")
}

// What must not be acted on is refused with the way out.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)

	// Of two that were made in the same second the first by name is the older.
	b.apply(strings.Replace(b.autoscaler(""), "{name: web, namespace", "{name: younger, namespace", 1))
	b.eventually(patience, func() bool {
		_, r, m := b.condition("younger", "Ready")
		return r == "TargetTaken" && strings.Contains(m, "PredictiveAutoscaler web")
	}, "the younger of two is refused")

	// Owned by KEDA from now on: refused, and what was held is given back.
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"metadata":{"ownerReferences":[{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","name":"web-so","uid":"1"}]}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	b.eventually(patience, func() bool {
		_, r, m := b.condition("web", "Ready")
		return r == "OwnedByScaledObject" && strings.Contains(m, "web-so")
	}, "an HPA of KEDA is refused")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "its floor is given back")

	missing := strings.Replace(b.autoscaler(""), "{name: web, namespace", "{name: lost, namespace", 1)
	b.apply(strings.Replace(missing, "targetRef: {name: web}", "targetRef: {name: nowhere}", 1))
	b.eventually(patience, func() bool { _, r, _ := b.condition("lost", "Ready"); return r == "TargetNotFound" }, "a missing HPA is named")
}

// A policy of admission may bound the minimum of every HPA. That is no edit of the user's: forescale
// gives way after a few tries, says why, and leaves the minimum that there was.
func TestAnAdmissionPolicyThatBoundsTheFloor(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.apply(strings.ReplaceAll(`
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NS}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NS}}
    resourceRules: [{apiGroups: [autoscaling], apiVersions: [v2], operations: [UPDATE], resources: [horizontalpodautoscalers]}]
  matchConditions: [{name: high, expression: "object.spec.minReplicas > 5"}]
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: "replace", path: "/spec/minReplicas", value: 5}]'}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NS}
spec: {policyName: NS}
`, "NS", b.ns))
	t.Cleanup(func() {
		b.kubectl("kubectl delete mutatingadmissionpolicybinding,mutatingadmissionpolicy " + b.ns)
	})
	b.eventually(patience, func() bool {
		h, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(t.Context(), "web", types.MergePatchType,
			[]byte(`{"spec":{"minReplicas":6}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil && *h.Spec.MinReplicas == 5
	}, "the policy is in force")
	b.demand(95)
	c := b.start("a")
	b.apply(b.autoscaler(""))
	b.reason("web", "Contested", "Reverted")
	_, _, message := b.condition("web", "Contested")
	require.Contains(t, message, "an admission webhook or policy")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "the user's minimum is back")
	text, err := os.ReadFile(c.Log)
	require.NoError(t, err)
	require.NotContains(t, string(text), "the user changed the floor")
	b.apply(strings.Replace(b.autoscaler(""), "leadTime: 5s}", "leadTime: 5s, maxReplicas: 5}", 1))
	b.reason("web", "Acting", "FloorHeld")
	require.EqualValues(t, 5, b.floor(), "within the bound it acts")
	b.remove("web")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "and gives back")
	b.clean()
}

// An HPA that is deleted and made anew is another one.
func TestADeletedHPAStartsAfresh(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)
	require.NoError(t, b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.eventuallyCondition("TargetNotFound")
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
	require.Error(t, err, "nobody makes it anew but its user")
	b.apply(b.hpa(3))
	b.eventually(patience, func() bool { return b.floor() == 10 }, "the new one is raised")
	b.remove("web")
	b.eventually(patience, func() bool { return b.floor() == 3 }, "and has its own original")
}

func (b *bench) eventuallyCondition(reason string) {
	b.t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		_, r, _ := b.condition("web", "Ready")
		if r == reason {
			return
		}
		require.Less(b.t, time.Since(begin), patience, "Ready is %s, want %s", r, reason)
	}
}

// A Deployment that is deleted or renamed under its HPA is told, and nothing is taken from it: it may
// be on its way back.
func TestATargetThatIsGone(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)
	require.NoError(t, b.Kube.AppsV1().Deployments(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.eventuallyCondition("FailedGetScale")
	_, _, message := b.condition("web", "Ready")
	require.Contains(t, message, `deployments.apps "web" not found: make the target that the HPA names`)
	require.EqualValues(t, 10, b.floor())
	b.apply(b.workload())
	b.eventuallyCondition("Valid")
	b.eventually(patience, func() bool { return b.replicas() == 10 }, "the new one is raised to the floor")
}

// A target at zero is left alone: a floor would not wake it.
func TestATargetAtZeroIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(95)
	_, err := b.Kube.AppsV1().Deployments(b.ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	b.eventually(patience, func() bool {
		return slices.ContainsFunc(b.get().Status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == autoscalingv2.ScalingActive && c.Reason == "ScalingDisabled"
		})
	}, "the HPA has seen it")
	b.start("a")
	b.apply(b.autoscaler(""))
	b.eventuallyCondition("ScalingDisabled")
	b.always(3*time.Second, func() bool { return b.floor() == 2 && b.replicas() == 0 }, "nothing is written")
}

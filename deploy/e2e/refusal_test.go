package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The API server itself rejects what is malformed, and names the field.
func TestMalformedObjectsAreRejected(t *testing.T) {
	b := shared.bench(t)
	good := b.autoscaler("")
	for name, c := range map[string]struct{ old, wrong, want string }{
		"no query":          {"query: 'demand{ns=\"" + b.ns + "\"}', ", "", "spec.metric.query"},
		"no duration":       {"step: 1s", "step: fast", "spec.metric.step"},
		"no number":         {`targetPerReplica: "10"`, `targetPerReplica: ten`, "spec.scale.targetPerReplica"},
		"zero per replica":  {`targetPerReplica: "10"`, `targetPerReplica: "0"`, "spec.scale.targetPerReplica"},
		"no target":         {`targetPerReplica: "10", `, "", "spec.scale"},
		"unknown field":     {"step: 1s", "stepp: 1s", "spec.metric.stepp"},
		"unknown mode":      {"  forecast:", "  mode: Sleepy\n  forecast:", "spec.mode"},
		"two margins":       {`buffer: "1"`, `risk: "0.9", buffer: "1"`, "spec.forecast"},
		"risk of one":       {`buffer: "1"`, `risk: "1"`, "spec.forecast.risk"},
		"minimum above":     {"leadTime: 5s", "leadTime: 5s, minReplicas: 9, maxReplicas: 3", "spec.scale.minReplicas"},
		"unknown kind":      {"targetRef: {name: web}", "targetRef: {kind: Deployment, name: web}", "spec.targetRef.kind"},
		"an objective lost": {`buffer: "1"`, `violationTarget: "0.01"`, "spec.forecast.violationTarget"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			err := b.Apply(t.Context(), strings.Replace(good, c.old, c.wrong, 1))
			require.Error(t, err)
			field := strings.TrimPrefix(c.want, "spec.")
			require.True(t, strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), field), err.Error())
		})
	}
	b.apply(good)
	require.ErrorContains(t, b.Apply(t.Context(), strings.Replace(good, "{name: web}\n  metric", "{name: other}\n  metric", 1)), "targetRef cannot be changed")
}

// What must not be acted on is refused with the way out.
func TestRefusals(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")

	b.apply(strings.Replace(b.autoscaler(""), "{name: web, namespace", "{name: zweite, namespace", 1))
	b.eventually(10*time.Second, func() bool {
		_, r, m := b.condition("zweite", "Ready")
		return r == "TargetTaken" && strings.Contains(m, "PredictiveAutoscaler web")
	}, "the younger of two is refused")

	// Owned by KEDA from now on: refused, and what was held is given back.
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"metadata":{"ownerReferences":[{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","name":"web-so","uid":"1"}]}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	b.eventually(10*time.Second, func() bool {
		_, r, m := b.condition("web", "Ready")
		return r == "OwnedByScaledObject" && strings.Contains(m, "web-so")
	}, "an HPA of KEDA is refused")
	b.eventually(10*time.Second, func() bool { return b.floor() == 2 }, "its floor is given back")

	missing := strings.Replace(b.autoscaler(""), "{name: web, namespace", "{name: lost, namespace", 1)
	b.apply(strings.Replace(missing, "targetRef: {name: web}", "targetRef: {name: nowhere}", 1))
	b.eventually(10*time.Second, func() bool { _, r, _ := b.condition("lost", "Ready"); return r == "TargetNotFound" }, "a missing HPA is named")
}

// An HPA that is deleted and made anew is another one.
func TestADeletedHPAStartsAfresh(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")
	require.NoError(t, b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.eventuallyCondition(10*time.Second, "TargetNotFound")
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
	require.Error(t, err, "nobody makes it anew but its user")
	b.apply(b.hpa(3))
	b.eventually(10*time.Second, func() bool { return b.floor() == 10 }, "the new one is raised")
	require.NoError(t, b.Dynamic.Resource(paGVR()).Namespace(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.eventually(10*time.Second, func() bool { return b.floor() == 3 }, "and has its own original")
}

func (b *bench) eventuallyCondition(limit time.Duration, reason string) {
	b.t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		_, r, _ := b.condition("web", "Ready")
		if r == reason {
			return
		}
		require.Less(b.t, time.Since(begin), limit, "Ready is %s, want %s", r, reason)
	}
}

// A target at zero is left alone: a floor would not wake it.
func TestATargetAtZeroIsLeftAlone(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	_, err := b.Kube.AppsV1().Deployments(b.ns).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	time.Sleep(16 * time.Second) // the HPA's next look
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventuallyCondition(30*time.Second, "ScalingDisabled")
	b.always(3*time.Second, func() bool { return b.floor() == 2 && b.replicas() == 0 }, "nothing is written")
}

// Without data the floor is held, and then comes down by itself.
func TestSilenceHoldsAndThenReleases(t *testing.T) {
	b := shared.bench(t)
	b.demand(45)
	shared.start(t, "a", "--hold-silence", "5s")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 5 }, "the floor is held")
	b.metrics.Down(true)
	t.Cleanup(func() { b.metrics.Down(false) })
	b.always(10*time.Second, func() bool { return b.floor() == 5 }, "silence lowers nothing")
	begin := time.Now()
	b.eventually(2*time.Minute, func() bool { return b.floor() == 4 }, "then a tenth, at least one, a minute")
	fmt.Printf("MEASURED first step down in silence after %.0f s\n", time.Since(begin).Seconds()+10)
	b.metrics.Down(false)
	b.eventually(40*time.Second, func() bool { return b.floor() == 5 }, "data bring it back")
}

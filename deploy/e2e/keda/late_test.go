package keda

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// beforeKEDA starts forescale on a cluster without KEDA, with an object whose target is a
// ScaledObject, for the length of the test.
func (e *env) beforeKEDA(t *testing.T) {
	t.Helper()
	e.steady("late", 95)
	p := e.run(t, "controller", "--kubeconfig", e.Kubeconfig, "--identity", "late", "--namespaces", e.ns, "--lease", "late",
		"--prometheus-url", e.metrics.URL)
	require.NoError(t, e.Apply(t.Context(), fmt.Sprintf(`
apiVersion: forescale.dev/v1alpha1
kind: PredictiveAutoscaler
metadata: {name: web, namespace: %s}
spec:
  targetRef: {kind: ScaledObject, name: web}
  metric: {query: late, step: 1s, history: 10m, ttl: 20s}
  forecast: {model: naive, buffer: "1"}
  scale: {targetPerReplica: "10", leadTime: 5s}
`, e.ns)))
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		text, err := os.ReadFile(p.Log)
		require.NoError(t, err)
		if strings.Contains(string(text), "elected") && e.readyReason(t) == "NoKEDA" {
			return
		}
		require.Less(t, time.Since(begin), patience, "the object says that there is no KEDA")
	}
}

// readyReason is why the object web is ready, or is not.
func (e *env) readyReason(t *testing.T) string {
	t.Helper()
	u, err := e.Dynamic.Resource(resource("forescale.dev", "predictiveautoscalers")).Namespace(e.ns).Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range list {
		if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
			return fmt.Sprint(m["reason"])
		}
	}
	return ""
}

// A KEDA that was installed, at begin, after forescale had started is noticed without a
// restart: the floor of a ScaledObject is held, and its changes are seen.
func testLateKEDA(t *testing.T, e *env, begin time.Time) {
	ctx := t.Context()
	require.NoError(t, e.Apply(ctx, strings.Replace(deployment, "NS", e.ns, 1)+fmt.Sprintf(`
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: %s}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 2
  maxReplicaCount: 50
  triggers:
  - type: cron
    metadata: {timezone: UTC, start: 0 0 1 1 *, end: 1 0 1 1 *, desiredReplicas: "2"}
`, e.ns)))
	e.eventually(t, patience, func() bool { return e.replicas(t) == 10 }, "the floor of the ScaledObject is raised")
	fmt.Printf("MEASURED KEDA installed to a floor held on a ScaledObject: %.1f s\n", time.Since(begin).Seconds())
	e.eventually(t, patience, func() bool { return e.readyReason(t) == "Valid" }, "and the object says so")
	objects := e.Dynamic.Resource(resource("keda.sh", "scaledobjects")).Namespace(e.ns)
	require.NoError(t, objects.Delete(ctx, "web", metav1.DeleteOptions{}))
	e.eventually(t, patience, func() bool { return e.readyReason(t) == "TargetNotFound" }, "and that it is gone is seen")
}

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

const annotation = "forescale.dev/floor"

// A bench is one Deployment with its HPA and, perhaps, a PredictiveAutoscaler,
// in a namespace of its own.
type bench struct {
	*env
	t  *testing.T
	ns string
}

// bench makes a Deployment and an HPA of 2 to 50 replicas over the metric of the
// namespace, which wants 2 at first.
func (e *env) bench(t *testing.T) *bench {
	t.Helper()
	ns := fmt.Sprintf("t%d", time.Now().UnixNano()%1e10)
	b := &bench{e, t, ns}
	e.adapter.Set(ns, 15)
	b.apply(fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: none}], terminationGracePeriodSeconds: 0}
---
%[2]s`, ns, b.hpa(2)))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = e.Dynamic.Resource(paGVR()).Namespace(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		_ = stack.Until(ctx, 5*time.Second, func(ctx context.Context) error {
			list, err := e.Dynamic.Resource(paGVR()).Namespace(ns).List(ctx, metav1.ListOptions{})
			if err == nil && len(list.Items) > 0 {
				return fmt.Errorf("%d objects left", len(list.Items))
			}
			return err
		})
		_ = e.Kube.AutoscalingV2().HorizontalPodAutoscalers(ns).Delete(ctx, "web", metav1.DeleteOptions{})
		_ = e.Kube.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{})
	})
	b.eventually(60*time.Second, func() bool { return b.deployment().Status.ReadyReplicas == 2 }, "two replicas are ready at first")
	return b
}

// hpa is the manifest of the HPA.
func (b *bench) hpa(minReplicas int) string {
	return fmt.Sprintf(`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: %[2]d
  maxReplicas: 50
  metrics: [{type: External, external: {metric: {name: %[1]s}, target: {type: AverageValue, averageValue: "10"}}}]
`, b.ns, minReplicas)
}

// autoscaler is the manifest of a PredictiveAutoscaler whose replicas carry 10.
func (b *bench) autoscaler(extra string) string {
	return fmt.Sprintf(`
apiVersion: forescale.dev/v1alpha1
kind: PredictiveAutoscaler
metadata: {name: web, namespace: %[1]s}
spec:
  targetRef: {name: web}
  metric: {query: 'demand{ns="%[1]s"}', step: 1s, history: 10m, ttl: 5s}
  forecast: {model: naive, buffer: "1"}
  scale: {targetPerReplica: "10", leadTime: 5s}
  %[2]s
`, b.ns, extra)
}

func (b *bench) demand(v float64) { b.series(func(time.Time) float64 { return v }) }

func (b *bench) series(f func(time.Time) float64) {
	b.metrics.Set(fmt.Sprintf("demand{ns=%q}", b.ns), f)
}

func (b *bench) apply(text string) {
	b.t.Helper()
	require.NoError(b.t, b.Apply(b.t.Context(), text))
}

func paGVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "forescale.dev", Version: "v1alpha1", Resource: "predictiveautoscalers"}
}

func (b *bench) get() *autoscalingv2.HorizontalPodAutoscaler {
	b.t.Helper()
	h, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Get(b.t.Context(), "web", metav1.GetOptions{})
	require.NoError(b.t, err)
	return h
}

func (b *bench) floor() int32 { return *b.get().Spec.MinReplicas }

func (b *bench) deployment() *appsv1.Deployment {
	b.t.Helper()
	d, err := b.Kube.AppsV1().Deployments(b.ns).Get(b.t.Context(), "web", metav1.GetOptions{})
	require.NoError(b.t, err)
	return d
}

func (b *bench) replicas() int32 { return *b.deployment().Spec.Replicas }

// condition returns status and reason of a condition of the object.
func (b *bench) condition(name, kind string) (status, reason, message string) {
	b.t.Helper()
	u, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).Get(b.t.Context(), name, metav1.GetOptions{})
	require.NoError(b.t, err)
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range list {
		if m, ok := c.(map[string]any); ok && m["type"] == kind {
			return fmt.Sprint(m["status"]), fmt.Sprint(m["reason"]), fmt.Sprint(m["message"])
		}
	}
	return "", "", ""
}

func (b *bench) eventually(limit time.Duration, ok func() bool, what string) time.Duration {
	b.t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > limit {
			h := b.get()
			b.t.Fatalf("not within %s: %s (floor %d, replicas %d, annotations %v)", limit, what, *h.Spec.MinReplicas, b.replicas(), h.Annotations)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

// always checks ok for a while.
func (b *bench) always(span time.Duration, ok func() bool, what string) {
	b.t.Helper()
	for begin := time.Now(); time.Since(begin) < span; time.Sleep(50 * time.Millisecond) {
		require.True(b.t, ok(), "after %s: %s", time.Since(begin).Round(time.Millisecond), what)
	}
}

// clean checks that nothing of us is left on the HPA.
func (b *bench) clean() {
	b.t.Helper()
	h := b.get()
	require.NotContains(b.t, h.Annotations, annotation)
	for _, f := range h.ManagedFields {
		require.NotEqual(b.t, "forescale", f.Manager)
	}
}

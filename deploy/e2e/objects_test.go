package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const (
	annotation = "forescale.dev/floor"

	// patience is how long a case waits for what must come: far longer than it
	// takes, because a machine may be slow and that is no fault. How long it took
	// is printed.
	patience = 3 * time.Minute
)

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
	ns := fmt.Sprintf("t%d", time.Now().UnixNano()%1e12)
	b := &bench{e, t, ns}
	e.adapter.Set(ns, 15)
	b.apply(fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: %s}
---%s%s`, ns, b.workload(), b.hpa(2)))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		objects := e.Dynamic.Resource(paGVR()).Namespace(ns)
		if list, err := objects.List(ctx, metav1.ListOptions{}); err == nil {
			for i := range list.Items { // those who would have given back are gone already
				_, _ = objects.Patch(ctx, list.Items[i].GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
			}
		}
		_ = objects.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
		_ = e.Kube.AutoscalingV2().HorizontalPodAutoscalers(ns).Delete(ctx, "web", metav1.DeleteOptions{})
		_ = e.Kube.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{})
	})
	b.eventually(patience, func() bool { return b.deployment().Status.ReadyReplicas == 2 }, "two replicas are ready at first")
	return b
}

// holding is a bench on which replica "a" holds a floor of ten, for a demand of 95.
func (e *env) holding(t *testing.T) (*bench, *controller) {
	t.Helper()
	b := e.bench(t)
	b.demand(95)
	a := b.start("a")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 10 && b.replicas() == 10 }, "the floor is held")
	return b, a
}

// workload is the manifest of the Deployment.
func (b *bench) workload() string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: %s}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: none}], terminationGracePeriodSeconds: 0}
---`, b.ns)
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

// query is the PromQL of the demand.
func (b *bench) query() string { return fmt.Sprintf("demand{ns=%q}", b.ns) }

func (b *bench) demand(v float64) { b.series(steady(v)) }

func steady(v float64) func(time.Time) float64 {
	return func(time.Time) float64 { return v }
}

func (b *bench) series(f func(time.Time) float64) {
	b.metrics.Set(b.query(), f)
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

// reason waits until a condition of the object has a reason.
func (b *bench) reason(name, kind, want string) {
	b.t.Helper()
	last := ""
	defer func() {
		if b.t.Failed() {
			b.t.Logf("%s of %s was %s", kind, name, last)
		}
	}()
	b.eventually(patience, func() bool {
		status, reason, message := b.condition(name, kind)
		last = status + " " + reason + ": " + message
		return reason == want
	}, kind+" of "+name+" is "+want)
}

// remove deletes a PredictiveAutoscaler.
func (b *bench) remove(name string) {
	b.t.Helper()
	require.NoError(b.t, b.Dynamic.Resource(paGVR()).Namespace(b.ns).Delete(b.t.Context(), name, metav1.DeleteOptions{}))
}

// more makes n Deployments of their own pods, web-0 and so on, each with an HPA
// of its own, and waits for none of them.
func (b *bench) more(n, minReplicas int) {
	b.t.Helper()
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return b.Apply(b.t.Context(), named(b.workload()+b.hpa(minReplicas), i)) })
	}
	require.NoError(b.t, group.Wait())
}

// named is a manifest with web-i in place of web.
func named(text string, i int) string {
	name := fmt.Sprintf("web-%d", i)
	return strings.NewReplacer("name: web,", "name: "+name+",", "name: web}", "name: "+name+"}", "app: web", "app: "+name).Replace(text)
}

// always checks ok for a while.
func (b *bench) always(span time.Duration, ok func() bool, what string) {
	b.t.Helper()
	for begin := time.Now(); time.Since(begin) < span; time.Sleep(50 * time.Millisecond) {
		require.True(b.t, ok(), "after %s: %s", time.Since(begin).Round(time.Millisecond), what)
	}
}

// clean waits until nothing of us is left on the HPA.
func (b *bench) clean() {
	b.t.Helper()
	b.eventually(patience, func() bool {
		h := b.get()
		return h.Annotations[annotation] == "" && !slices.ContainsFunc(h.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.Manager == "forescale" })
	}, "no trace of us is left")
}

// Package keda runs forescale beside the real KEDA: behind it as an external
// scaler, and raising the floor of its ScaledObjects.
package keda

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

type env struct {
	*stack.Stack
	dir     string
	binary  string
	metrics *stack.Metrics
	ns      string // of a case
}

// patience is how long a case waits for what must come, on a slow machine too.
const patience = 3 * time.Minute

// Both ways in, side by side on one cluster with KEDA, and the first one as a new
// user takes it.
func TestKEDA(t *testing.T) {
	e := start(t)
	late := e.in(t, "late")
	late.beforeKEDA(t)
	begin := time.Now()
	require.NoError(t, e.KEDA(t.Context()))
	fmt.Printf("MEASURED KEDA is up after %.1f s\n", time.Since(begin).Seconds())
	t.Run("KEDA is installed after forescale", func(t *testing.T) {
		t.Parallel()
		testLateKEDA(t, late, begin)
	})
	t.Run("floor of a ScaledObject", func(t *testing.T) {
		t.Parallel()
		testFloor(t, e.in(t, "floor"))
	})
	t.Run("external scaler", func(t *testing.T) {
		t.Parallel()
		testScaler(t, e.in(t, "scaler"))
	})
	t.Run("external scaler over mutual TLS", func(t *testing.T) {
		t.Parallel()
		testMutualTLS(t, e.in(t, "tls"))
	})
	t.Run("quick start of the README", func(t *testing.T) {
		t.Parallel()
		testQuickStart(t, e.in(t, "shop"))
	})
}

// in makes a namespace and returns what works in it.
func (e *env) in(t *testing.T, ns string) *env {
	t.Helper()
	require.NoError(t, e.Apply(t.Context(), "{apiVersion: v1, kind: Namespace, metadata: {name: "+ns+"}}"))
	own := *e
	own.ns = ns
	return &own
}

// start brings up a cluster without KEDA.
func start(t *testing.T) *env {
	t.Helper()
	ctx := t.Context()
	dir, err := os.MkdirTemp("", "forescale-keda-")
	require.NoError(t, err)
	e := &env{dir: dir, binary: os.Getenv("FORESCALE_BINARY")}
	tools, err := filepath.Abs(filepath.Join("..", "tools"))
	require.NoError(t, err)
	bin, err := exec.Command(filepath.Join(tools, "build.sh"), "--path").Output()
	require.NoError(t, err)
	if e.binary == "" {
		e.binary = filepath.Join(dir, "forescale")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", e.binary, "./cmd/forescale")
		build.Dir = filepath.Join("..", "..", "..")
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	e.Stack, err = stack.Start(ctx, stack.Options{Dir: dir, Bin: strings.TrimSpace(string(bin)), Tools: tools, K8s: os.Getenv("FORESCALE_K8S"), Startup: 2 * time.Second})
	t.Cleanup(func() {
		e.Stack.Stop()
		if t.Failed() || os.Getenv("FORESCALE_KEEP") != "" {
			t.Logf("logs are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	require.NoError(t, err)
	e.metrics, err = stack.NewMetrics()
	require.NoError(t, err)
	t.Cleanup(e.metrics.Close)
	crd, err := os.ReadFile(filepath.Join("..", "..", "kustomize", "base", "crd", "forescale.dev_predictiveautoscalers.yaml"))
	require.NoError(t, err)
	require.NoError(t, e.Apply(ctx, string(crd)))
	return e
}

// run starts forescale for the length of the test.
func (e *env) run(t *testing.T, args ...string) *stack.Process {
	t.Helper()
	p, err := stack.Run(e.dir, "forescale-"+args[0]+"-"+e.ns, e.binary, nil, append(args, "--http-address", "127.0.0.1:0")...)
	require.NoError(t, err)
	t.Cleanup(func() {
		if !p.Exited() {
			_ = p.Stop(syscall.SIGTERM, 30*time.Second)
		}
		if t.Failed() {
			tail, _ := exec.Command("tail", "-n", "20", p.Log).Output()
			t.Logf("the end of %s:\n%s", p.Log, tail)
		}
	})
	return p
}

func (e *env) replicas(t *testing.T) int32 {
	t.Helper()
	d, err := e.Kube.AppsV1().Deployments(e.ns).Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	return *d.Spec.Replicas
}

func (e *env) eventually(t *testing.T, limit time.Duration, ok func() bool, what string) time.Duration {
	t.Helper()
	begin := time.Now()
	for !ok() {
		require.Less(t, time.Since(begin), limit, "%s (replicas %d)", what, e.replicas(t))
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begin)
}

func (e *env) always(t *testing.T, span time.Duration, ok func() bool, what string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < span; time.Sleep(100 * time.Millisecond) {
		require.True(t, ok(), "after %s: %s (replicas %d)", time.Since(begin).Round(time.Second), what, e.replicas(t))
	}
}

// steady sets a demand.
func (e *env) steady(query string, v float64) {
	e.metrics.Set(query, func(time.Time) float64 { return v })
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: none}], terminationGracePeriodSeconds: 0}
---
`

// scaledObject has a trigger on forescale, which replicas of 10 carry.
func (e *env) scaledObject(port int, forecast string) string {
	return strings.Replace(deployment, "NS", e.ns, 1) + fmt.Sprintf(`
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: %s}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 2
  maxReplicaCount: 50
  pollingInterval: 2
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp: {policies: [{type: Percent, value: 900, periodSeconds: 15}], tolerance: "0"}
        scaleDown: {stabilizationWindowSeconds: 0, tolerance: "0"}
  triggers:
  - type: external
    metadata:
      scalerAddress: 127.0.0.1:%d
      metric.query: load
      metric.step: 1s
      metric.history: 20m
      metric.ttl: 20s
      scale.targetPerReplica: "10"
      %s
`, e.ns, port, forecast)
}

func resource(group, name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: "v1alpha1", Resource: name}
}

// A ScaledObject as the target: its minReplicaCount is raised and given back,
// and the HPA that KEDA made of it is refused.
func testFloor(t *testing.T, e *env) {
	ctx := t.Context()
	port, err := stack.FreePort()
	require.NoError(t, err)
	e.steady("load", 15)
	e.steady("coming", 15)
	e.run(t, "serve", "--grpc-address", fmt.Sprintf("127.0.0.1:%d", port), "--prometheus-url", e.metrics.URL)
	require.NoError(t, e.Apply(ctx, e.scaledObject(port, `forecast.model: naive`)))
	objects := e.Dynamic.Resource(resource("keda.sh", "scaledobjects")).Namespace(e.ns)
	minimum := func() int64 {
		u, err := objects.Get(ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		n, _, _ := unstructured.NestedInt64(u.Object, "spec", "minReplicaCount")
		return n
	}
	e.eventually(t, patience, func() bool {
		_, err := e.Kube.AutoscalingV2().HorizontalPodAutoscalers(e.ns).Get(ctx, "keda-hpa-web", metav1.GetOptions{})
		return err == nil
	}, "KEDA makes the HPA")
	e.run(t, "controller", "--kubeconfig", e.Kubeconfig, "--identity", "a", "--prometheus-url", e.metrics.URL)
	autoscaler := `
apiVersion: forescale.dev/v1alpha1
kind: PredictiveAutoscaler
metadata: {name: NAME, namespace: floor}
spec:
  targetRef: TARGET
  metric: {query: coming, step: 1s, history: 10m, ttl: 20s}
  forecast: {model: naive, buffer: "1"}
  scale: {targetPerReplica: "10", leadTime: 5s}
`
	require.NoError(t, e.Apply(ctx, strings.NewReplacer("NAME", "floor", "TARGET", "{kind: ScaledObject, name: web}").Replace(autoscaler)))
	require.NoError(t, e.Apply(ctx, strings.NewReplacer("NAME", "wrong", "TARGET", "{name: keda-hpa-web}").Replace(autoscaler)))
	own := e.Dynamic.Resource(resource("forescale.dev", "predictiveautoscalers")).Namespace(e.ns)
	message := func(name string) string {
		u, err := own.Get(ctx, name, metav1.GetOptions{})
		require.NoError(t, err)
		list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
		for _, c := range list {
			if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
				return fmt.Sprint(m["reason"], ": ", m["message"])
			}
		}
		return ""
	}
	e.eventually(t, patience, func() bool { return strings.HasPrefix(message("floor"), "Valid") }, "the ScaledObject is a target")
	e.eventually(t, patience, func() bool {
		m := message("wrong")
		return strings.HasPrefix(m, "OwnedByScaledObject") && strings.Contains(m, "name web")
	}, "the HPA of KEDA is refused")

	e.steady("coming", 95)
	took := e.eventually(t, patience, func() bool { return e.replicas(t) >= 10 }, "minReplicaCount 10")
	fmt.Printf("MEASURED demand visible to spec.replicas changed, over a ScaledObject: %d ms\n", took.Milliseconds())
	require.GreaterOrEqual(t, minimum(), int64(10))
	e.always(t, 35*time.Second, func() bool { return e.replicas(t) >= 10 }, "it stays")
	annotate := func(value string) {
		_, err := objects.Patch(ctx, "web", types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"autoscaling.keda.sh/paused-replicas":%s}}}`, value), metav1.PatchOptions{})
		require.NoError(t, err)
	}
	annotate(`"3"`)
	e.eventually(t, patience, func() bool { return minimum() == 2 && e.replicas(t) == 3 }, "paused at three by its user, and given back")
	e.steady("coming", 125)
	e.always(t, 10*time.Second, func() bool { return minimum() == 2 && e.replicas(t) == 3 }, "a pause is left alone")
	annotate("null")
	e.eventually(t, patience, func() bool { return minimum() >= 13 && e.replicas(t) >= 13 }, "125 are 13")
	require.NoError(t, own.Delete(ctx, "floor", metav1.DeleteOptions{}))
	e.eventually(t, patience, func() bool { return minimum() == 2 }, "given back")
	e.eventually(t, patience, func() bool { // the claim goes after the value, in a write of its own
		u, err := objects.Get(ctx, "web", metav1.GetOptions{})
		require.NoError(t, err)
		_, claimed := u.GetAnnotations()["forescale.dev/floor"]
		return !claimed
	}, "and without a trace")
}

// The first way in, on a real Prometheus: a day of four minutes, replayed. The
// Deployment is up before the load is, and holds when Prometheus or forescale
// itself is gone.
func testScaler(t *testing.T, e *env) {
	ctx := t.Context()
	port, err := stack.FreePort()
	require.NoError(t, err)
	const period = 240 * time.Second
	prom, err := e.Prometheus(ctx, 5*period, func(t time.Time) float64 { // 15 to 95; on its way up it needs the sixth replica after 120 s
		x := float64(t.UnixNano()%int64(period)) / float64(time.Second)
		return (55 - 40*math.Cos(2*math.Pi*(x-60)/240)) * (1 + 0.01*math.Sin(x*7))
	})
	require.NoError(t, err)
	t.Cleanup(prom.Close)
	serve := e.run(t, "serve", "--grpc-address", fmt.Sprintf("127.0.0.1:%d", port), "--prometheus-url", prom.URL)
	into := func() time.Duration { return time.Duration(time.Now().UnixNano()) % period }
	for x := into(); x < 10*time.Second || x > 40*time.Second; x = into() {
		time.Sleep(100 * time.Millisecond) // the way down is over
	}
	require.NoError(t, e.Apply(ctx, e.scaledObject(port, "forecast.model: seasonal-naive\n      forecast.seasons: 4m\n      forecast.risk: \"0.5\"\n      scale.leadTime: 35s")))
	low := e.replicas(t)
	var lead time.Duration
	for lead == 0 {
		n := e.replicas(t)
		require.Less(t, into(), 200*time.Second, "never came up (replicas %d, at least %d)", n, low)
		low = min(low, n)
		if n >= 6 {
			lead = 120*time.Second - into()
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("MEASURED behind KEDA and Prometheus: replicas raised to 6 %.1f s before the load needs it, up from %d (lead time 35 s, HPA sync 15 s)\n", lead.Seconds(), low)
	require.Less(t, low, int32(5))
	require.Positive(t, lead)

	for into() < 170*time.Second {
		time.Sleep(100 * time.Millisecond)
	}
	const need = int32(10) // for what was seen last, 93
	require.GreaterOrEqual(t, e.replicas(t), need)
	_ = prom.Stop(syscall.SIGTERM, time.Minute)
	e.always(t, time.Minute, func() bool { return e.replicas(t) >= need }, "without Prometheus it holds")
	require.NoError(t, serve.Stop(syscall.SIGTERM, time.Minute))
	e.always(t, 40*time.Second, func() bool { return e.replicas(t) >= need }, "without forescale it holds")
}

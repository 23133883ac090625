package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Without a target per replica it is learned, from latency in the metrics store and
// from ready pods in the cluster, and said to be unknown before.
func TestCapacityIsLearnedFromThePods(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(30)
	latency := fmt.Sprintf("latency{ns=%q}", b.ns)
	b.metrics.Set(latency, steady(0.1))
	b.metrics.Down(latency, true)
	b.start("a")
	b.apply(strings.NewReplacer(`targetPerReplica: "10"`, `latencyObjective: {quantile: "0.95", value: 200ms}`, "step: 1s", "step: 1s, latencyQuery: '"+latency+"'").Replace(b.autoscaler("")))
	b.reason("web", "Acting", "CapacityUnknown")
	require.EqualValues(t, 2, b.floor())
	b.metrics.Down(latency, false)
	b.reason("web", "Acting", "FloorHeld") // 15 were carried, in a cell that begins a little below: a third one
	b.demand(57)
	b.eventually(patience, func() bool { return b.floor() >= 4 }, "57 at 15 a replica are 4")
}

// Where it is asked for, the pods' processors say what a replica carries at most: 7
// here, and not the 10 that the object states. It takes 16 windows of 15 s to tell.
func TestTheProcessorsBoundAReplica(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	load := func(t time.Time) float64 { return 8 + 4*math.Sin(2*math.Pi*float64(t.UnixNano()%47e9)/47e9) }
	b.series(load)
	b.cpu.Set(b.ns, func(from, to time.Time) float64 {
		mean, n := 0.0, 0.0
		for at := from.Add(time.Second); !at.After(to); at = at.Add(time.Second) {
			mean, n = mean+load(at), n+1
		}
		return 0.02 + 0.98*mean/n/2/7 // two replicas with a core each
	})
	b.apply(named(strings.Replace(b.workload(), "image: none", `image: none, resources: {limits: {cpu: "1"}}`, 1)+b.hpa(2), 0))
	b.start("a")
	b.apply(named(b.autoscaler("podCPU: true"), 0))
	begin := time.Now()
	b.eventually(3*patience, func() bool {
		list, err := b.Kube.EventsV1().Events(b.ns).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=BoundByCPU"})
		require.NoError(t, err)
		return len(list.Items) > 0
	}, "an event tells of it")
	fmt.Printf("MEASURED pods' processors to what a replica carries, by windows of 15 s: %.0f s\n", time.Since(begin).Seconds())
	b.demand(17)
	b.eventually(patience, func() bool {
		h, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Get(t.Context(), "web-0", metav1.GetOptions{})
		require.NoError(t, err)
		return *h.Spec.MinReplicas >= 3
	}, "17 at 7 a replica are 3 replicas, at 10 they were 2")
}

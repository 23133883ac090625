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

// The cases that take longest, late among the files: parallel cases go on from the
// last to the first.

// A step and a ramp that came at the same minute of each day of a fortnight: nobody
// announces them, the model in its default setting learns them, and the replicas
// are there before the load.
func TestALearnedStepAndRampAreMetAhead(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	start := time.Now().Add(7 * time.Minute).Truncate(time.Minute) // far enough for a slow machine to be set up before anything is due
	since := func(t time.Time) float64 {                           // seconds since the start of the same day's rise
		s := t.Sub(start).Seconds()
		return s - 86400*math.Floor((s+43200)/86400)
	}
	ripple := func(t time.Time) float64 { return 1 + 0.01*math.Sin(float64(t.Unix())/7) }
	loads := []func(time.Time) float64{
		func(t time.Time) float64 { // from 20 to 80 at once, for two hours
			if s := since(t); s >= 0 && s < 7200 {
				return 78 * ripple(t)
			}
			return 18 * ripple(t)
		},
		func(t time.Time) float64 { // from 20 to 260 in eight minutes: three replicas a minute
			return (18 + 0.5*min(max(since(t), 0), 480)) * ripple(t)
		},
	}
	b.more(len(loads), 2)
	b.start("a")
	for i, load := range loads {
		query := fmt.Sprintf("%s + %d", b.query(), i)
		b.metrics.Set(query, load)
		b.apply(strings.NewReplacer(
			"'"+b.query()+"', step: 1s, history: 10m, ttl: 5s", "'"+query+"'", // the default step and history
			`forecast: {model: naive, buffer: "1"}`, "", "leadTime: 5s", "leadTime: 60s",
		).Replace(named(b.autoscaler(""), i)))
	}
	replicas := func(i int) int32 {
		d, err := b.Kube.AppsV1().Deployments(b.ns).Get(t.Context(), fmt.Sprintf("web-%d", i), metav1.GetOptions{})
		require.NoError(t, err)
		return *d.Spec.Replicas
	}
	for i := range loads {
		b.reason(fmt.Sprintf("web-%d", i), "Forecasting", "ModelFitted")
		require.Less(t, replicas(i), int32(4), "it is too early")
	}
	b.eventually(3*patience, func() bool { return replicas(0) >= 8 }, "the step needs 8 replicas")
	lead := time.Until(start)
	fmt.Printf("MEASURED replicas there %.1f s before a step that was learned (lead time 60 s)\n", lead.Seconds())
	require.Positive(t, lead)
	for _, n := range []int32{5, 8, 11} { // carried until 64, 124 and 184 s into the ramp
		b.eventually(3*patience, func() bool { return replicas(1) >= n }, fmt.Sprint("the ramp needs replica ", n))
		need := start.Add(time.Duration(float64(10*(n-1)-18)/0.5) * time.Second)
		lead := time.Until(need)
		fmt.Printf("MEASURED replica %d there %.1f s before a learned ramp needs it (lead time 60 s)\n", n, lead.Seconds())
		require.Positive(t, lead)
	}
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

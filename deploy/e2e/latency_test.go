package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

// Decision to changed spec.replicas, many times, beside what "raise minReplicas
// and wait for the HPA" costs in the same cluster.
func TestLatencyOfTheFloor(t *testing.T) {
	b := shared.bench(t)
	b.demand(15)
	const objects = 6
	b.more(objects+20, 2)
	b.eventually(patience, func() bool { return b.atLeast(2) == objects+20 }, "their Deployments have two replicas")
	c := b.start("a")
	for i := range objects {
		b.apply(named(b.autoscaler(""), i))
	}
	for i := range objects {
		b.reason(fmt.Sprintf("web-%d", i), "Forecasting", "ModelFitted")
	}
	reads := b.requests(c).reads
	var all []time.Duration
	for n := int32(3); n <= 12; n++ {
		b.demand(float64(n)*10 - 5)
		all = append(all, b.eventually(patience, func() bool { return b.atLeast(n) == objects }, fmt.Sprint("replicas ", n)))
		time.Sleep(time.Second)
	}
	tell("demand changed at the source to spec.replicas changed", all)
	decided := tookOf(t, c.Log)
	require.GreaterOrEqual(t, len(decided), 20)
	floor := tell("decision to floor and, before Kubernetes 1.37, spec.replicas written", decided)
	atOnce := b.get().Generation > 0           // from 1.37 on the HPA acts on a changed floor by itself
	looked := int(b.requests(c).reads - reads) // each write of a count looks at it first
	require.Equal(t, !atOnce, looked >= len(decided), "the count is written where that is needed, and only there (%d looks, %d decisions)", looked, len(decided))
	wait := tell("minReplicas raised and the HPA waited for", b.waitForHPAs(objects, 20))
	if !atOnce {
		require.Less(t, 3*floor, wait, "the floor does not wait for the HPA's next look")
	}
}

// tell prints how long something took and returns the median.
func tell(what string, all []time.Duration) time.Duration {
	slices.Sort(all)
	at := func(q float64) int64 { return all[min(int(q*float64(len(all))), len(all)-1)].Milliseconds() }
	fmt.Printf("MEASURED %s, n=%d: min %d, median %d, p99 %d, max %d ms\n", what, len(all), at(0), at(0.5), at(0.99), at(1))
	return all[len(all)/2]
}

// waitForHPAs raises minReplicas of n HPAs, web-from and on, spread over one of
// their periods, and returns how long each took to change the count.
func (b *bench) waitForHPAs(from, n int) []time.Duration {
	b.t.Helper()
	hpas := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns)
	out := make([]time.Duration, n)
	var group errgroup.Group
	for i := range n {
		time.Sleep(15 * time.Second / time.Duration(n))
		group.Go(func() error {
			name := fmt.Sprintf("web-%d", from+i)
			begin := time.Now()
			if _, err := hpas.Patch(b.t.Context(), name, types.MergePatchType, []byte(`{"spec":{"minReplicas":3}}`), metav1.PatchOptions{}); err != nil {
				return err
			}
			return stack.Until(b.t.Context(), patience, func(ctx context.Context) error {
				d, err := b.Kube.AppsV1().Deployments(b.ns).Get(ctx, name, metav1.GetOptions{})
				if err == nil && *d.Spec.Replicas < 3 {
					return fmt.Errorf("%s has %d replicas", name, *d.Spec.Replicas)
				}
				out[i] = time.Since(begin)
				return err
			})
		})
	}
	require.NoError(b.t, group.Wait())
	return out
}

// atLeast is how many Deployments of the namespace, web left out, have n replicas
// or more.
func (b *bench) atLeast(n int32) int {
	b.t.Helper()
	list, err := b.Kube.AppsV1().Deployments(b.ns).List(b.t.Context(), metav1.ListOptions{})
	require.NoError(b.t, err)
	out := 0
	for i := range list.Items {
		if list.Items[i].Name != "web" && *list.Items[i].Spec.Replicas >= n {
			out++
		}
	}
	return out
}

// From a sample that a real Prometheus has to changed replicas, over ten objects
// with Deployments of their own.
func TestLoadVisibleInPrometheusIsActedOn(t *testing.T) {
	const objects, steps = 10, 10
	b := shared.bench(t)
	load := func(n int) func(time.Time) float64 {
		return func(time.Time) float64 { return float64(10*n - 5) }
	}
	prom, err := b.Prometheus(t.Context(), 2*time.Minute, load(2))
	require.NoError(t, err)
	t.Cleanup(prom.Close)
	b.more(objects, 2)
	b.start("a", "--prometheus-url", prom.URL)
	for i := range objects {
		b.apply(strings.Replace(named(b.autoscaler(""), i), fmt.Sprintf("'demand{ns=%q}'", b.ns), "load", 1))
	}
	for i := range objects {
		b.reason(fmt.Sprintf("web-%d", i), "Forecasting", "ModelFitted")
	}
	var all []time.Duration
	for n := 3; n < 3+steps; n++ {
		prom.Set(load(n))
		b.eventually(patience, func() bool {
			v, err := prom.Query(t.Context(), "load")
			return err == nil && v > float64(10*n-10)
		}, "Prometheus has the load")
		seen := time.Now()
		done := 0
		b.eventually(patience, func() bool {
			for now := b.atLeast(int32(n)); done < now; done++ {
				all = append(all, time.Since(seen))
			}
			return done == objects
		}, fmt.Sprint("all have replicas ", n))
	}
	median := tell("load visible in Prometheus (scraped each second) to replicas changed", all)
	require.Less(t, median, 7*time.Second, "half a period of the HPA")
}

// tookOf reads from a log how long each write took from its decision on.
func tookOf(t *testing.T, log string) []time.Duration {
	t.Helper()
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	var out []time.Duration
	for _, m := range regexp.MustCompile(`msg="floor moved".* took=(\S+)`).FindAllStringSubmatch(string(text), -1) {
		d, err := time.ParseDuration(m[1])
		require.NoError(t, err)
		out = append(out, d)
	}
	return out
}

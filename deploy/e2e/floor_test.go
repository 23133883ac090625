package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The load visible in the metrics store is carried at once, on a cluster whose
// HPA looks every 15 s; it stays for a minute although the HPA's own metric wants
// two replicas, and deleting the object leaves the HPA as it was.
func TestFloorRaisedAtOnceAndStaysAndIsGivenBack(t *testing.T) {
	b := shared.bench(t)
	before := b.get()
	b.demand(15)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { s, _, _ := b.condition("web", "Ready"); return s == "True" }, "the object is ready")
	b.always(5*time.Second, func() bool { return b.floor() == 2 }, "no more than the minimum is needed")
	b.clean()

	b.demand(95)
	took := b.eventually(5*time.Second, func() bool { return b.replicas() >= 10 }, "95 at 10 a replica are 10 replicas")
	fmt.Printf("MEASURED demand visible to spec.replicas changed: %d ms\n", took.Milliseconds())
	require.Contains(t, b.get().Annotations, annotation)
	b.always(60*time.Second, func() bool { return b.replicas() == 10 && b.floor() == 10 }, "it stays")

	require.NoError(t, b.Dynamic.Resource(paGVR()).Namespace(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	took = b.eventually(10*time.Second, func() bool { return b.floor() == 2 }, "the floor is given back")
	fmt.Printf("MEASURED object deleted to floor given back: %d ms\n", took.Milliseconds())
	b.eventually(5*time.Second, func() bool { return b.get().Annotations[annotation] == "" }, "no annotation is left")
	b.clean()
	require.Equal(t, owners(before.ManagedFields), owners(b.get().ManagedFields), "the field has its owner back")
}

// owners lists who holds what, but for status and times.
func owners(list []metav1.ManagedFieldsEntry) []string {
	var out []string
	for _, f := range list {
		if f.Subresource == "" {
			out = append(out, fmt.Sprintf("%s %s %s", f.Manager, f.Operation, f.FieldsV1.GetRawString()))
		}
	}
	slices.Sort(out)
	return out
}

// The HPA remains in charge above the floor.
func TestTheHPAScalesAboveTheFloor(t *testing.T) {
	b := shared.bench(t)
	b.demand(50)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(20*time.Second, func() bool { return b.replicas() == 5 }, "the forecast wants 5")
	b.adapter.Set(b.ns, 120)
	b.eventually(45*time.Second, func() bool { return b.replicas() == 12 }, "the HPA's own metric wants 12")
	require.EqualValues(t, 5, b.floor())
}

// Decision to changed spec.replicas, many times, beside what waiting for the HPA
// costs.
func TestLatencyOfTheFloor(t *testing.T) {
	b := shared.bench(t)
	b.demand(15)
	c := shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { s, _, _ := b.condition("web", "Forecasting"); return s == "True" }, "a forecast is there")
	var all []time.Duration
	for n := int32(3); n <= 22; n++ {
		b.demand(float64(n)*10 - 5)
		all = append(all, b.eventually(10*time.Second, func() bool { return b.replicas() >= n }, fmt.Sprint("replicas ", n)))
		time.Sleep(300 * time.Millisecond)
	}
	slices.Sort(all)
	fmt.Printf("MEASURED demand changed at the source to spec.replicas changed, n=%d: min %d, median %d, max %d ms\n",
		len(all), all[0].Milliseconds(), all[len(all)/2].Milliseconds(), all[len(all)-1].Milliseconds())
	require.Less(t, all[len(all)-1], 3*time.Second)
	decided := tookOf(t, c.Log)
	fmt.Printf("MEASURED decision to spec.replicas changed, n=%d: min %d, median %d, max %d ms\n",
		len(decided), decided[0].Milliseconds(), decided[len(decided)/2].Milliseconds(), decided[len(decided)-1].Milliseconds())
	require.GreaterOrEqual(t, len(decided), 20)
	require.Less(t, decided[len(decided)/2], 200*time.Millisecond)
}

func TestPausedGivesBackAndShadowHoldsNothing(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	shared.start(t, "a")
	b.apply(b.autoscaler("mode: Shadow"))
	b.eventually(30*time.Second, func() bool { _, r, _ := b.condition("web", "Acting"); return r == "Shadow" }, "it says that it is a shadow")
	b.always(3*time.Second, func() bool { return b.floor() == 2 }, "a shadow writes nothing")
	b.clean()
	b.apply(b.autoscaler("mode: Active"))
	b.eventually(10*time.Second, func() bool { return b.floor() == 10 }, "now it acts")
	b.apply(b.autoscaler("mode: Paused"))
	b.eventually(10*time.Second, func() bool { return b.floor() == 2 }, "paused gives back")
	time.Sleep(time.Second)
	b.clean()
}

func TestTheUsersEditBecomesTheOriginal(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"spec":{"minReplicas":4}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	require.NoError(t, err)
	b.eventually(10*time.Second, func() bool { return b.floor() == 10 }, "the floor is up again")
	require.NoError(t, b.Dynamic.Resource(paGVR()).Namespace(b.ns).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	b.eventually(10*time.Second, func() bool { return b.floor() == 4 }, "the user's value is given back")
	time.Sleep(time.Second)
	b.clean()
}

// A tool that applies its manifest again and again wins after a few writes, and
// is named.
func TestAReverterIsLeftInPeace(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	shared.start(t, "a")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")
	raised := 1
	begin := time.Now()
	for time.Since(begin) < 45*time.Second {
		if b.floor() != 2 {
			require.NoError(t, b.ApplyAs(t.Context(), b.hpa(2), "argocd-controller"))
			raised++
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("MEASURED writes against a reverter in 45 s: %d\n", raised-1)
	require.LessOrEqual(t, raised-1, 4)
	b.eventually(10*time.Second, func() bool { s, _, _ := b.condition("web", "Contested"); return s == "True" }, "the object says that it is contested")
	_, _, message := b.condition("web", "Contested")
	require.Contains(t, message, "argocd-controller")
}

// SIGTERM of the only replica restores; of one of two it hands over, and the
// floor never moves.
func TestStoppingReplicas(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	first := shared.start(t, "a", "--lease-duration", "4s")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")
	second := shared.start(t, "b", "--lease-duration", "4s")
	time.Sleep(5 * time.Second)

	require.NoError(t, first.Stop(syscall.SIGTERM, 20*time.Second))
	b.always(8*time.Second, func() bool { return b.floor() == 10 && b.replicas() == 10 }, "handed over without a dip")
	b.demand(125)
	b.eventually(10*time.Second, func() bool { return b.floor() == 13 }, "the second replica acts")

	third := shared.start(t, "c", "--lease-duration", "4s")
	time.Sleep(5 * time.Second)
	_ = second.Stop(syscall.SIGKILL, time.Second)
	killed := time.Now()
	b.demand(155)
	b.eventually(30*time.Second, func() bool { require.GreaterOrEqual(t, b.floor(), int32(13)); return b.floor() == 16 }, "the third replica takes over")
	fmt.Printf("MEASURED holder killed to another acting, lease of 4 s: %.1f s\n", time.Since(killed).Seconds())

	require.NoError(t, third.Stop(syscall.SIGTERM, 20*time.Second))
	b.eventually(time.Second, func() bool { return b.floor() == 2 }, "the last one restores")
	b.clean()
}

// tookOf reads from a log how long each write took from its decision on, sorted.
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
	slices.Sort(out)
	return out
}

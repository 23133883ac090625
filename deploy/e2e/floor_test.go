package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
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
	t.Parallel()
	b := shared.bench(t)
	before := b.get()
	b.demand(15)
	b.start("a")
	b.apply(b.autoscaler(""))
	b.reason("web", "Ready", "Valid")
	b.always(5*time.Second, func() bool { return b.floor() == 2 }, "no more than the minimum is needed")
	b.clean()

	b.demand(95)
	b.eventually(patience, func() bool { return b.replicas() >= 10 }, "95 at 10 a replica are 10 replicas")
	require.Contains(t, b.get().Annotations, annotation)
	b.always(60*time.Second, func() bool { return b.replicas() >= 10 && b.floor() >= 10 }, "it stays")

	b.remove("web")
	took := b.eventually(patience, func() bool { return b.floor() == 2 }, "the floor is given back")
	fmt.Printf("MEASURED object deleted to floor given back: %d ms\n", took.Milliseconds())
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

// A forecast that asks for too little does no harm: the HPA remains in charge
// above the floor.
func TestAWrongForecastLeavesTheHPAInCharge(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(50)
	b.start("a")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.replicas() == 5 }, "the forecast wants 5")
	b.adapter.Set(b.ns, 120)
	b.eventually(patience, func() bool { return b.replicas() == 12 }, "the HPA's own metric wants 12")
	require.EqualValues(t, 5, b.floor())
}

func TestPausedGivesBackAndShadowHoldsNothing(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(95)
	b.start("a")
	b.apply(b.autoscaler("mode: Shadow"))
	b.reason("web", "Acting", "Shadow")
	b.always(3*time.Second, func() bool { return b.floor() == 2 }, "a shadow writes nothing")
	b.clean()
	b.apply(b.autoscaler("mode: Active"))
	b.eventually(patience, func() bool { return b.floor() == 10 }, "now it acts")
	b.apply(b.autoscaler("mode: Paused"))
	b.eventually(patience, func() bool { return b.floor() == 2 }, "paused gives back")
	b.clean()
}

// With --read-only nothing is written to any target, whatever the objects say.
func TestReadOnlyWritesNothing(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(95)
	b.start("a", "--read-only")
	b.apply(b.autoscaler(""))
	b.reason("web", "Acting", "ReadOnly")
	b.reason("web", "Forecasting", "ModelFitted")
	b.always(5*time.Second, func() bool { return b.floor() == 2 && b.replicas() == 2 }, "it looks on")
	b.clean()
	u, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	require.Empty(t, u.GetFinalizers(), "what holds nothing needs none")
}

func TestTheUsersEditBecomesTheOriginal(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)
	_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"spec":{"minReplicas":4}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	require.NoError(t, err)
	b.eventually(patience, func() bool { return b.floor() == 10 }, "the floor is up again")
	b.remove("web")
	b.eventually(patience, func() bool { return b.floor() == 4 }, "the user's value is given back")
	b.clean()
}

// A user may want for good just what the floor happens to be. The API server changes nothing
// then but who holds the field, or the annotation of kubectl.
func TestAWishEqualToTheFloorBecomesTheOriginal(t *testing.T) {
	t.Parallel()
	for name, wish := range map[string]func(*bench) error{
		"server-side apply": func(b *bench) error { return b.ApplyAs(b.t.Context(), b.hpa(10), "flux") },
		"kubectl apply": func(b *bench) error {
			_, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).Patch(b.t.Context(), "web", types.MergePatchType,
				[]byte(`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"minReplicas\":10}}"}}}`),
				metav1.PatchOptions{FieldManager: "kubectl-client-side-apply"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := shared.holding(t)
			require.NoError(t, wish(b))
			b.clean()
			require.EqualValues(t, 10, b.floor(), "it is the user's now")
			b.demand(15)
			b.remove("web")
			b.always(5*time.Second, func() bool { return b.floor() == 10 }, "and remains so")
		})
	}
}

// An owner who lowers the maximum of the object need not wait until demand has gone.
func TestALoweredMaximumIsKeptAtOnce(t *testing.T) {
	t.Parallel()
	b, _ := shared.holding(t)
	b.apply(strings.Replace(b.autoscaler(""), "leadTime: 5s}", "leadTime: 5s, maxReplicas: 9}", 1))
	took := b.eventually(patience, func() bool { return b.floor() == 9 }, "one less")
	require.Less(t, took, 30*time.Second)
}

// An HPA that kubectl autoscale has made is as any other: its floor is held and given back, and
// the field is its maker's again. Without a minimum it has that of the API server.
func TestAnHPAOfKubectlAutoscale(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	autoscale := func(how string) {
		b.kubectl(fmt.Sprintf("kubectl -n %[1]s delete hpa web && kubectl -n %[1]s autoscale deployment web %[2]s", b.ns, how))
	}
	autoscale("--min=3 --max=40 --cpu=80%")
	b.demand(95)
	b.start("a")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 10 && b.replicas() == 10 }, "the floor is held")
	b.kubectl("kubectl -n " + b.ns + ` patch pa web --type merge -p '{"spec":{"mode":"Paused"}}'`)
	b.eventually(patience, func() bool { return b.floor() == 3 }, "given back")
	b.clean()
	owners := b.kubectl("kubectl -n " + b.ns + " get hpa web -o yaml --show-managed-fields")
	require.Regexp(t, `(?s)f:minReplicas.*manager: kubectl-autoscale`, owners)
	autoscale("--max=40")
	b.kubectl("kubectl -n " + b.ns + ` patch pa web --type merge -p '{"spec":{"mode":"Active"}}'`)
	b.eventually(patience, func() bool { return b.floor() == 10 }, "another one of the name is held")
	b.remove("web")
	b.eventually(patience, func() bool { return b.floor() == 1 }, "and given back")
	b.clean()
}

// A tool that applies its manifest again and again wins after a few writes, and
// is named.
func TestAReverterIsLeftInPeace(t *testing.T) {
	t.Parallel()
	b, c := shared.holding(t)
	reverts := 0
	revert := func() {
		if b.floor() != 2 {
			require.NoError(t, b.ApplyAs(t.Context(), b.hpa(2), "argocd-controller"))
			reverts++
		}
	}
	b.eventually(patience, func() bool {
		revert()
		_, reason, _ := b.condition("web", "Contested")
		return reason == "Reverted"
	}, "the object says that it is contested")
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		revert()
	}
	fmt.Printf("MEASURED writes against a reverter: %d\n", reverts)
	require.LessOrEqual(t, reverts, 4)
	_, _, message := b.condition("web", "Contested")
	require.Contains(t, message, "argocd-controller")
	res, err := http.Get("http://" + c.http + "/metrics")
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), fmt.Sprintf("forescale_object_condition{condition=\"Contested\",name=\"web\",namespace=%q,reason=\"Reverted\"} 1\n", b.ns), "and so do the metrics")
}

// A target whose pods cannot be scheduled says so, with the remedy, and what waits for
// a node is not taken for a slow start.
func TestPodsThatFindNoNodeAreReported(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(15)
	b.apply(fmt.Sprintf(`
apiVersion: v1
kind: Node
metadata: {name: %[1]s, labels: {room: %[1]s}, annotations: {kwok.x-k8s.io/node: fake}}
spec: {taints: [{key: room, effect: NoSchedule}]}
`, b.ns)) // KWOK gives it 1,000 CPUs: three pods of 300
	t.Cleanup(func() {
		_ = b.Kube.CoreV1().Nodes().Delete(context.WithoutCancel(t.Context()), b.ns, metav1.DeleteOptions{})
	})
	tight := strings.Replace(b.workload(), "containers: [{name: main, image: none}]",
		fmt.Sprintf("nodeSelector: {room: %s}, tolerations: [{key: room}], containers: [{name: main, image: none, resources: {requests: {cpu: \"300\"}}}]", b.ns), 1)
	b.apply(named(tight+b.hpa(2), 0))
	b.start("a")
	b.apply(named(b.autoscaler(""), 0))
	b.reason("web-0", "Acting", "FloorFree")
	b.demand(55)
	b.reason("web-0", "Acting", "PodsUnschedulable")
	_, _, message := b.condition("web-0", "Acting")
	require.Contains(t, message, "cannot be scheduled")
	b.eventually(patience, func() bool {
		list, err := b.Kube.EventsV1().Events(b.ns).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=PodsUnschedulable"})
		require.NoError(t, err)
		return len(list.Items) == 1
	}, "one event tells of it")
	b.demand(15)
	b.remove("web-0")
	require.NoError(t, b.Kube.AppsV1().Deployments(b.ns).Delete(t.Context(), "web-0", metav1.DeleteOptions{}))
}

// An HPA that has never had a target is told of, with what to do about it, and is followed once
// it has one.
func TestAnHPAWithoutATargetIsTold(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(15)
	b.apply(named(b.hpa(2), 0))
	b.start("a")
	b.apply(named(b.autoscaler(""), 0))
	b.demand(95)
	b.eventually(patience, func() bool {
		status, reason, message := b.condition("web-0", "Ready")
		return status == "False" && reason == "FailedGetScale" && strings.Contains(message, "make the target that the HPA names")
	}, "the HPA finds no Deployment")
	b.apply(named(b.workload(), 0))
	b.reason("web-0", "Acting", "FloorHeld")
	b.eventually(patience, func() bool {
		status, reason, _ := b.condition("web-0", "Ready")
		return status == "True" && reason == "Valid"
	}, "the HPA finds it")
	b.remove("web-0")
}

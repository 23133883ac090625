package e2e

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SIGTERM of one of two hands over and the floor never moves; SIGKILL of the
// holder is followed by the other within the lease; SIGTERM of the last one
// restores.
func TestStoppingReplicas(t *testing.T) {
	t.Parallel()
	b, first := shared.holding(t)
	second := b.start("b")
	b.ready(second)

	require.NoError(t, first.Stop(syscall.SIGTERM, time.Minute))
	text, err := os.ReadFile(first.Log)
	require.NoError(t, err)
	require.NotContains(t, string(text), "level=ERROR", "a stop is no error")
	b.always(8*time.Second, func() bool { return b.floor() >= 10 && b.replicas() >= 10 }, "handed over without a dip")
	b.demand(125)
	b.eventually(patience, func() bool { return b.floor() >= 13 }, "the second replica acts")

	third := b.start("c")
	b.ready(third)
	_ = second.Stop(syscall.SIGKILL, time.Second)
	killed := time.Now()
	b.demand(300) // far above what the second one may still have asked for beyond 125
	b.eventually(patience, func() bool { require.GreaterOrEqual(t, b.floor(), int32(13)); return b.floor() >= 30 }, "the third replica takes over")
	fmt.Printf("MEASURED holder killed to another acting, lease of 15 s: %.1f s\n", time.Since(killed).Seconds())

	begin := time.Now()
	require.NoError(t, third.Stop(syscall.SIGTERM, time.Minute))
	require.EqualValues(t, 2, b.floor(), "the last one restores before it ends")
	fmt.Printf("MEASURED last replica told to stop to the floor given back and the process gone: %.1f s\n", time.Since(begin).Seconds())
	b.clean()
}

// The only replica is killed without a word: the floor stays, and the next one,
// which may come much later, gives back what no object claims any more.
func TestAKilledHolderIsCleanedUpAfter(t *testing.T) {
	t.Parallel()
	b, first := shared.holding(t)
	_ = first.Stop(syscall.SIGKILL, time.Second)
	killed := time.Now()
	pa := b.Dynamic.Resource(paGVR()).Namespace(b.ns)
	_, err := pa.Patch(t.Context(), "web", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	b.remove("web")
	require.EqualValues(t, 10, b.floor())
	b.start("b")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "the successor restores")
	fmt.Printf("MEASURED only holder killed, successor started, orphaned floor restored, lease of 15 s: %.1f s\n", time.Since(killed).Seconds())
	b.clean()
}

// An object that is deleted while the only replica is gone waits for the next one, with its
// finalizer in place.
func TestAnObjectDeletedWhileNobodyRuns(t *testing.T) {
	t.Parallel()
	b, first := shared.holding(t)
	_ = first.Stop(syscall.SIGKILL, time.Second)
	b.remove("web")
	b.start("b")
	begin := time.Now()
	b.eventually(patience, func() bool { return b.floor() == 2 }, "the successor restores")
	b.eventually(patience, func() bool {
		_, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}, "and lets the object go")
	fmt.Printf("MEASURED successor started to the floor of a deleted object restored, lease of 15 s: %.1f s\n", time.Since(begin).Seconds())
	b.clean()
}

// Of two replicas that are given one name, as two pods on the network of one node are, and
// start at the same moment, one acts. The other one takes the floors over when that stops.
func TestTwoReplicasOfOneName(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(95)
	b.apply(b.autoscaler(""))
	twins := []*controller{b.start("a"), b.start("twin", "--identity", "a")}
	b.eventually(patience, func() bool { return b.floor() == 10 && b.replicas() == 10 }, "the floor is held")
	for _, c := range twins {
		b.ready(c)
	}
	first, second := twins[0], twins[1]
	if b.leads(second) {
		first, second = second, first
	}
	b.always(20*time.Second, func() bool { return b.leads(first) && !b.leads(second) }, "one of them acts")
	stopped := make(chan error, 1)
	go func() { stopped <- first.Stop(syscall.SIGTERM, time.Minute) }()
	b.always(12*time.Second, func() bool { return b.floor() >= 10 && b.replicas() >= 10 }, "handed over without a dip")
	require.NoError(t, <-stopped)
	b.demand(145)
	b.eventually(patience, func() bool { return b.floor() >= 15 }, "the other one acts")
}

// Of two controllers for different namespaces that share a Lease by mistake only one acts. The
// one that stops hands its floors over to the other, which cannot see them: they stay, on the
// safe side, until a controller of their namespace goes on.
func TestControllersOfDifferentNamespacesAndOneLease(t *testing.T) {
	t.Parallel()
	acting, first := shared.holding(t)
	idle := shared.bench(t)
	idle.demand(95)
	idle.apply(idle.autoscaler(""))
	second := idle.start("second", "--lease", "forescale-"+acting.ns)
	idle.ready(second)
	idle.always(5*time.Second, func() bool { return idle.floor() == 2 && idle.leads(first) && !idle.leads(second) }, "one of them acts")

	require.NoError(t, first.Stop(syscall.SIGTERM, time.Minute))
	idle.eventually(patience, func() bool { return idle.floor() == 10 }, "the other one acts, on its own namespace")
	require.EqualValues(t, 10, acting.floor(), "which it cannot do on this one")
	require.NoError(t, second.Stop(syscall.SIGTERM, time.Minute))
	require.EqualValues(t, 2, idle.floor())
	acting.start("third")
	acting.demand(125)
	acting.eventually(patience, func() bool { return acting.floor() >= 13 }, "its own controller goes on")
}

// A namespace goes with all that is in it, and the finalizer keeps it no longer than it takes
// to give the floor back.
func TestANamespaceThatIsDeleted(t *testing.T) {
	t.Parallel()
	b, c := shared.holding(t)
	begin := time.Now()
	require.NoError(t, b.Kube.CoreV1().Namespaces().Delete(t.Context(), b.ns, metav1.DeleteOptions{}))
	for {
		_, err := b.Kube.CoreV1().Namespaces().Get(t.Context(), b.ns, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			break
		}
		require.NoError(t, err)
		require.Less(t, time.Since(begin), patience, "the namespace is still there")
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("MEASURED a namespace with a held floor deleted to gone: %.1f s\n", time.Since(begin).Seconds())
	require.False(t, c.Exited())
	text, err := os.ReadFile(c.Log)
	require.NoError(t, err)
	require.NotContains(t, string(text), "level=ERROR")
}

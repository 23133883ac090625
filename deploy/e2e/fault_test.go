package e2e

import (
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An API server that restarts, and an etcd that hangs: the floor stays, and what
// demand asks for meanwhile is done afterwards.
func TestTheControlPlaneFails(t *testing.T) {
	b := shared.bench(t)
	b.demand(55)
	c := shared.start(t, "a", "--lease-duration", "30s")
	b.apply(b.autoscaler(""))
	b.eventually(60*time.Second, func() bool { return b.floor() == 6 }, "the floor is held")

	require.NoError(t, b.Freeze(8*time.Second))
	b.demand(95)
	took := b.eventually(30*time.Second, func() bool { return b.floor() >= 10 && b.replicas() >= 10 }, "etcd hung for 8 s")
	fmt.Printf("MEASURED etcd back to the new floor: %.1f s\n", took.Seconds())

	require.NoError(t, b.RestartAPI(t.Context(), 3*time.Second))
	require.GreaterOrEqual(t, b.floor(), int32(10))
	b.demand(295)
	took = b.eventually(60*time.Second, func() bool { return b.floor() >= 30 }, "the API server restarted")
	fmt.Printf("MEASURED API server back to the new floor: %.1f s\n", took.Seconds())
	require.False(t, c.Exited(), "the process has survived both")
	b.eventually(20*time.Second, func() bool { return b.replicas() >= 30 }, "and the replicas follow")
}

// A cut between the holder and the API server: the holder can write nothing, so
// another replica takes over within the lease, without a dip; alone, the process
// ends and its successor goes on.
func TestTheNetworkIsCut(t *testing.T) {
	b := shared.bench(t)
	b.demand(55)
	wire := newWire(t, strings.TrimPrefix(b.Server, "https://"))
	text, err := os.ReadFile(b.Kubeconfig)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), b.Server, "https://"+wire.address)), 0o600))
	first := shared.start(t, "a", "--kubeconfig", file, "--lease-duration", "4s")
	b.apply(b.autoscaler(""))
	b.eventually(60*time.Second, func() bool { return b.floor() == 6 }, "the floor is held")
	shared.start(t, "b", "--lease-duration", "4s")
	time.Sleep(4 * time.Second)

	wire.cut()
	begin := time.Now()
	b.demand(95)
	b.eventually(40*time.Second, func() bool { require.GreaterOrEqual(t, b.floor(), int32(6)); return b.floor() >= 10 }, "the other replica acts")
	fmt.Printf("MEASURED holder cut off to another acting, lease of 4 s: %.1f s\n", time.Since(begin).Seconds())
	require.Eventually(t, first.Exited, 20*time.Second, 100*time.Millisecond, "a holder without its lease ends")
	b.always(5*time.Second, func() bool { return b.floor() >= 10 }, "and nobody quarrels")
}

// A wire carries TCP to a server until it is cut: then nothing arrives any more,
// and nobody is told.
type wire struct {
	address string
	mu      sync.Mutex // guards what follows
	dead    bool
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	w := &wire{address: l.Addr().String()}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				_ = near.Close()
				continue
			}
			go w.carry(near, far)
			go w.carry(far, near)
		}
	}()
	return w
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
}

func (w *wire) carry(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		w.mu.Lock()
		dead := w.dead
		w.mu.Unlock()
		if dead {
			continue // into the void
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// The only replica is killed without a word: the floor stays, and the next one,
// which may come much later, gives back what no object claims any more.
func TestAKilledHolderIsCleanedUpAfter(t *testing.T) {
	b := shared.bench(t)
	b.demand(95)
	first := shared.start(t, "a", "--lease-duration", "4s")
	b.apply(b.autoscaler(""))
	b.eventually(30*time.Second, func() bool { return b.floor() == 10 }, "the floor is held")
	_ = first.Stop(syscall.SIGKILL, time.Second)
	pa := b.Dynamic.Resource(paGVR()).Namespace(b.ns)
	_, err := pa.Patch(t.Context(), "web", "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.NoError(t, pa.Delete(t.Context(), "web", metav1.DeleteOptions{}))
	require.EqualValues(t, 10, b.floor())
	begin := time.Now()
	shared.start(t, "b", "--lease-duration", "4s")
	b.eventually(30*time.Second, func() bool { return b.floor() == 2 }, "the successor restores")
	fmt.Printf("MEASURED successor started to the orphaned floor restored, lease of 4 s: %.1f s\n", time.Since(begin).Seconds())
	time.Sleep(time.Second)
	b.clean()
}

// A forecast of a load that comes every two minutes raises the floor before it
// arrives.
func TestTheForecastLeadsTheLoad(t *testing.T) {
	b := shared.bench(t)
	const period, rise = 120 * time.Second, 60 * time.Second
	b.series(func(t time.Time) float64 { // 15 to 95; on its way up it needs the sixth replica after 60 s
		x := float64(t.UnixNano()%int64(period)) / float64(time.Second)
		return (55 - 40*math.Cos(2*math.Pi*(x-30)/120)) * (1 + 0.01*math.Sin(x*7))
	})
	shared.start(t, "a")
	into := func() time.Duration { return time.Duration(time.Now().UnixNano()) % period }
	for x := into(); x < 15*time.Second || x > 25*time.Second; x = into() {
		time.Sleep(100 * time.Millisecond) // to the quiet part of a period
	}
	text := strings.Replace(b.autoscaler(""), `forecast: {model: naive, buffer: "1"}`, `forecast: {model: seasonal-naive, seasons: "2m", risk: "0.5"}`, 1)
	b.apply(strings.Replace(text, "leadTime: 5s", "leadTime: 15s", 1))
	time.Sleep(5 * time.Second)
	require.Less(t, b.floor(), int32(6), "nothing is raised in the quiet part")
	var lead time.Duration
	for lead == 0 {
		x := into()
		require.Less(t, x, 100*time.Second, "the floor never came up (floor %d)", b.floor())
		if b.floor() >= 6 {
			lead = rise - x
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Printf("MEASURED floor raised to 6 %.1f s before the load needs it (lead time 15 s)\n", lead.Seconds())
	require.Greater(t, lead, time.Duration(0))
	require.Less(t, lead, 30*time.Second, "no earlier than the lead time and a little")
}

// Many objects at once: all become ready, nothing is written while demand is
// steady, and one burst raises them all.
func TestManyObjectsAtOnce(t *testing.T) {
	b := shared.bench(t)
	n := 200
	if text := os.Getenv("FORESCALE_OBJECTS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	b.demand(15)
	for i := range n {
		b.apply(strings.NewReplacer("name: web, namespace", fmt.Sprintf("name: web-%d, namespace", i)).Replace(b.hpa(2)))
		b.apply(strings.NewReplacer("name: web, namespace", fmt.Sprintf("name: web-%d, namespace", i), "targetRef: {name: web}", fmt.Sprintf("targetRef: {name: web-%d}", i)).Replace(b.autoscaler("")))
	}
	begin := time.Now()
	c := shared.start(t, "a")
	require.Eventually(t, func() bool { return b.countReady() == n }, 3*time.Minute, time.Second)
	fmt.Printf("MEASURED %d objects from start to all Ready: %.1f s\n", n, time.Since(begin).Seconds())
	time.Sleep(15 * time.Second) // the statuses settle
	before := b.versions()
	ticks := cpuOf(t, c.PID())
	time.Sleep(30 * time.Second)
	cpu := (cpuOf(t, c.PID()) - ticks).Seconds() / 30
	written := 0
	for name, v := range b.versions() {
		if before[name] != v {
			written++
		}
	}
	fmt.Printf("MEASURED %d steady objects: %d objects written in 30 s, %.0f millicores, %d MB resident\n", n, written, 1000*cpu, memoryOf(t, c.PID())>>20)
	require.Zero(t, written, "a steady workload costs no write")

	begin = time.Now()
	b.demand(95)
	require.Eventually(t, func() bool {
		list, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		raised := 0
		for i := range list.Items {
			if *list.Items[i].Spec.MinReplicas >= 10 {
				raised++
			}
		}
		return raised == n
	}, 2*time.Minute, 100*time.Millisecond)
	fmt.Printf("MEASURED %d floors raised at once: %.1f s\n", n, time.Since(begin).Seconds())
}

func (b *bench) countReady() int {
	list, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).List(b.t.Context(), metav1.ListOptions{})
	require.NoError(b.t, err)
	ready := 0
	for i := range list.Items {
		all, _, _ := unstructured.NestedSlice(list.Items[i].Object, "status", "conditions")
		for _, c := range all {
			if m, ok := c.(map[string]any); ok && m["type"] == "Ready" && m["status"] == "True" {
				ready++
			}
		}
	}
	return ready
}

// versions are the resource versions of the objects, and of the specs of the
// HPAs, whose status is not ours.
func (b *bench) versions() map[string]string {
	out := map[string]string{}
	list, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).List(b.t.Context(), metav1.ListOptions{})
	require.NoError(b.t, err)
	for i := range list.Items {
		out["pa/"+list.Items[i].GetName()] = list.Items[i].GetResourceVersion()
	}
	hpas, err := b.Kube.AutoscalingV2().HorizontalPodAutoscalers(b.ns).List(b.t.Context(), metav1.ListOptions{})
	require.NoError(b.t, err)
	for i := range hpas.Items {
		h := &hpas.Items[i]
		out["hpa/"+h.Name] = fmt.Sprint(*h.Spec.MinReplicas, h.Annotations)
	}
	return out
}

// cpuOf is the CPU time that a process has used.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
	var user, system int64
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond // ticks of 1/100 s
}

// memoryOf is the resident memory of a process in bytes.
func memoryOf(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	require.NoError(t, err)
	var size, resident int64
	_, err = fmt.Sscan(string(text), &size, &resident)
	require.NoError(t, err)
	return resident * int64(os.Getpagesize())
}

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Many objects at once, each with an HPA and a Deployment of its own: all become
// ready, nothing is written while demand is steady, and one burst raises them all.
func TestManyObjectsAtOnce(t *testing.T) {
	b := shared.bench(t)
	n := 200
	if text := os.Getenv("FORESCALE_OBJECTS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	b.adapter.Set(b.ns, 5) // one replica
	b.demand(5)
	b.more(n, 1)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n { // a thousand are queried every five seconds
		text := strings.Replace(named(b.autoscaler(""), i), "ttl: 5s", "ttl: 1m", 1)
		group.Go(func() error { return b.Apply(t.Context(), text) })
	}
	require.NoError(t, group.Wait())
	long := patience + time.Duration(n)*time.Second/2
	require.Eventually(t, func() bool { return b.atLeast(1) == n }, long, time.Second, "each Deployment has one replica")

	begin := time.Now()
	c := b.start("a", "--lease-duration", "60s")
	require.Eventually(t, func() bool { return b.countReady() == n }, long, time.Second)
	ready := time.Since(begin)
	all := b.requests(c)
	fmt.Printf("MEASURED %d objects from start to all Ready: %.1f s, %.0f requests to the API server in it, %.0f a second\n",
		n, ready.Seconds(), all.total, all.total/ready.Seconds())
	b.settle(c)

	before, ticks, since := b.requests(c), cpuOf(t, c.PID()), time.Now()
	time.Sleep(30 * time.Second)
	span := time.Since(since).Seconds()
	after := b.requests(c)
	fmt.Printf("MEASURED %d steady objects: %.0f writes in %.0f s beside the lease, %.2f requests to the API server a second, %.0f millicores, %d MB resident\n",
		n, after.writes-before.writes, span, (after.total-before.total)/span, 1000*(cpuOf(t, c.PID())-ticks).Seconds()/span, memoryOf(t, c.PID())>>20)
	require.Zero(t, after.writes-before.writes, "a steady workload costs no write")

	begin = time.Now()
	b.demand(15)
	require.Eventually(t, func() bool { return b.atLeast(2) == n }, long, 100*time.Millisecond)
	raised := time.Since(begin)
	fmt.Printf("MEASURED %d floors raised and replicas changed at once: %.1f s\n", n, raised.Seconds())
}

// settle waits until nothing has been written for a while: each status is written
// once more when its model is fitted.
func (b *bench) settle(c *controller) {
	b.t.Helper()
	last, since := b.requests(c).writes, time.Now()
	b.eventually(10*patience, func() bool {
		time.Sleep(time.Second)
		if now := b.requests(c).writes; now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 15*time.Second
	}, "the writes come to an end")
}

// requestCount are requests to the API server since the start of a process.
type requestCount struct{ total, reads, writes float64 }

// requests reads from the metrics of a replica what it has sent. Renewals of the
// Lease are updates, and are no writes in this sense; nothing else of ours is an
// update.
func (b *bench) requests(c *controller) requestCount {
	b.t.Helper()
	res, err := http.Get("http://" + c.http + "/metrics")
	require.NoError(b.t, err)
	defer res.Body.Close()
	var out requestCount
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "rest_client_requests_total{") {
			continue
		}
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		require.NoError(b.t, err)
		out.total += v
		if strings.Contains(line, `method="GET"`) {
			out.reads += v
		}
		if strings.Contains(line, `method="PATCH"`) || strings.Contains(line, `method="POST"`) {
			out.writes += v
		}
	}
	require.NotZero(b.t, out.total, "the metrics tell of requests")
	return out
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

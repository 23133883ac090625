package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An API server that restarts, and an etcd that hangs: the floor stays, and what
// demand asks for meanwhile is done afterwards.
func TestTheControlPlaneFails(t *testing.T) {
	b := shared.bench(t)
	b.demand(55)
	c := b.start("a", "--lease-duration", "60s")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 6 }, "the floor is held")

	require.NoError(t, b.Freeze(8*time.Second))
	b.demand(95)
	took := b.eventually(patience, func() bool { return b.floor() >= 10 && b.replicas() >= 10 }, "etcd hung for 8 s")
	fmt.Printf("MEASURED etcd back after 8 s to the new floor: %.1f s\n", took.Seconds())

	b.demand(145)
	begin := time.Now()
	slow := make(chan error, 1)
	go func() { slow <- b.Drag(20 * time.Second) }()
	b.eventually(patience, func() bool { return b.floor() >= 15 && b.replicas() >= 15 }, "etcd is slow")
	fmt.Printf("MEASURED new floor while etcd stands still nine tenths of the time: %.1f s\n", time.Since(begin).Seconds())
	require.NoError(t, <-slow)

	require.NoError(t, b.RestartAPI(t.Context(), 3*time.Second))
	require.GreaterOrEqual(t, b.floor(), int32(15))
	b.demand(455)
	took = b.eventually(patience, func() bool { return b.floor() >= 46 }, "the API server restarted")
	fmt.Printf("MEASURED API server back to the new floor: %.1f s\n", took.Seconds())
	require.False(t, c.Exited(), "the process has survived both")
	b.eventually(patience, func() bool { return b.replicas() >= 46 }, "and the replicas follow")
}

// A cut between the holder and the API server: the holder can write nothing, so
// another replica takes over within the lease, without a dip; alone, the process
// ends and its successor goes on.
func TestTheNetworkIsCut(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(55)
	wire := newWire(t, strings.TrimPrefix(b.Server, "https://"))
	text, err := os.ReadFile(b.Kubeconfig)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), b.Server, "https://"+wire.address)), 0o600))
	first := b.start("a", "--kubeconfig", file)
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 6 }, "the floor is held")
	b.logged(b.start("b"), "model fitted")

	wire.cut()
	begin := time.Now()
	b.demand(95)
	b.eventually(patience, func() bool { require.GreaterOrEqual(t, b.floor(), int32(6)); return b.floor() >= 10 }, "the other replica acts")
	fmt.Printf("MEASURED holder cut off to another acting, lease of 15 s: %.1f s\n", time.Since(begin).Seconds())
	require.Eventually(t, first.Exited, patience, 100*time.Millisecond, "a holder without its lease ends")
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

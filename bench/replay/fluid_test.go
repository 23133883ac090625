package replay

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A step of overload at λ > κ for τ seconds drains in τ·(λ−κ)/(κ−λ₀).
func TestBacklogDrainsAsTheClosedFormSays(t *testing.T) {
	o := Options{Clients: Clients{Timeout: time.Hour}}.filled()
	f := newFluid(o)
	const pods, over, under, length = 10, 1200.0, 700.0, 60 // κ = 1000 requests/s
	for range length {
		f.advance(over, over, pods)
	}
	require.InDelta(t, length*(over-1000), f.queue, 1e-9)
	drain := 0
	for ; f.queue > 0; drain++ {
		require.True(t, f.advance(under, under, pods).broken || f.queue/1000 < 0.5)
	}
	require.InDelta(t, length*(over-1000)/(1000-under), drain, 1, "to one step")
}

func TestFluidIsConserved(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, clients := range []Clients{{}, {Retry: 0.5}, {Zombies: true}, {Zombies: true, Retry: 0.9, Timeout: time.Second}} {
		f := newFluid(Options{Clients: clients}.filled())
		in, out := 0.0, 0.0
		for i := range 20_000 {
			pods := int32(rng.IntN(12))
			rate := 1500 * rng.Float64() * rng.Float64()
			s := f.advance(rate, rate, pods)
			in += s.offered
			out += s.served + s.failed
			require.InDelta(t, in, out+f.queue, 1e-9*max(1, in), "step %d with %d pods", i, pods)
			require.GreaterOrEqual(t, f.queue, 0.0)
			require.LessOrEqual(t, s.busy, 1.0)
			require.LessOrEqual(t, s.lateReqs, s.offered+1e-9)
			require.False(t, math.IsNaN(s.late) || math.IsNaN(s.inFlight))
		}
	}
}

// The clients' patience bounds the line; retries make a storm of it; work for
// clients who left makes an overload last.
func TestPatienceBoundsTheLine(t *testing.T) {
	run := func(c Clients) (failed, queue float64, drain int) {
		f := newFluid(Options{Clients: c}.filled())
		for range 300 {
			failed += f.advance(2000, 2000, 10).failed
		}
		queue = f.queue
		for ; drain < 3600 && f.advance(500, 500, 10).broken; drain++ {
		}
		return failed, queue, drain
	}
	failed, queue, drain := run(Clients{})
	require.InDelta(t, 10_000, queue, 1e-9, "10 s of 1000 requests/s")
	require.InDelta(t, 300*1000-10_000, failed, 1e-6)
	require.InDelta(t, 20, drain, 1, "10 000 requests at a surplus of 500/s")
	storm, _, _ := run(Clients{Retry: 0.5})
	require.Greater(t, storm, 1.5*failed)
	_, queue, longer := run(Clients{Zombies: true})
	require.InDelta(t, 40_000, queue, 1e-9)
	require.Greater(t, longer, 3*drain)
}

func TestWithoutAPodAllFailAfterTheirPatience(t *testing.T) {
	f := newFluid(Options{}.filled())
	failed := 0.0
	for range 60 {
		s := f.advance(100, 100, 0)
		require.True(t, s.broken)
		failed += s.failed
	}
	require.InDelta(t, 50*100, failed, 1e-9)
	require.InDelta(t, 10, f.latency(100, 0), 0)
}

func TestTheYoungestDieFirst(t *testing.T) {
	o := Options{Cluster: Cluster{Startup: Startup{Fixed: true}}}.filled()
	c := newCluster(o, 2)
	c.scale(4, 0)
	c.advance(61_000, 0) // start-up and endpoint
	require.Equal(t, int32(4), c.serving)
	c.scale(6, 100_000)
	c.scale(5, 110_000)
	require.Equal(t, int32(4), c.serving, "one that is not ready goes first")
	require.Equal(t, 1, c.wasted)
	c.scale(3, 120_000)
	require.Equal(t, int32(3), c.serving, "then the other starting one, then the youngest ready one")
	require.Equal(t, 2, c.wasted, "the third was ready for 59 s: not wasted by a second")
	require.Equal(t, int32(6), c.billed(), "the deleted ones are in their grace period")
	c.advance(140_000, 0)
	require.Equal(t, int32(5), c.billed())
	c.advance(150_000, 0)
	require.Equal(t, int32(3), c.billed())
	for _, p := range c.pods[:2] {
		require.Negative(t, p.created, "the oldest live")
	}
}

// The k-th pod gets the k-th start-up time, whatever the policy does in between.
func TestStartupTimesAreCommon(t *testing.T) {
	o := Options{Seed: 3}.filled()
	a, b := newCluster(o, 1), newCluster(o, 1)
	a.scale(4, 0)
	b.scale(3, 0)
	b.scale(1, 1000)
	b.scale(2, 2000)
	require.Equal(t, a.pods[3].startup, b.pods[1].startup, "both are the third and last created")
}

func TestStartupQuantiles(t *testing.T) {
	s := Startup{Median: time.Minute, Sigma: 0.25}
	require.Equal(t, time.Minute, s.median())
	require.InDelta(t, 60*math.Exp(0.25*1.2815516), s.quantile(0.9).Seconds(), 1e-3)
	require.Equal(t, 2*time.Second, Startup{Observed: []time.Duration{3e9, 1e9, 2e9}}.median())
	require.Equal(t, time.Minute, Startup{Median: time.Minute, Sigma: 1, Fixed: true}.quantile(0.99))
}

func TestPodsWaitForNodes(t *testing.T) {
	o := Options{Cluster: Cluster{
		Startup: Startup{Median: 10 * time.Second, Fixed: true},
		Nodes:   &Nodes{Pods: 4, Provision: 50 * time.Second, Sigma: 1e-9},
	}}.filled()
	c := newCluster(o, 3) // one node, room for one more
	c.scale(9, 0)
	require.Equal(t, 3, c.nodes.count(), "one node and two on order for five pods")
	c.advance(11_000, 0)
	require.Equal(t, int32(4), c.serving)
	require.Equal(t, int32(9), c.billed())
	c.advance(49_000, 0)
	require.Equal(t, int32(4), c.serving)
	for ms := int64(50_000); ms <= 62_000; ms += 1000 {
		c.advance(ms, 0)
	}
	require.Equal(t, int32(9), c.serving, "node, start-up, endpoint")
	c.scale(1, 100_000)
	for ms := int64(100_000); ms <= 200_000; ms += 1000 {
		c.advance(ms, 0)
	}
	require.Equal(t, 1, c.nodes.count(), "empty nodes are returned after grace and idle time")
}

package pods

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func fresh(s Settings, replicas int32) *Cluster {
	return New(s, replicas, rand.New(rand.NewPCG(3, 1)), rand.New(rand.NewPCG(3, 2)))
}

func TestTheYoungestDieFirst(t *testing.T) {
	o := Settings{Startup: Startup{Fixed: true}}.Filled()
	c := fresh(o, 2)
	c.Scale(4, 0)
	c.Advance(61_000, 0) // start-up and endpoint
	require.Equal(t, int32(4), c.serving)
	c.Scale(6, 100_000)
	c.Scale(5, 110_000)
	require.Equal(t, int32(4), c.serving, "one that is not ready goes first")
	require.Equal(t, 1, c.wasted)
	c.Scale(3, 120_000)
	require.Equal(t, int32(3), c.serving, "then the other starting one, then the youngest ready one")
	require.Equal(t, 2, c.wasted, "the third was ready for 59 s: not wasted by a second")
	require.Equal(t, int32(6), c.Billed(), "the deleted ones are in their grace period")
	c.Advance(140_000, 0)
	require.Equal(t, int32(5), c.Billed())
	c.Advance(150_000, 0)
	require.Equal(t, int32(3), c.Billed())
	for _, p := range c.pods[:2] {
		require.Negative(t, p.created, "the oldest live")
	}
}

// The k-th pod gets the k-th start-up time, whatever the policy does in between.
func TestStartupTimesAreCommon(t *testing.T) {
	o := Settings{}.Filled()
	a, b := fresh(o, 1), fresh(o, 1)
	a.Scale(4, 0)
	b.Scale(3, 0)
	b.Scale(1, 1000)
	b.Scale(2, 2000)
	require.Equal(t, a.pods[3].startup, b.pods[1].startup, "both are the third and last created")
}

func TestStartupQuantiles(t *testing.T) {
	s := Startup{Median: time.Minute, Sigma: 0.25}
	require.Equal(t, time.Minute, s.Quantile(0.5))
	require.InDelta(t, 60*math.Exp(0.25*1.2815516), s.Quantile(0.9).Seconds(), 1e-3)
	require.Equal(t, 2*time.Second, Startup{Observed: []time.Duration{1e9, 2e9, 3e9}}.Quantile(0.5))
	require.Equal(t, time.Minute, Startup{Median: time.Minute, Sigma: 1, Fixed: true}.Quantile(0.99))
}

func TestPodsWaitForNodes(t *testing.T) {
	o := Settings{
		Startup: Startup{Median: 10 * time.Second, Fixed: true},
		Nodes:   &Nodes{Pods: 4, Provision: 50 * time.Second, Sigma: 1e-9},
	}.Filled()
	c := fresh(o, 3) // one node, room for one more
	c.Scale(9, 0)
	require.Equal(t, 3, c.Nodes(), "one node and two on order for five pods")
	c.Advance(11_000, 0)
	require.Equal(t, int32(4), c.serving)
	require.Equal(t, int32(9), c.Billed())
	c.Advance(49_000, 0)
	require.Equal(t, int32(4), c.serving)
	for ms := int64(50_000); ms <= 62_000; ms += 1000 {
		c.Advance(ms, 0)
	}
	require.Equal(t, int32(9), c.serving, "node, start-up, endpoint")
	c.Scale(1, 100_000)
	for ms := int64(100_000); ms <= 200_000; ms += 1000 {
		c.Advance(ms, 0)
	}
	require.Equal(t, 1, c.Nodes(), "empty nodes are returned after grace and idle time")
}

package service

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A step of overload at λ > κ for τ seconds drains in τ·(λ−κ)/(κ−λ₀).
func TestBacklogDrainsAsTheClosedFormSays(t *testing.T) {
	o := Settings{Step: time.Second, Clients: Clients{Timeout: time.Hour}}.Filled()
	f := newFluid(o)
	const pods, over, under, length = 10, 1200.0, 700.0, 60 // κ = 1000 requests/s
	for range length {
		f.Advance(over, over, pods)
	}
	require.InDelta(t, length*(over-1000), f.queue, 1e-9)
	drain := 0
	for ; f.queue > 0; drain++ {
		require.True(t, f.Advance(under, under, pods).Broken || f.queue/1000 < 0.5)
	}
	require.InDelta(t, length*(over-1000)/(1000-under), drain, 1, "to one step")
}

func TestFluidIsConserved(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, clients := range []Clients{{}, {Retry: 0.5}, {Zombies: true}, {Zombies: true, Retry: 0.9, Timeout: time.Second}} {
		f := newFluid(Settings{Step: time.Second, Clients: clients}.Filled())
		in, out := 0.0, 0.0
		for i := range 20_000 {
			pods := int32(rng.IntN(12))
			rate := 1500 * rng.Float64() * rng.Float64()
			s := f.Advance(rate, rate, pods)
			in += s.Offered
			out += s.Served + s.Failed
			require.InDelta(t, in, out+f.queue, 1e-9*max(1, in), "step %d with %d pods", i, pods)
			require.GreaterOrEqual(t, f.queue, 0.0)
			require.LessOrEqual(t, s.Busy, 1.0)
			require.LessOrEqual(t, s.LateReqs, s.Offered+1e-9)
			require.False(t, math.IsNaN(s.Late), "late requests")
			require.False(t, math.IsNaN(s.InFlight), "requests in flight")
		}
	}
}

// The patience of the clients bounds the queue; retries make it grow; and work for clients that have
// left prolongs an overload.
func TestPatienceBoundsTheLine(t *testing.T) {
	run := func(c Clients) (failed, queue float64, drain int) {
		f := newFluid(Settings{Step: time.Second, Clients: c}.Filled())
		for range 300 {
			failed += f.Advance(2000, 2000, 10).Failed
		}
		queue = f.queue
		for ; drain < 3600 && f.Advance(500, 500, 10).Broken; drain++ {
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
	f := newFluid(Settings{Step: time.Second}.Filled())
	failed := 0.0
	for range 60 {
		s := f.Advance(100, 100, 0)
		require.True(t, s.Broken)
		failed += s.Failed
	}
	require.InDelta(t, 50*100, failed, 1e-9)
	require.InDelta(t, 10, f.Latency(100, 0), 0)
}

// Without a pod no request is abandoned, and all that wait are late, in both modes.
func TestRequestsWithoutAPodAreLate(t *testing.T) {
	o := Settings{Step: time.Second, Requests: RequestMode{On: true}}.Filled()
	d := newDiscrete(o, rand.New(rand.NewPCG(5, 6)))
	require.False(t, d.Advance(0, 0, 0).Broken, "no requests")
	for i := range 30 {
		require.True(t, d.Advance(10, 10, 0).Broken, "second %d without a pod", i)
	}
	for range 120 {
		d.Advance(10, 10, 2)
	}
	require.False(t, d.Advance(10, 10, 2).Broken, "long after the first pod")
	require.True(t, d.Advance(10, 10, 0).Broken, "the pods have just gone")
}

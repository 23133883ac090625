// Package replaytest checks the contract that every [replay.Policy] must keep.
package replaytest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/measure"
	"github.com/forescale/forescale/bench/trace"
)

// TestPolicy checks the contract of [replay.Policy] on the policies that fresh
// makes: a name and a period; equal runs for equal scenarios, also after a Reset; no
// knowledge of the future; and that it lives through silence, zero load, overload
// and a start without history.
func TestPolicy(t *testing.T, fresh func() replay.Policy) {
	t.Helper()
	t.Run("name and period", func(t *testing.T) {
		p := fresh()
		require.NotEmpty(t, p.Name())
		run(t, p, load(1), replay.Options{})
		require.Positive(t, p.Period())
	})
	t.Run("equal runs", func(t *testing.T) { equalRuns(t, fresh) })
	t.Run("no future", func(t *testing.T) { noFuture(t, fresh) })
	for name, c := range hardships() {
		t.Run(name, func(t *testing.T) {
			r := run(t, fresh(), c.trace, c.options)
			require.False(t, math.IsNaN(r.ReplicaHours) || math.IsNaN(r.ViolatingTime))
			bounds := c.options.Cluster.Filled()
			for _, change := range r.Changes {
				require.GreaterOrEqual(t, change.To, bounds.Min)
				require.LessOrEqual(t, change.To, bounds.Max)
			}
		})
	}
}

// load is three days with a rhythm, noise and a few bursts.
func load(seed uint64) trace.Trace {
	return trace.Synthetic(trace.Shape{
		Length: 3 * 24 * time.Hour, Base: 800, Day: 0.5, Noise: trace.Noise{Sigma: 0.1, Memory: 10 * time.Minute},
		Burst: trace.Burst{PerDay: 6, Height: 2.5},
	}, seed)
}

func run(t *testing.T, p replay.Policy, tr trace.Trace, o replay.Options) replay.Result {
	t.Helper()
	if o.Warmup == 0 {
		o.Warmup = 36 * time.Hour
	}
	o.Seed = 1
	r, err := replay.Run(t.Context(), tr, p, o)
	require.NoError(t, err)
	return r
}

func equalRuns(t *testing.T, fresh func() replay.Policy) {
	t.Helper()
	p := fresh()
	first := run(t, p, load(1), replay.Options{})
	run(t, p, load(2), replay.Options{})
	require.Equal(t, first.Changes, run(t, p, load(1), replay.Options{}).Changes, "Reset forgets the run in between")
	require.Equal(t, first.Changes, run(t, fresh(), load(1), replay.Options{}).Changes, "a fresh policy does the same")
}

// noFuture replays two loads that part at an instant: up to there the policy must
// do the same.
func noFuture(t *testing.T, fresh func() replay.Policy) {
	t.Helper()
	one := load(1)
	two := one.Shift(60*time.Hour, 1.6, 0)
	two.Name = one.Name
	until := one.At(60 * 60).Add(-one.Step) // the intensity turns half a step before the border
	before := func(tr trace.Trace) []measure.Change {
		r := run(t, fresh(), tr, replay.Options{})
		for i, c := range r.Changes {
			if !r.Start.Add(time.Duration(c.Millis) * time.Millisecond).Before(until) {
				return r.Changes[:i]
			}
		}
		return r.Changes
	}
	require.Equal(t, before(one), before(two), "what comes after %v changed what was done before", until)
}

type hardship struct {
	trace   trace.Trace
	options replay.Options
}

func hardships() map[string]hardship {
	quiet := trace.Synthetic(trace.Shape{Length: 3 * 24 * time.Hour}, 1)
	for i := range quiet.Values {
		quiet.Values[i] = 0
	}
	gaps := load(1).WithGaps(
		trace.Gap{After: 10 * time.Hour, Length: 12 * time.Hour}, // in the history
		trace.Gap{After: 40 * time.Hour, Length: 10 * time.Minute},
		trace.Gap{After: 50 * time.Hour, Length: 5 * time.Hour},
	)
	return map[string]hardship{
		"no load":         {quiet, replay.Options{}},
		"no load, min 0":  {quiet, replay.Options{Cluster: replay.Cluster{ZeroMin: true}}},
		"gaps":            {gaps, replay.Options{Metric: replay.Metric{Loss: 0.1}}},
		"never a scrape":  {load(1), replay.Options{Metric: replay.Metric{Outages: []replay.Outage{{From: -36 * time.Hour, Length: 90 * time.Hour}}}}},
		"no history":      {load(1), replay.Options{Warmup: time.Minute}},
		"too few allowed": {load(1), replay.Options{Cluster: replay.Cluster{Max: 4}}},
		"rates of pods":   {load(1), replay.Options{Metric: replay.Metric{PerPod: true}}},
	}
}

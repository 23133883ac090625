package replay_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/trace"
)

// stepTrace is one load for a day and another from noon on.
func stepTrace(before, after float64) trace.Trace {
	values := make([]float64, 24*60)
	for i := range values {
		values[i] = before
		if i >= 12*60 {
			values[i] = after
		}
	}
	return trace.Trace{Name: "step", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: values}
}

func run(t *testing.T, tr trace.Trace, p replay.Policy, o replay.Options) replay.Result {
	t.Helper()
	r, err := replay.Run(t.Context(), tr, p, o)
	require.NoError(t, err)
	return r
}

// Four times the load at once: an HPA on the rate misses the objective until the
// metric, the slot, the start-up and the backlog are behind it.
func TestAStepIsAnsweredAfterTheLeadTime(t *testing.T) {
	r := run(t, stepTrace(800, 3200), rateHPA(70), replay.Options{})
	require.Len(t, r.Recovery, 1)
	require.InDelta(t, 149, r.Recovery[0].Seconds(), 40, "seconds of violation")
	require.InDelta(t, r.Recovery[0].Seconds(), r.ViolatingTime/100*r.Length.Seconds(), 1)
	require.Greater(t, r.CostRatio, 1.0)
}

func TestEnoughPodsNeverViolate(t *testing.T) {
	r := run(t, stepTrace(800, 3200), fixed(34), replay.Options{})
	require.Zero(t, r.ViolatingTime)
	require.InDelta(t, 0.2, r.ViolatingRequests, 0.25, "e^−6.25 of them are late on an idle pod")
	require.InDelta(t, 34*18, r.ReplicaHours, 0.2)
	require.Zero(t, r.Churn)
}

func TestEqualSeedsGiveEqualResults(t *testing.T) {
	tr := stepTrace(300, 900)
	o := replay.Options{Seed: 7, Timeline: time.Minute, Metric: replay.Metric{Loss: 0.05}}
	a, b := run(t, tr, rateHPA(70), o), run(t, tr, rateHPA(70), o)
	for i := range a.Timeline { // NaN is not equal to itself
		require.True(t, math.IsNaN(a.Timeline[i].Forecast))
		a.Timeline[i].Forecast, b.Timeline[i].Forecast = 0, 0
	}
	require.Equal(t, a, b)
	o.Seed = 8
	require.NotEqual(t, a.ReplicaHours, run(t, tr, rateHPA(70), o).ReplicaHours)
}

package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/api"
)

// Scrapes fail for ten minutes. The rate over a minute falls for three quarters of
// one while its window empties, stays away, and begins again at half of the load.
func TestSilenceHoldsWhatWasBeforeIt(t *testing.T) {
	w, err := New(api.Spec{Metric: api.MetricSpec{Query: "x", TTL: api.Duration(15 * time.Minute)}, Scale: api.ScaleSpec{TargetPerReplica: 100}})
	require.NoError(t, err)
	now := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	observed := func(values ...float64) float64 {
		for _, v := range values {
			now = now.Add(15 * time.Second)
			w.Observe(collector.Sample{Time: now, Value: v})
		}
		return w.Demand(now).Observed
	}
	observed(1000, 1010, 990, 1000, 1000, 990, 1000, 1000)
	require.InDelta(t, 500, observed(900, 750, 500), 0, "nobody can tell yet")
	for range 39 {
		now = now.Add(15 * time.Second)
		if w.Demand(now).Observed != 500 {
			break
		}
	}
	require.InDelta(t, 1000, w.Demand(now).Observed, 10, "samples stay away: what was before they fell")
	now = now.Add(9 * time.Minute)
	require.InDelta(t, 1000, w.Demand(now).Observed, 10)
	require.InDelta(t, 1000, observed(510), 10, "half a window")
	require.InDelta(t, 1000, observed(600, 700), 10)
	require.InDelta(t, 800, observed(800, 800), 0, "a whole window: it is what it is")
}

// A budget of queries that is shared by many leaves a minute between two samples:
// that is no silence.
func TestRareSamplesAreNoSilence(t *testing.T) {
	w, err := New(api.Spec{Metric: api.MetricSpec{Query: "x"}, Scale: api.ScaleSpec{TargetPerReplica: 100}})
	require.NoError(t, err)
	now := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	for i := range 30 {
		now = now.Add(55 * time.Second)
		v := 1000 - 20*float64(i)
		w.Observe(collector.Sample{Time: now, Value: v})
		if i > 12 { // as soon as their distance is known
			require.InDelta(t, v, w.Demand(now).Observed, 0)
			require.InDelta(t, v, w.Demand(now.Add(40*time.Second)).Observed, 0)
		}
	}
}

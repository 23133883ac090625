package nowcast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

// Scrapes fail for ten minutes. The rate over a minute falls for 45 s while its window empties, then
// is missing, and begins again at half of the load.
func TestWithoutSamplesTheLevelBeforeHolds(t *testing.T) {
	const ttl = 15 * time.Minute
	n := New(time.Minute)
	now := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	observed := func(values ...float64) float64 {
		for _, v := range values {
			now = now.Add(15 * time.Second)
			n.Observe(collector.Sample{Time: now, Value: v})
		}
		return n.Demand(now, ttl)
	}
	observed(1000, 1010, 990, 1000, 1000, 990, 1000, 1000)
	require.InDelta(t, 500, observed(900, 750, 500), 0, "it is unknown yet")
	for range 39 {
		now = now.Add(15 * time.Second)
		if n.Demand(now, ttl) != 500 {
			break
		}
	}
	require.InDelta(t, 1000, n.Demand(now, ttl), 10, "samples stay away: what was before they fell")
	now = now.Add(9 * time.Minute)
	require.InDelta(t, 1000, n.Demand(now, ttl), 10)
	require.InDelta(t, 1000, observed(510), 10, "half a window")
	require.InDelta(t, 1000, observed(600, 700), 10)
	require.InDelta(t, 800, observed(800, 800), 0, "a whole window: it is what it is")
}

// With a budget of queries shared by many workloads, two samples may be a minute apart: that does
// not mean that samples are missing.
func TestRareSamplesAreNotMissing(t *testing.T) {
	const ttl = 5 * time.Minute
	n := New(time.Minute)
	now := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	for i := range 30 {
		now = now.Add(55 * time.Second)
		v := 1000 - 20*float64(i)
		n.Observe(collector.Sample{Time: now, Value: v})
		if i > 12 { // as soon as their distance is known
			require.InDelta(t, v, n.Demand(now, ttl), 0)
			require.InDelta(t, v, n.Demand(now.Add(40*time.Second), ttl), 0)
		}
	}
}

// Every scrape of a minute fails. When they succeed again the rate climbs from half of the
// load to all of it within the minute, which is no rise of demand. One after that is.
func TestAWindowThatFillsIsNoRise(t *testing.T) {
	n := New(time.Minute)
	now := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	see := func(values ...float64) {
		for _, v := range values {
			now = now.Add(15 * time.Second)
			n.Observe(collector.Sample{Time: now, Value: v})
		}
	}
	see(1000, 1010, 990, 1000, 1000, 990, 1000, 1000, 1010, 990, 1000, 1000)
	now = now.Add(time.Minute)
	for _, v := range []float64{400, 620, 780, 960, 1000, 1005, 1000} {
		see(v)
		require.Zero(t, n.Rise(), "at %v", v)
	}
	see(1200)
	require.Greater(t, n.Rise(), 200.0)
}

// The step across an outage does not count as noise: a rise soon after it is seen like any other.
func TestAnOutageIsNotNoise(t *testing.T) {
	rise := func(outage time.Duration, level float64) float64 {
		n := New(time.Minute)
		at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
		see := func(v float64) {
			at = at.Add(15 * time.Second)
			n.Observe(collector.Sample{Time: at, Value: v})
		}
		for i := range 20 {
			see(1000 + float64(i%2))
		}
		at = at.Add(outage)
		for i := range 8 {
			see(level + float64(i%2))
		}
		for i := range 3 {
			see(level + 60*float64(i+1))
		}
		return n.Rise()
	}
	require.InEpsilon(t, rise(0, 1000), rise(5*time.Minute, 2000), 0.1)
}

package nowcast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

// A server that is queried twice a second returns each scrape many times. If each time counted as a
// sample, the slope would be flat however steep the load, and depend on how often one queries.
func TestTheSameScrapeIsNoNewSample(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	n := New(time.Minute)
	see := func(after time.Duration, v float64) bool {
		s := collector.Sample{Time: at.Add(after), Value: v}
		require.True(t, n.Accepts(s))
		return n.Observe(s)
	}
	require.True(t, see(0, 100))
	require.False(t, see(time.Second, 100))
	require.False(t, see(14*time.Second, 100))
	require.Equal(t, at, n.Latest().Time, "it is as old as it was")
	require.True(t, see(15*time.Second, 100), "by now it has been scraped anew")
	require.True(t, see(16*time.Second, 101), "and another value is news at once")
	require.False(t, see(17*time.Second, math.Nextafter(101, 102)), "rate() extrapolates to each instant that it is asked for, which moves the last digit")
	require.False(t, see(18*time.Second, 101))
	require.Equal(t, at.Add(16*time.Second), n.Latest().Time)
}

func TestWhatCannotBeDemandIsNotAccepted(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	n := New(time.Minute)
	require.True(t, math.IsNaN(n.Demand(at, time.Minute)), "nothing was seen, which is not zero")
	require.Zero(t, n.Rise())
	n.Observe(collector.Sample{Time: at, Value: 42})
	for name, s := range map[string]collector.Sample{
		"NaN":      {Time: at.Add(time.Second), Value: math.NaN()},
		"infinite": {Time: at.Add(time.Second), Value: math.Inf(1)},
		"negative": {Time: at.Add(time.Second), Value: -1},
		"older":    {Time: at.Add(-time.Second), Value: 1},
		"as old":   {Time: at, Value: 1},
	} {
		require.False(t, n.Accepts(s), name)
	}
	require.True(t, n.Accepts(collector.Sample{Time: at.Add(time.Second), Value: 0}), "no demand is one")
	require.InDelta(t, 42, n.Demand(at.Add(time.Minute), time.Minute), 0)
	require.True(t, math.IsNaN(n.Demand(at.Add(time.Minute+1), time.Minute)), "older than the TTL")
}

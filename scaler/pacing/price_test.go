package pacing_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/pacing"
)

// The least α that a bill affords is next to none far below 1, that of the median from 1.015 on,
// however much is missed, and grows exponentially in between. At a bill of 1 it is not yet the
// median: a bill swings around its mean.
func TestAffordFollowsTheBill(t *testing.T) {
	require.Zero(t, pacing.Afford(math.NaN()), "the bill is unknown")
	require.Less(t, pacing.Afford(0.8), 1e-5)
	require.InEpsilon(t, pacing.Afford(0.92)*math.E, pacing.Afford(0.92+1.0/120), 1e-9)
	require.InDelta(t, 1.0/12, pacing.Afford(1), 1e-3)
	require.InDelta(t, 0.5, pacing.Afford(1.015), 1e-12)
	require.InDelta(t, 0.5, pacing.Afford(1.5), 1e-12)
}

// With an exponential tail of the demand D the cost n + P(D > n)/α of n replicas is least at the
// quantile that Level returns.
func TestLevelIsTheCheapest(t *testing.T) {
	const alpha = 0.01
	for _, spread := range []float64{0.3, 1, 4} {
		best, at := math.Inf(1), 0
		for n := range 200 {
			if cost := float64(n) + math.Exp(-float64(n)/spread)/alpha; cost < best {
				best, at = cost, n
			}
		}
		need := -spread * math.Log(1-pacing.Level(alpha, spread)) // that quantile of demand
		require.Equal(t, at, int(math.Ceil(need)), "spread %v", spread)
	}
	require.InDelta(t, 0.99, pacing.Level(alpha, 0), 1e-12)
	require.InDelta(t, 0.99, pacing.Level(alpha, math.NaN()), 1e-12)
	require.InDelta(t, 0.5, pacing.Level(alpha, 1e6), 1e-12)
}

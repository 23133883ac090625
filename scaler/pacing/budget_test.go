package pacing_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/pacing"
)

// The higher the odds, the fewer bursts are hedged, and the larger is the share of time in which
// they miss: the budget finds the odds at which that share is the target.
func TestBudgetIsMet(t *testing.T) {
	const wanted = 0.08 // odds at which the target is missed
	for _, target := range []float64{0.05, 0.01, 0.001} {
		b := pacing.NewBudget(target)
		rng := rand.New(rand.NewPCG(1, uint64(target*1e4)))
		missed, n := 0.0, 0.0
		for i := range 60 * 24 * 60 {
			miss := 0.0
			if rng.Float64() < target*b.Odds()/wanted {
				miss = 1
			}
			b.Update(miss, time.Minute)
			if i > 10*24*60 { // after ten days
				missed, n = missed+miss, n+1
			}
		}
		require.InEpsilon(t, target, missed/n, 0.35, "target %v", target)
	}
}

func TestBudgetBounds(t *testing.T) {
	b := pacing.NewBudget(0.001)
	for range 100000 {
		b.Update(1, time.Minute)
	}
	require.InDelta(t, pacing.HedgeOdds, b.Odds(), 1e-12, "hedges at longer odds do not pay")
}

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

func TestAnUnusedBudgetIsNoReasonToBeCareless(t *testing.T) {
	for _, c := range []struct{ target, most float64 }{{0.001, 0.1}, {0.02, 0.2}, {0.2, 0.7}} {
		b := pacing.NewBudget(c.target)
		for range 60 * 24 * 30 {
			b.Update(0, time.Minute)
		}
		require.InDelta(t, c.most, b.Odds(), 1e-9, "target %v", c.target)
	}
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

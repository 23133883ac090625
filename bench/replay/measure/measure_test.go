package measure_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/measure"
)

func TestElasticityByHand(t *testing.T) {
	//                  short: 1/4, 1/2      over: 2/2, 1/5, and one idle pod at no demand
	demand := []int32{4, 2, 2, 5, 0, 3, 3, 3, 1, 1}
	supply := []int32{3, 1, 4, 6, 1, 3, 3, 3, 1, 1}
	e := measure.Elastic(demand, supply)
	require.InDelta(t, 100*(0.25+0.5)/10, e.Under, 1e-12)
	require.InDelta(t, 20, e.UnderTime, 1e-12)
	require.InDelta(t, 100*(1+0.2+1)/10, e.OverDemand, 1e-12)
	require.InDelta(t, 100*(2.0/4+1.0/6+1)/10, e.OverSupply, 1e-12)
	require.InDelta(t, 30, e.OverTime, 1e-12)
	require.Equal(t, measure.Elasticity{}, measure.Elastic(demand, demand), "θ = 0 when supply is demand")
	require.Equal(t, measure.Elasticity{}, measure.Elastic(nil, nil))
	require.InDelta(t, 100, measure.Elastic([]int32{2, 2}, []int32{0, 0}).Under, 1e-12, "no supply at all")
}

func TestSpeedupDividesByPerfection(t *testing.T) {
	n := measure.Elasticity{Under: 8, OverDemand: 8, UnderTime: 8, OverTime: 8}
	a := measure.Elasticity{Under: 4, OverDemand: 4, UnderTime: 4, OverTime: 4}
	require.InDelta(t, 8.01/4.01, measure.Speedup(a, n), 1e-12)
	require.InDelta(t, 801, measure.Speedup(measure.Elasticity{}, n), 1e-9, "θ = 0: 8.01/0.01")
	require.InDelta(t, 1, measure.Speedup(n, n), 1e-12)
}

func TestInstabilityByHand(t *testing.T) {
	//      Δd:        +  0  -  +  0  0  -  -  0
	demand := []int32{1, 2, 2, 1, 2, 2, 2, 1, 0, 0}
	//      Δs:        0  +  -  -  0  -  0  +  0
	supply := []int32{3, 3, 4, 3, 2, 2, 1, 1, 2, 2}
	u := measure.Unstable(demand, supply)
	require.InDelta(t, 100*3.0/9, u.Needless, 1e-12, "steps 2, 7, 8: supply above demand in sign")
	require.InDelta(t, 100*3.0/9, u.Lagging, 1e-12, "steps 1, 4, 6")
	require.InDelta(t, 100*6.0/9, u.Total, 1e-12)
	require.Zero(t, measure.Unstable(demand[:1], supply[:1]).Total)
}

func TestDeadband(t *testing.T) {
	require.Equal(t, []int32{40, 40, 40, 42, 42, 42}, measure.Deadband([]int32{40, 41, 39, 42, 41, 42}, 0.05))
	require.Equal(t, []int32{1, 2, 1, 0}, measure.Deadband([]int32{1, 2, 1, 0}, 0.05), "small services keep each step")
	require.Equal(t, []int32{1, 4}, measure.Every([]int32{1, 2, 3, 4, 5}, 3))
}

func TestViolationsByHand(t *testing.T) {
	v := []bool{false, true, true, false, true, false, false, false, true, true}
	require.InDelta(t, 50, measure.Share(v), 1e-12)
	require.Equal(t, 2, measure.LongestRun(v))
	require.Equal(t, []int{4, 2}, measure.Recoveries(v, 2), "the single calm step does not end the first episode")
	require.Equal(t, []int{2, 1, 2}, measure.Recoveries(v, 1))
	require.Empty(t, measure.Recoveries([]bool{false}, 1))
	require.Zero(t, measure.Share(nil))
	require.InDelta(t, 2.5, measure.Quantile([]int{4, 1, 2, 3}, 0.5), 1e-12)
	require.True(t, math.IsNaN(measure.Quantile(nil, 0.5)))
	require.Equal(t, int64(4), measure.Missing([]int32{3, 1, 4}, []int32{1, 2, 2}))
	require.InDelta(t, 0.07, measure.BudgetGap(0.03, 0.1), 1e-12)
}

func TestOutOfReach(t *testing.T) {
	demand := []int32{2, 2, 2, 9, 9, 9, 5, 5, 5, 5}
	all := []bool{true, true, true, true, true, true, true, true, true, true}
	require.Equal(t, 2, measure.OutOfReach(all, demand, 2, 1, 2), "steps 3 and 4: 9 > 2·2; step 5 was seen at step 3")
	require.Zero(t, measure.OutOfReach(make([]bool, 10), demand, 2, 1, 2), "nothing was violated")
	require.Zero(t, measure.OutOfReach(all, demand, 2, 1, 5))
}

func TestGrowth(t *testing.T) {
	rate := []float64{1, 2, 4, 8, 8, 8}
	require.InDelta(t, 4, measure.Growth(rate, 2, 1, 0, 1), 1e-12)
	require.InDelta(t, 2, measure.Growth(rate, 2, 1, 2, 1), 1e-12, "below the floor is left out")
	require.True(t, math.IsNaN(measure.Growth(rate, 9, 1, 0, 1)))

	pulses := []float64{0, 0, 9, 0, 0, 9, 0}
	require.InDelta(t, 3, measure.Growth(pulses, 1, 1, 3, 1), 1e-12, "out of nothing: from the floor")
	require.Zero(t, measure.Growth(pulses, 1, 1, 0, 1), "there is no floor to rise from")
}

func TestChurnAndReversals(t *testing.T) {
	changes := []measure.Change{
		{Millis: 0, From: 2, To: 6},
		{Millis: 300_000, From: 6, To: 5},
		{Millis: 310_000, From: 5, To: 4},
		{Millis: 400_000, From: 4, To: 8},
		{Millis: 1_100_000, From: 8, To: 2},
	}
	require.Equal(t, int64(4+1+1+4+6), measure.Churn(changes))
	require.Equal(t, 1, measure.Reversals(changes, 600_000), "one descent within ten minutes of a rise; the last comes after more")
}

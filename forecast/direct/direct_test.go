package direct_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/direct"
)

func TestSmallKeepsTwelveBits(t *testing.T) {
	for _, v := range []float64{0, 1, 0.3, 1e-4, 17.25, 999.9, 1e5} {
		require.InDelta(t, v, direct.ToSmall(v).Float(), v/4096+2e-8)
	}
	require.True(t, math.IsNaN(direct.ToSmall(math.NaN()).Float()))
	require.Zero(t, direct.ToSmall(-3).Float(), "demand has no sign")
	require.Greater(t, direct.ToSmall(1e300).Float(), 1e5, "the largest, not a wrap")
}

func TestRegressionFindsItsCoefficients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r := direct.NewRegression(3, 2)
	tune := direct.Tuning{Forget: 0.999, Ridge: 1e-6, Huber: 4}
	x := make([]float32, 3)
	for range 2000 {
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		y := 2*float64(x[0]) - float64(x[1])
		r.Learn(x, [direct.MaxTargets]float64{y, 3 * float64(x[2])}, tune)
	}
	r.Solve(tune)
	require.InDelta(t, 2-0.5, r.Predict(0, []float32{1, 0.5, 9}), 1e-2)
	require.InDelta(t, 27, r.Predict(1, []float32{1, 0.5, 9}), 1e-1)
	require.InDelta(t, 1000*(1-math.Pow(0.999, 2000)), r.Rows(), 1)
	r.Reset()
	require.Zero(t, r.Predict(0, []float32{1, 1, 1}), "nothing known is the naive forecast")
}

// A regressor that says nothing new must not break the solution.
func TestRegressionSurvivesTwins(t *testing.T) {
	r := direct.NewRegression(2, 1)
	tune := direct.Tuning{Forget: 0.99, Ridge: 1e-3, Huber: 4}
	for i := range 500 {
		v := float32(i%7) - 3
		r.Learn([]float32{v, v}, [direct.MaxTargets]float64{float64(v)}, tune)
	}
	r.Solve(tune)
	require.InDelta(t, 2, r.Predict(0, []float32{2, 2}), 0.05)
}

func BenchmarkLearnAndPredict(b *testing.B) {
	r := direct.NewRegression(direct.Regressors, direct.MaxTargets)
	tune := direct.Tuning{Forget: 0.999, Ridge: 1e-3, Huber: 1}
	x := make([]float32, direct.Regressors)
	for i := range x {
		x[i] = float32(i) / 10
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Learn(x, [direct.MaxTargets]float64{float64(i % 5), 1}, tune)
		if i%30 == 0 {
			r.Solve(tune)
		}
		_ = r.Predict(0, x)
	}
}

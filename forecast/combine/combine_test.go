package combine_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/combine"
)

func TestPolyFollowsTheBestExpert(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	p := combine.NewPoly([]float32{1, 1, 1}, 1)
	w := make([]float32, 3)
	nan := float32(math.NaN())
	for range 1000 {
		y := float32(rng.NormFloat64())
		advice := []float32{y + 0.1*float32(rng.NormFloat64()), y + 3, nan}
		p.Weights(w, advice)
		require.Zero(t, w[2], "the sleeper has no weight")
		require.InDelta(t, 1, float64(w[0]+w[1]), 1e-5)
		p.Learn(advice, w[0]*advice[0]+w[1]*advice[1], y)
	}
	require.Greater(t, w[0], float32(0.9))
}

func TestLadder(t *testing.T) {
	require.Equal(t, []int{1, 2, 5, 10, 15, 30, 60}, combine.Ladder(time.Minute))
	require.Equal(t, []int{1, 12, 24, 60, 120, 180, 360, 720}, combine.Ladder(5*time.Second))
	require.Equal(t, []int{1, 2, 3, 6, 12}, combine.Ladder(5*time.Minute))
	require.Equal(t, []int{1, 2, 3, 4, 6, 8, 10, 12}, combine.Ladder(time.Hour))
	lo, hi, w := combine.Between([]int{1, 5, 15}, 10)
	require.Equal(t, []int{1, 2}, []int{lo, hi})
	require.InDelta(t, 0.5, w, 1e-12)
}

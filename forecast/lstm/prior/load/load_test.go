package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSeriesAreSeededAndSane(t *testing.T) {
	a, b, c := Series(30, 4), Series(30, 4), Series(30, 5)
	require.Equal(t, a, b)
	require.NotEqual(t, a[0].Values, c[0].Values)
	steps := map[time.Duration]int{}
	for k, s := range a {
		require.NoError(t, s.Check())
		require.Equal(t, s.Len(), s.Observed())
		require.LessOrEqual(t, s.Len(), maxCells)
		require.GreaterOrEqual(t, time.Duration(s.Len())*s.Step, day)
		steps[s.Step]++
		top := 0.0
		for _, v := range s.Values {
			require.GreaterOrEqual(t, v, 0.0)
			top = math.Max(top, v)
		}
		require.Greaterf(t, top, 0.0, "load %d", k)
	}
	require.Greater(t, steps[time.Minute], 8)
	require.Greater(t, len(steps), 3)
}

// Mean and variance of a Poisson count are its parameter, on both sides of where
// the method changes.
func TestPoisson(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, mean := range []float64{0, 0.3, 7, 49, 80, 5000} {
		const n = 20_000
		sum, squares := 0.0, 0.0
		for range n {
			v := poisson(rng, mean)
			sum += v
			squares += v * v
		}
		m := sum / n
		require.InDelta(t, mean, m, 5*math.Sqrt(mean/n)+1e-12)
		require.InDelta(t, mean, squares/n-m*m, 0.06*mean+1e-12)
	}
}

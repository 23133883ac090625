package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The square of each amplitude of white noise is exponentially distributed around the sum of
// squares, so that the 99th percentile of the largest is known.
func TestChanceIsThatOfWhiteNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	y, square := make([]float64, 2*day), 0.0
	for i := range y {
		y[i] = r.NormFloat64()
		square += y[i] * y[i]
	}
	want := math.Sqrt(square * -math.Log(1-math.Pow(0.99, 1/float64(day-1))))
	require.InEpsilon(t, want, byChance(y), 0.08)
	require.Zero(t, byChance(make([]float64, 2*day)))
}

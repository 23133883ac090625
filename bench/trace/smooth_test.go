package trace_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/trace"
)

// weighed is the definition: each value within reach counts by its distance.
func weighed(values []float64, reach int) []float64 {
	out := make([]float64, len(values))
	for i := range values {
		sum, weight := 0.0, 0.0
		for j, v := range values {
			if w := float64(reach + 1 - max(i-j, j-i)); w > 0 && !math.IsNaN(v) {
				sum, weight = sum+w*v, weight+w
			}
		}
		out[i] = sum / weight
		if math.IsNaN(values[i]) {
			out[i] = math.NaN()
		}
	}
	return out
}

func TestSmoothIsATriangle(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for n := range 30 {
		values := make([]float64, n)
		for i := range values {
			values[i] = 100 * random.Float64()
			if random.IntN(5) == 0 {
				values[i] = math.NaN()
			}
		}
		for reach := range n + 1 {
			got := trace.Trace{Step: time.Minute, Values: values}.Smooth(time.Duration(reach) * time.Minute).Values
			for i, want := range weighed(values, reach) {
				require.Equal(t, math.IsNaN(want), math.IsNaN(got[i]))
				if !math.IsNaN(want) {
					require.InDelta(t, want, got[i], 1e-9, "%d values, reach %d, value %d", n, reach, i)
				}
			}
		}
	}
}

// Averages of a day over two weeks of seconds take well under a second: the time does not grow with
// the span. Where the load has been 0 for longer than the span, the average is exactly 0.
func TestSmoothOfALongSpan(t *testing.T) {
	values := make([]float64, 14*24*3600)
	for i := range values[:24*3600] {
		values[i] = 1e3 / 7
	}
	begin := time.Now()
	smooth := trace.Trace{Step: time.Second, Values: values}.Smooth(24 * time.Hour)
	require.Less(t, time.Since(begin), 30*time.Second, "a hundred thousand million steps take minutes")
	require.Zero(t, smooth.Values[3*24*3600])
	require.Len(t, trace.Trace{Step: time.Second, Values: values[:2]}.Smooth(math.MaxInt64).Values, 2)
}

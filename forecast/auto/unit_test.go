package auto

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// One sample out of all proportion, as where a counter is reset, is no part of the series:
// its bounds are those of the same series with a gap. A second one within a day is.
func TestOneOutsizeSampleIsDoubted(t *testing.T) {
	const n, at, day = 2000, 1000, 288
	bound := func(odd map[int]float64) float64 {
		rng := rand.New(rand.NewPCG(8, 1))
		values := make([]float64, n)
		for i := range values {
			values[i] = 100 + 20*math.Sin(2*math.Pi*float64(i)/day) + 3*rng.NormFloat64()
			if v, ok := odd[i]; ok {
				values[i] = v
			}
		}
		series := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: values}
		fitted, err := New(Options{}).Fit(t.Context(), forecast.Series{Start: series.Start, Step: series.Step, Values: values[:day]})
		require.NoError(t, err)
		filter, err := fitted.Filter(series)
		require.NoError(t, err)
		out := forecast.New(1, 0.5, 0.95)
		filter.Forecast(out)
		return out.Values[0][1]
	}
	usual := bound(map[int]float64{at: math.NaN()})
	require.Less(t, usual, 200.0)
	require.InDelta(t, usual, bound(map[int]float64{at: 1e8}), 0)
	require.Greater(t, bound(map[int]float64{at: 1e8, at + 10: 1e8}), 200.0, "believed")
}

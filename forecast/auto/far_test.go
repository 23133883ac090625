package auto_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// Far ahead the bounds of a path would start as wide as its twenty-four origins say;
// near by, the pool knows better, and from there on they widen without a jump.
func TestFarStartsAsThePoolAndGoesOnAsThePath(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	s := forecast.Series{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: 5 * time.Minute, Values: make([]float64, 10*288+100)}
	for i := range s.Values {
		s.Values[i] = (300 - 200*math.Cos(2*math.Pi*float64(i)/288)) * (1 + 0.02*rng.NormFloat64())
	}
	levels := []float64{0.05, 0.95, 0.99} // without the median, which Far needs itself
	const horizon, reach = 288, 12        // a day; the ladder ends after an hour
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s)
	require.NoError(t, err)
	filter, err := fitted.Filter(s)
	require.NoError(t, err)
	far, err := auto.Far(t.Context(), filter, s, horizon, levels, auto.Options{})
	require.NoError(t, err)
	require.Equal(t, s.End(), far.Start)
	require.Equal(t, levels, far.Levels)
	near := forecast.New(reach, levels...)
	filter.Forecast(near)
	require.InDeltaSlice(t, near.Values[0], far.Values[0], 1e-9)
	require.InDeltaSlice(t, near.Values[reach/2-1], far.Values[reach/2-1], 1e-9)
	width := func(h int) float64 { return far.Values[h][1] / far.Values[h][0] }
	for h := 1; h < horizon; h++ {
		require.IsNonDecreasing(t, far.Values[h])
		require.GreaterOrEqual(t, far.Peaks[h][1], far.Peaks[h-1][1])
		require.Less(t, math.Abs(math.Log(far.Values[h][1]/far.Values[h-1][1])), 0.1, "no jump at %d", h)
	}
	require.Less(t, width(0), 1.15, "two per cent of noise")
	require.Less(t, width(horizon-1), 2.0)

	_, err = auto.Far(t.Context(), filter, s.Slice(0, 0), horizon, levels, auto.Options{})
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	_, err = auto.Far(t.Context(), filter, s, horizon, []float64{0.9, 0.1}, auto.Options{})
	require.ErrorContains(t, err, "quantile level 0.1 after 0.9")
}

// A load that rests for hours: around its forecast of next to nothing, bounds are vast as
// ratios, and those ratios mean nothing once it is on again.
func TestFarAheadOfARest(t *testing.T) {
	s := forecast.Series{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: time.Hour, Values: make([]float64, 54*24)}
	for i := range s.Values {
		if i/8%2 == 0 {
			s.Values[i] = 82
		}
	}
	for n := s.Len() - 16; n < s.Len(); n++ {
		history := s.Slice(0, n)
		fitted, err := auto.New(auto.Options{}).Fit(t.Context(), history)
		require.NoError(t, err)
		filter, err := fitted.Filter(history)
		require.NoError(t, err)
		far, err := auto.Far(t.Context(), filter, history, 48, []float64{0.5, 0.975}, auto.Options{})
		require.NoError(t, err)
		forecasttest.Sane(t, far)
		for h, row := range far.Values {
			require.LessOrEqual(t, row[1], 2*82., "%d cells of history, step %d", n, h)
		}
	}
}

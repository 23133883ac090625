package auto_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// Before an hour is over no error an hour ahead is known, and yet the bounds of the
// first hour cover: those of shorter horizons tell how large errors are.
func TestTheFirstHourIsCoveredAnHourAhead(t *testing.T) {
	const ahead, first, series = 60, 15, 40
	covered, wide, n := 0, 0.0, 0
	for seed := range uint64(series) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := forecast.Series{Start: time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 2*ahead)}
		for i := range s.Values {
			s.Values[i] = 100 + 10*rng.NormFloat64()
		}
		fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, first))
		require.NoError(t, err)
		filter, err := fitted.Filter(s.Slice(0, first))
		require.NoError(t, err)
		f := forecast.New(ahead, 0.95)
		for i := first; i < ahead; i++ {
			filter.Update(s.Values[i])
			filter.Forecast(f)
			bound := f.Values[ahead-1][0]
			if s.Values[i+ahead] <= bound {
				covered++
			}
			wide += bound / (series * (ahead - first))
			n++
		}
	}
	share := float64(covered) / float64(n)
	t.Logf("covered %.3f, bound at %.1f on average", share, wide)
	require.Greater(t, share, 0.9, "truths covered")
	require.Less(t, wide, 135.0, "where 116 would do if all were known")
}

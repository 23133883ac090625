package ensemble_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ensemble"
	"github.com/forescale/forescale/forecast/forecasttest"
)

var levels = []float64{0.025, 0.05, 0.5, 0.9, 0.975}

func TestEveryLengthGivesASaneForecast(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 24, 30, 49, 72, 100, 168, 200, 400, 960} {
		f, err := ensemble.Forecast(t.Context(), forecasttest.Hourly(n, 100, 1), 48, levels, ensemble.Options{})
		require.NoError(t, err, n)
		forecasttest.Sane(t, f)
		require.Equal(t, 48, f.Horizon())
	}
	_, err := ensemble.Forecast(t.Context(), forecasttest.Hourly(0, 1, 1), 48, levels, ensemble.Options{})
	require.ErrorIs(t, err, forecast.ErrShortHistory)
}

// A metric that has been silent for three of five days is forecast from the first two.
func TestAnOutageUpToNowIsSurvived(t *testing.T) {
	history := forecasttest.Hourly(5*24, 100, 1)
	for i := 2*24 + 1; i < history.Len(); i++ {
		history.Values[i] = math.NaN()
	}
	f, err := ensemble.Forecast(t.Context(), history, 24, levels, ensemble.Options{})
	require.NoError(t, err)
	forecasttest.Sane(t, f)
	require.InDelta(t, 100, f.Values[0][2], 60, "of the order of the history")
}

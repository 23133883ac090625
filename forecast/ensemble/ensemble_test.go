package ensemble_test

import (
	"math"
	"testing"
	"time"

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

// A day and a week need not be whole numbers of cells.
func TestEveryStepGivesASaneForecast(t *testing.T) {
	for _, step := range []time.Duration{
		7 * time.Minute, 25 * time.Minute, 50 * time.Minute, 100 * time.Minute, 7 * time.Hour, 16 * time.Hour, 20 * time.Hour, 40 * time.Hour, 4 * 24 * time.Hour,
	} {
		for _, days := range []int{1, 8, 15, 30} {
			history := forecasttest.Hourly(max(1, int(time.Duration(days)*24*time.Hour/step)), 100, 1)
			history.Start, history.Step = time.Unix(0, 0).UTC(), step
			f, err := ensemble.Forecast(t.Context(), history, 20, levels, ensemble.Options{})
			require.NoError(t, err, "%v, %d days", step, days)
			forecasttest.Sane(t, f)
		}
	}
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

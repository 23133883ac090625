package auto_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

// jobs returns days of five-minute cells in which a job runs for a fifth of each
// period.
func jobs(days int, period time.Duration) forecast.Series {
	rng := rand.New(rand.NewPCG(13, 3))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 5 * time.Minute, Values: make([]float64, days*288)}
	for i := range s.Values {
		s.Values[i] = 100 * (1 + 0.1*rng.NormFloat64())
		if time.Duration(i)*s.Step%period < period/5 {
			s.Values[i] *= 3
		}
	}
	return s
}

// loss returns the mean absolute error half an hour ahead on the last days.
func loss(t *testing.T, s forecast.Series, warm int, o auto.Options) float64 {
	t.Helper()
	fitted, err := auto.New(o).Fit(t.Context(), s.Slice(0, warm*288))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm*288))
	require.NoError(t, err)
	f := forecast.New(6, 0.5)
	sum, n := 0.0, 0
	for i := warm * 288; i+6 <= s.Len(); i++ {
		filter.Forecast(f)
		sum += max(f.Values[5][0]-s.Values[i+5], s.Values[i+5]-f.Values[5][0])
		n++
		filter.Update(s.Values[i])
	}
	return sum / float64(n)
}

func seasons(t *testing.T, fitted forecast.Fitted) []time.Duration {
	t.Helper()
	f, ok := fitted.(interface{ Seasons() []time.Duration })
	require.True(t, ok)
	return f.Seasons()
}

func TestOtherPeriodsAreFoundAndHelp(t *testing.T) {
	for _, period := range []time.Duration{2*time.Hour + 5*time.Minute, 33 * time.Hour} {
		t.Run(period.String(), func(t *testing.T) {
			s := jobs(14, period)
			fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s)
			require.NoError(t, err)
			require.Contains(t, seasons(t, fitted), period)

			without := loss(t, s, 12, auto.Options{Seasons: []time.Duration{season.Day, season.Week}})
			with := loss(t, s, 12, auto.Options{})
			stated := loss(t, s, 12, auto.Options{Seasons: []time.Duration{period, season.Day, season.Week}})
			t.Logf("day and week %.2f, found %.2f, stated %.2f", without, with, stated)
			require.Less(t, with, 0.9*without)
			require.Less(t, stated, 0.9*without)
		})
	}
}

func TestNoSeasonsMeansNone(t *testing.T) {
	s := jobs(4, 4*time.Hour)
	fitted, err := auto.New(auto.Options{NoSeasons: true}).Fit(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, seasons(t, fitted))
	_, err = fitted.Filter(s)
	require.NoError(t, err)
}

// Twenty hours are no two days, and a model without a season does not ask for them.
func TestHoltWintersWithoutASeason(t *testing.T) {
	history := forecasttest.Hourly(20, 100, 1)
	for _, name := range []string{auto.HoltWinters, auto.HoltWintersMultiplicative, auto.HoltWintersDouble} {
		model, err := auto.ByName(name, auto.Options{NoSeasons: true})
		require.NoError(t, err)
		forecasttest.Filter(t, model, history)
		model, err = auto.ByName(name, auto.Options{})
		require.NoError(t, err)
		_, err = model.Fit(t.Context(), history)
		require.ErrorIs(t, err, forecast.ErrShortHistory, name)
	}
}

package model_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/model"
)

// A fortnight of history is read of a series that is younger. The time before its first sample is
// not one without demand: the forecast is that of the series alone, from the cell on in which its
// rate is complete, as in a replay.
func TestTheTimeBeforeASeriesIsNoPartOfIt(t *testing.T) {
	for _, cells := range []int{3, 30, 2000} {
		alone := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, cells)}
		for i := range alone.Values {
			alone.Values[i] = 100 + 10*math.Sin(float64(i*i))
		}
		if cells > 10 {
			alone.Values[7] = math.NaN()
		}
		const before = 14*24*60 + 2
		asked := forecast.Series{Start: alone.At(-before), Step: time.Minute, Values: make([]float64, before, before+cells)}
		for i := range asked.Values {
			asked.Values[i] = math.NaN()
		}
		asked.Values[before-2], asked.Values[before-1] = 30, 60 // a rate whose window fills
		asked.Values = append(asked.Values, alone.Values...)

		require.Equal(t, forecastOf(t, alone), forecastOf(t, asked), "%d cells", cells)
	}
}

// A series that has only just begun has no forecast, rather than a forecast of zero.
func TestTheFirstCellsOfASeriesAreTooFew(t *testing.T) {
	h := forecast.Series{Start: monday, Step: time.Minute, Values: []float64{math.NaN(), math.NaN(), 30, 60}}
	_, err := model.Fit(t.Context(), spec(), h, model.Options{})
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	require.InDelta(t, 30, h.Values[2], 0, "the history is the caller's")
}

func forecastOf(t *testing.T, history forecast.Series) *forecast.Forecast {
	t.Helper()
	fit, err := model.Fit(t.Context(), spec(), history, model.Options{})
	require.NoError(t, err)
	r := model.NewRunning(spec().Default(), 30, []float64{0.1, 0.5, 0.9})
	require.NoError(t, r.Install(fit))
	return r.Forecast()
}

// Rises by the clock follow that of forecast.timeZone: a weekly or daily one is the same on either
// side of a change of the clocks.
func TestRisesByTheClockAreThoseOfTheZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	start := time.Date(2026, 3, 23, 0, 0, 0, 0, berlin) // the clocks are changed on Sunday, the 29th
	h := forecast.Series{Start: start.UTC(), Step: time.Minute, Values: make([]float64, 8*1440)}
	for i := range h.Values {
		h.Values[i] = 100 + math.Sin(float64(i*i))
		switch local := h.At(i).In(berlin); {
		case local.Weekday() == time.Monday && local.Hour() == 9:
			h.Values[i] *= 4
		case local.Hour() >= 18 && local.Hour() < 22:
			h.Values[i] *= 4
		}
	}
	for zone, weekly := range map[string]int{"Europe/Berlin": 1, "": 0} {
		s := api.Spec{Forecast: api.ForecastSpec{TimeZone: zone}}
		fit, err := model.FitReactive(t.Context(), s, h)
		require.NoError(t, err)
		found := 0
		for _, w := range fit.Bursts.Weekly {
			if w.At%(24*time.Hour) < 12*time.Hour && !w.Ramp {
				found++
			}
		}
		require.Equal(t, weekly, found, zone)
		six := time.Date(2026, 3, 31, 18, 1, 0, 0, berlin)
		expected := zone != ""
		require.Equal(t, expected, fit.Bursts.Expected(six, 0), zone)
	}
}

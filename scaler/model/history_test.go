package model_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/model"
)

// A server asks for a fortnight of a series that is younger. The time before its first
// sample is no time without demand: the forecast is the one of the series alone, from
// when its rate has shown what it is, as a replay of it begins.
func TestWhatPrecedesASeriesIsNoPartOfIt(t *testing.T) {
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

// A series that has only just come to life has no forecast, rather than one of nothing.
func TestTheFirstCellsOfASeriesAreTooFew(t *testing.T) {
	h := forecast.Series{Start: monday, Step: time.Minute, Values: []float64{math.NaN(), math.NaN(), 30, 60}}
	_, err := model.Fit(t.Context(), spec(), h)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	require.InDelta(t, 30, h.Values[2], 0, "the history is the caller's")
}

func forecastOf(t *testing.T, history forecast.Series) *forecast.Forecast {
	t.Helper()
	fit, err := model.Fit(t.Context(), spec(), history)
	require.NoError(t, err)
	r := model.NewRunning(spec().Default(), 30, []float64{0.1, 0.5, 0.9})
	require.NoError(t, r.Install(fit))
	return r.Forecast()
}

package regress_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/regress"
)

func TestModelsKeepTheContract(t *testing.T) {
	models := map[string]*regress.Model{
		"raw": {}, "log": {Form: regress.Log},
		"long raw": {Reach: regress.Long}, "long log": {Form: regress.Log, Reach: regress.Long},
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) { forecasttest.TestModel(t, m) })
	}
}

// Half of the cells that are needed are there, but none that the longest lag, of a day and an
// hour twice, lies before.
func TestAnOutageUpToNowLeavesNothingToLearnFrom(t *testing.T) {
	history := forecasttest.Hourly(5*24, 100, 1)
	for i := 2*24 + 1; i < history.Len(); i++ {
		history.Values[i] = math.NaN()
	}
	m := &regress.Model{}
	_, err := m.Fit(t.Context(), history)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	_, err = m.Walk(history, func(_ []float64, _, v float64) float64 { return v })
	require.ErrorIs(t, err, forecast.ErrShortHistory)
}

// What has grown up to now does not grow without end: a forecast goes half the range of the
// history beyond it at most, up or down, however far ahead.
func TestAForecastStaysNearWhatWasSeen(t *testing.T) {
	for name, at := range map[string]func(i int) float64{
		"up":   func(i int) float64 { return 1000 + 10*math.Exp(float64(i)/40) },
		"down": func(i int) float64 { return 1e6 - 10*math.Exp(float64(i)/40) },
	} {
		for form, m := range map[string]*regress.Model{"short": {}, "long": {Reach: regress.Long}} {
			history := forecasttest.Hourly(400, 100, 1)
			for i := range history.Values {
				history.Values[i] = at(i)
			}
			f, err := m.Estimate(history)
			require.NoError(t, err, "%s, %s", name, form)
			state, err := f.State(history.Start, history.Step)
			require.NoError(t, err)
			for _, v := range history.Values {
				state.Update(v)
			}
			low, high := slices.Min(history.Values), slices.Max(history.Values)
			room := (high - low) / 2
			for _, h := range []int{1, 24, 500} {
				require.GreaterOrEqual(t, state.At(h), low-room-1e-6*high, "%s, %s, %d ahead", name, form, h)
				require.LessOrEqual(t, state.At(h), high+room+1e-6*high, "%s, %s, %d ahead", name, form, h)
			}
			if name == "up" {
				require.InEpsilon(t, high+room, state.At(500), 1e-6, "%s: and no less than it may", form)
			}
		}
	}
}

// The hours of a day are forecast as they are, the lowest as well as the highest.
func TestADayIsForecast(t *testing.T) {
	history := forecasttest.Hourly(35*24, 100, 1)
	m := &regress.Model{}
	n := history.Len() - 24
	f, err := m.Estimate(history.Slice(0, n))
	require.NoError(t, err)
	state, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	for _, v := range history.Values[:n] {
		state.Update(v)
	}
	for h := 1; h <= 24; h++ {
		require.InDelta(t, history.Values[n+h-1], state.At(h), 20, "%d hours ahead", h)
	}
}

package regress_test

import (
	"math"
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

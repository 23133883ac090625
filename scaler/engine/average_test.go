package engine_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// uncertain is a workload under f after three days around 1000 requests/s with an
// error of so many percent, observed at 1000; and the instant of that.
func uncertain(t *testing.T, f api.ForecastSpec, percent float64) (*engine.Workload, time.Time) {
	t.Helper()
	spec := queue()
	spec.Forecast = f
	w, err := engine.New(spec)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(6, 4))
	history := forecast.Series{Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 3*1440)}
	for i := range history.Values {
		history.Values[i] = 1000 * (1 + percent/100*rng.NormFloat64())
	}
	fit, err := model.Fit(t.Context(), spec, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 1000})
	return w, now
}

// On average over the forecast distribution the count lies between that of the median and that of
// the highest demand. It grows with the spread of the forecast; without a spread it is what the
// queue needs.
func TestTheObjectiveOnAverageIsOneMargin(t *testing.T) {
	count := func(f api.ForecastSpec, percent float64) int32 {
		w, now := uncertain(t, f, percent)
		d := w.Decide(now, engine.Target{Current: 12, Ready: 12, Min: 1, Max: 200, Missed: math.NaN()})
		answer := math.Ceil(w.Answer(now, w.Demand(now))/w.Target() - 1e-9)
		require.InDelta(t, d.Asked, answer, 0, "KEDA and the controller get the same")
		return d.Asked
	}
	average := api.ForecastSpec{Average: true}
	w, _ := uncertain(t, average, 0)
	require.Equal(t, w.Replicas(1000), count(average, 0), "sure")
	before := w.Replicas(1000)
	for _, percent := range []float64{5, 15, 30} {
		n := count(average, percent)
		require.Greater(t, n, before, "±%v %%", percent)
		require.Greater(t, n, count(api.ForecastSpec{Risk: 0.5}, percent), "±%v %%", percent)
		before = n
	}
}

// Without a forecast distribution there is no average: the observed demand is provided for.
func TestWithoutAForecastThereIsNoAverage(t *testing.T) {
	spec := queue()
	spec.Forecast.Average = true
	w, err := engine.New(spec)
	require.NoError(t, err)
	now := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	w.Observe(collector.Sample{Time: now, Value: 1000})
	d := w.Decide(now, engine.Target{Current: 1, Ready: 1, Min: 1, Max: 200, Missed: math.NaN()})
	require.Equal(t, w.Replicas(1000), d.Replicas)
	spec.Scale.Service = nil
	_, err = engine.New(spec)
	require.ErrorContains(t, err, "forecast.average")
}

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
)

// After a restart a forecast that had lost its trust does not act until it has regained it: its
// forecasts over the end of the history are judged at the start. The seasonal naive model has lost
// it, a model that follows the level has not.
func TestARestartKeepsLostTrust(t *testing.T) {
	load := noisy(5 * 1440)
	copy(load.Values[4*1440:], noisy(2 * 1440).Values[720:2160])
	for name, trusted := range map[string]bool{"seasonal-naive": false, "drift": true} {
		s := spec()
		s.Forecast.Model = name
		running := started(t, s, load.Slice(0, 4*1440))
		require.True(t, running.Trusted(), "its days were all alike")
		for i := 4 * 1440; i < load.Len(); i++ {
			running.Observe(collector.Sample{Time: load.At(i + 1), Value: load.Values[i]})
			require.NoError(t, running.Append(load.Slice(i, i+1)))
		}
		require.Equal(t, trusted, running.Trusted(), name)

		again := started(t, s, load)
		require.Equal(t, trusted, again.Trusted(), name)
		require.InEpsilon(t, running.Skill(), again.Skill(), 0.1, name)
		require.Nil(t, again.Retrace(), "it is scored, and a later fit need not be")
	}
}

// noisy returns n cells of a daily wave between 50 and 150, with noise. Without any, the
// last value is as good as perfect, and every forecast loses to it.
func noisy(n int) forecast.Series {
	rng, s := rand.New(rand.NewPCG(3, 4)), minutes(n)
	for i := range s.Values {
		s.Values[i] *= 1 + 0.01*rng.NormFloat64()
	}
	return s
}

// started returns a workload that has gone over the last of history.
func started(tb testing.TB, s api.Spec, history forecast.Series) *engine.Workload {
	tb.Helper()
	w, err := engine.New(s)
	require.NoError(tb, err)
	r := w.Retrace()
	fit, err := r.Fit(tb.Context(), history, nil)
	require.NoError(tb, err)
	require.NoError(tb, w.Start(fit, r))
	return w
}

// A verdict from a retrace lets a forecast raise; it may lower only after it has come true while the
// process ran.
func TestARetraceLowersNothing(t *testing.T) {
	history := noisy(2 * 1440)
	s := spec()
	s.Scale.ScaleDown.Forecast = true
	w := started(t, s, history)
	require.True(t, w.Trusted())
	require.False(t, math.IsNaN(w.Skill()))
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 10_000})
	d := w.Demand(now)
	d.Predicted = 50
	require.InDelta(t, 10_000, w.Need(d), 0)
}

// Half of a short history is retraced, which may be too little for a verdict; an outage within it
// counts against no forecast.
func TestARetraceOfAYoungHistory(t *testing.T) {
	history := noisy(100)
	for i := 60; i < 90; i++ {
		history.Values[i] = math.NaN()
	}
	w := started(t, spec(), history)
	require.True(t, math.IsNaN(w.Skill()), "too few forecasts came due")
	require.True(t, w.Trusted())
	require.NotNil(t, w.Retrace())
}

// A forecast is judged at usual times only: no promise is made in a burst, which other rules meet,
// or without samples, when it could not be checked.
func TestPromisesAreMadeInUsualTimes(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{})
	minute := func(demand float64) (made int) {
		before := w.Promised()
		for range 4 {
			now = now.Add(15 * time.Second)
			if math.IsNaN(demand) {
				continue
			}
			show(t, w, now, demand)
		}
		if math.IsNaN(demand) {
			require.NoError(t, w.Append(forecast.Series{Start: now.Add(-time.Minute), Step: time.Minute, Values: []float64{demand}}))
		}
		return w.Promised() - before
	}
	for range 5 {
		require.Equal(t, 1, minute(1000), "each cell")
	}
	for range 5 {
		require.LessOrEqual(t, minute(4000), 0, "a burst, in which former ones may turn out void")
	}
	for range 5 {
		minute(1000)
	}
	require.Equal(t, 1, minute(1000))
	minute(math.NaN()) // the newest sample is a step old
	for range 5 {
		require.LessOrEqual(t, minute(math.NaN()), 0, "silence")
	}
}

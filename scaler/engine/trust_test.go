package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// After a restart a forecast that had lost its trust does not act until it has earned it
// again: what it would have forecast over the last of the history is judged at the start.
func TestARestartKnowsOfLostTrust(t *testing.T) {
	s := spec()
	s.Forecast.Model = "seasonal-naive"
	s.Scale.ScaleDown.Forecast = true
	load := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, 4*1440)}
	for i := range load.Values {
		phase := float64(i%1440) / 1440
		if i >= 3*1440 {
			phase += 0.5
		}
		load.Values[i] = 500 - 400*math.Cos(2*math.Pi*phase)
	}
	fitted := func(end int) *engine.Workload {
		w, err := engine.New(s)
		require.NoError(t, err)
		fit, err := model.FitWith(t.Context(), s, load.Slice(0, end), model.Options{Trial: w.Trial()})
		require.NoError(t, err)
		require.NoError(t, w.Install(fit))
		return w
	}
	running := fitted(3 * 1440)
	require.True(t, running.Trusted(), "its days were all alike")
	for i := 3 * 1440; i < load.Len(); i++ {
		running.Observe(collector.Sample{Time: load.At(i + 1), Value: load.Values[i]})
		require.NoError(t, running.Append(load.Slice(i, i+1)))
	}
	require.False(t, running.Trusted())

	again := fitted(load.Len())
	require.False(t, again.Trusted())
	require.Greater(t, again.Skill(), 1.1)
	require.Nil(t, again.Trial(), "it is scored, and a later fit need not be")
}

// What was judged over a history has not been seen by this process: it lets a forecast
// raise, but not lower before it has come true while it ran.
func TestATrialLowersNothing(t *testing.T) {
	history := minutes(2 * 1440)
	s := spec()
	s.Scale.ScaleDown.Forecast = true
	w, err := engine.New(s)
	require.NoError(t, err)
	fit, err := model.FitWith(t.Context(), s, history, model.Options{Trial: w.Trial()})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	require.True(t, w.Trusted())
	require.False(t, math.IsNaN(w.Skill()))
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 10_000})
	d := w.Demand(now)
	d.Predicted = 50
	require.InDelta(t, 10_000, w.Need(d), 0)
}

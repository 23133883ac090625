package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/engine"
)

// The forecast of a ramp is carried on for an hour without samples. After that nothing more is asked
// for, and the autoscaler holds what was.
func TestAForecastIsCarriedOnForAnHourWithoutSamples(t *testing.T) {
	history := minutes(7*1440 + 8*60) // to eight in the morning, where the wave rises
	end := history.End()
	for name, seen := range map[string]bool{"after a sample": true, "after a start that saw none": false} {
		t.Run(name, func(t *testing.T) {
			w := fitted(t, history)
			if seen {
				w.Observe(collector.Sample{Time: end, Value: history.Values[history.Len()-1]})
			}
			carries(t, w, end)
		})
	}
}

func carries(t *testing.T, w *engine.Workload, end time.Time) {
	t.Helper()
	before := w.Demand(end).Predicted
	for i := range 90 {
		cell := forecast.Series{Start: end.Add(time.Duration(i) * time.Minute), Step: time.Minute, Values: []float64{math.NaN()}}
		require.NoError(t, w.Append(cell))
		d := w.Demand(cell.End())
		switch {
		case i+1 <= 60:
			require.Greater(t, d.Predicted, before-5, "after %d minutes", i+1)
		default:
			require.True(t, math.IsNaN(d.Predicted), "after %d minutes", i+1)
		}
		if i == 44 {
			require.Greater(t, d.Predicted, before+5, "it has risen meanwhile")
		}
	}
}

// At a start within an outage the newest sample read is as old as the outage.
func TestAStartWithinAnOutageCarriesNothing(t *testing.T) {
	history := minutes(7*1440 + 8*60)
	for i := range 15 * 60 {
		history.Values[history.Len()-1-i] = math.NaN()
	}
	w := fitted(t, history)
	require.True(t, math.IsNaN(w.Demand(history.End()).Predicted))
	w.Observe(collector.Sample{Time: history.End(), Value: 80})
	require.False(t, math.IsNaN(w.Demand(history.End()).Predicted), "it is over")
}

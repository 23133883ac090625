package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// A service that was just deployed gets 120 requests a second from the start; its rate over a window
// of two cells is first 30 and 60. That is not a rise of demand.
func TestTheBeginOfASeriesIsNotARise(t *testing.T) {
	for cells, most := range map[int]float64{
		3:  1.35, // hardly an error of its own to go by: what is usual elsewhere
		8:  1.1,
		20: 1.02,
	} {
		h := forecast.Series{Start: time.Unix(6000, 0).UTC(), Step: time.Minute}
		for range 30 {
			h.Values = append(h.Values, math.NaN())
		}
		h.Values = append(h.Values, 30, 60)
		for range cells {
			h.Values = append(h.Values, 120)
		}
		w, err := engine.New(spec())
		require.NoError(t, err)
		fit, err := model.Fit(t.Context(), spec(), h, model.Options{})
		require.NoError(t, err, "%d cells", cells)
		require.NoError(t, w.Install(fit))
		now := h.End().Add(time.Second)
		require.True(t, w.Observe(collector.Sample{Time: now, Value: 120}))
		need := w.Demand(now).Need()
		require.GreaterOrEqual(t, need, 120.0)
		require.LessOrEqual(t, need, most*120, "%d cells", cells)
		require.InDelta(t, 30, h.Values[30], 0, "the history is the caller's")
	}
}

// A declared event counts although the history is short: a lead time before it, four times the usual
// demand is provided for.
func TestADeclaredEventOnAYoungHistory(t *testing.T) {
	history := minutes(20)
	s := spec()
	s.Forecast.Events = []api.Event{{
		Name: "sale", Start: history.End().Add(90 * time.Second).Format(time.RFC3339), Duration: api.Duration(time.Hour), Multiplier: 4,
	}}
	w, err := engine.New(s)
	require.NoError(t, err)
	fit, err := model.Fit(t.Context(), s, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	require.True(t, w.Observe(collector.Sample{Time: history.End(), Value: history.Values[19]}))
	require.Greater(t, w.Demand(history.End()).Predicted, 3.5*history.Values[19])
}

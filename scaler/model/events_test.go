package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/model"
)

var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func spec() api.Spec {
	return api.Spec{
		Metric: api.MetricSpec{Query: "sum(rate(requests_total[1m]))"},
		Scale:  api.ScaleSpec{TargetPerReplica: 50},
	}
}

// predicted fits s to history and returns the highest median within the next
// half hour.
func predicted(t *testing.T, s api.Spec, history forecast.Series) float64 {
	t.Helper()
	fit, err := model.Fit(t.Context(), s, history, model.Options{})
	require.NoError(t, err)
	r := model.NewRunning(s.Default(), 30, []float64{0.1, 0.5, 0.9})
	require.Nil(t, r.Forecast())
	require.NoError(t, r.Install(fit))
	f := r.Forecast()
	return f.Quantile(f.Peaks[29], 0.5)
}

// flatLoad is 100 a minute for n cells, and peak where on says so.
func flatLoad(n int, peak float64, on func(i int) bool) forecast.Series {
	s := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = 100 + float64(i%3)
		if on(i) {
			s.Values[i] = peak
		}
	}
	return s
}

func never(int) bool { return false }

func TestADeclaredEventLiftsTheForecast(t *testing.T) {
	history := flatLoad(2*1440, 0, never)
	s := spec()
	usual := predicted(t, s, history)
	require.InDelta(t, 101, usual, 3)
	s.Forecast.Events = []api.Event{{
		Name: "sale", Start: history.End().Add(10 * time.Minute).Format(time.RFC3339), Duration: api.Duration(time.Hour), Multiplier: 3,
	}}
	require.InDelta(t, 3*usual, predicted(t, s, history), 10)
	s.Forecast.Events[0].Multiplier, s.Forecast.Events[0].Add = 0, 500
	require.InDelta(t, usual+500, predicted(t, s, history), 10)
}

// Every 17 hours, a period that no season explains, the load is 400 for half an
// hour. The third occurrence is forecast from the two before it.
func TestAnEventIsLearned(t *testing.T) {
	const every, lasts = 17 * 60, 30
	on := func(i int) bool { return i >= every && i%every < lasts }
	history := flatLoad(3*every-10, 400, on) // ends ten minutes before the third
	s := spec()
	s.Forecast.Events = []api.Event{{
		Name: "batch", Start: monday.Add(every * time.Minute).Format(time.RFC3339),
		Duration: api.Duration(lasts * time.Minute), Every: api.Duration(every * time.Minute), Learn: true,
	}}
	require.InDelta(t, 400, predicted(t, s, history), 60)
	s.Forecast.Events = nil
	require.Less(t, predicted(t, s, history), 300.0, "the event made the difference")
}

// An event that is over does not change the level.
func TestAfterAnEventTheLevelIsTheUsualOne(t *testing.T) {
	history := flatLoad(2*1440, 300, func(i int) bool { return i >= 2*1440-60 })
	s := spec()
	s.Forecast.Events = []api.Event{{
		Name: "sale", Start: history.End().Add(-time.Hour).Format(time.RFC3339), Duration: api.Duration(time.Hour), Multiplier: 3,
	}}
	require.InDelta(t, 101, predicted(t, s, history), 6)
}

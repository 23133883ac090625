package forescale

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
)

func TestHistoryIsWhatServeWouldReadBack(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	minutes := func(start time.Time, n int) forecast.Series {
		s := forecast.Series{Start: start, Step: time.Minute, Values: make([]float64, n)}
		for i := range s.Values {
			s.Values[i] = float64(i)
		}
		return s
	}
	for name, c := range map[string]struct {
		load          forecast.Series
		step, history time.Duration
		start         time.Time
		values        []float64
	}{
		"as recorded":              {minutes(noon, 4), time.Minute, time.Hour, noon, []float64{0, 1, 2, 3}},
		"the newest of it":         {minutes(noon, 4), time.Minute, 2 * time.Minute, noon.Add(2 * time.Minute), []float64{2, 3}},
		"at the ends of its cells": {minutes(noon, 11), 5 * time.Minute, time.Hour, noon, []float64{4, 9}},
		"from any minute on":       {minutes(noon.Add(2*time.Minute), 9), 5 * time.Minute, time.Hour, noon, []float64{2, 7}},
		"less than a cell":         {minutes(noon, 4), 5 * time.Minute, time.Hour, time.Time{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := historyOf(c.load, api.MetricSpec{Step: api.Duration(c.step), History: api.Duration(c.history)})
			require.NoError(t, err)
			require.Equal(t, forecast.Series{Start: c.start, Step: c.step, Values: c.values}, got)
		})
	}
	for _, step := range []time.Duration{30 * time.Second, 90 * time.Second} {
		_, err := historyOf(minutes(noon, 4), api.MetricSpec{Step: api.Duration(step)})
		require.ErrorContains(t, err, "metric.step: "+api.Duration(step).String()+": the history of a replay is kept in steps of 1m: want a whole multiple")
	}
}

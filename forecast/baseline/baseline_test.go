package baseline_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/baseline"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

func TestRulesKeepTheContract(t *testing.T) {
	models := map[string]forecast.Model{
		"naive": baseline.Naive{}, "drift": baseline.Drift{},
		"day ago": baseline.SeasonalNaive{}, "week ago": baseline.SeasonalNaive{Season: season.Week},
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) { forecasttest.TestModel(t, m) })
	}
}

func TestDayAgoFollowsTheWallClockWhenTheClocksChange(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Vienna")
	require.NoError(t, err)
	start := time.Date(2024, 3, 30, 0, 0, 0, 0, zone) // the night to the 31st has 23 hours
	s := baseline.NewSeasonal(start, time.Hour, season.Day, zone)
	for i := range 23 + 24 {
		s.Update(float64(start.Add(time.Duration(i) * time.Hour).Hour()))
	}
	for h := 1; h <= 24; h++ {
		at := start.Add(time.Duration(46+h) * time.Hour)
		require.InDelta(t, at.Hour(), s.At(h), 0, at)
	}
}

func TestDayAgoFillsAGapFromTheDayBefore(t *testing.T) {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	s := baseline.NewSeasonal(start, time.Hour, season.Day, nil)
	for i := range 48 {
		v := float64(i)
		if i >= 24 && i < 30 {
			v = math.NaN()
		}
		s.Update(v)
	}
	require.InDelta(t, 0, s.At(1), 0, "missing at 00:00 of the second day, so that of the first")
	require.InDelta(t, 30, s.At(7), 0)
}

func TestDriftIsTheShrunkMeanChange(t *testing.T) {
	d := &baseline.Trend{}
	require.True(t, math.IsNaN(d.At(1)))
	for i := range 11 {
		d.Update(float64(2 * i))
	}
	// from 0 to 20 in ten cells, shrunk by ten more: one a cell
	require.InDelta(t, 23, d.At(3), 1e-12)
	d.Update(math.NaN())
	require.InDelta(t, 24, d.At(3), 1e-12, "time goes on in a gap")
}

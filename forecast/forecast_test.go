package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

func TestTidyKeepsThePromises(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct{ values, peaks, wantValues, wantPeaks []float64 }{
		"in order":          {[]float64{1, 2, 3}, []float64{2, 3, 4}, []float64{1, 2, 3}, []float64{2, 3, 4}},
		"crossing":          {[]float64{2, 1, 3}, []float64{2, 3, 4}, []float64{2, 2, 3}, []float64{2, 3, 4}},
		"negative":          {[]float64{-2, -1, 3}, []float64{0, 0, 4}, []float64{0, 0, 3}, []float64{0, 0, 4}},
		"NaN is no number":  {[]float64{1, nan, 3}, []float64{nan, 3, 4}, []float64{1, 1, 3}, []float64{1, 3, 4}},
		"infinite":          {[]float64{1, 2, inf}, []float64{1, 2, inf}, []float64{1, 2, 2}, []float64{1, 2, 2}},
		"peak below value":  {[]float64{1, 2, 3}, []float64{0, 1, 2}, []float64{1, 2, 3}, []float64{1, 2, 3}},
		"nothing but NaN":   {[]float64{nan, nan, nan}, []float64{nan, nan, nan}, []float64{0, 0, 0}, []float64{0, 0, 0}},
		"minus infinite":    {[]float64{-inf, 1, 2}, []float64{1, 1, 2}, []float64{0, 1, 2}, []float64{1, 1, 2}},
		"the smallest ones": {[]float64{5e-324, 5e-324, 1}, []float64{1, 1, 1}, []float64{5e-324, 5e-324, 1}, []float64{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := forecast.New(2, 0.1, 0.5, 0.9)
			copy(f.Values[0], c.values)
			copy(f.Peaks[0], c.peaks)
			f.Tidy()
			require.Equal(t, c.wantValues, f.Values[0])
			require.Equal(t, c.wantPeaks, f.Peaks[0])
			require.Equal(t, c.wantPeaks, f.Peaks[1], "the maximum never falls with the horizon")
		})
	}
}

func TestQuantileInterpolatesBetweenLevels(t *testing.T) {
	f := forecast.New(1, 0.5, 0.9)
	row := []float64{10, 20}
	for p, want := range map[float64]float64{0.5: 10, 0.9: 20, 0.7: 15, 0.1: 10, 0.99: 20} {
		require.InDelta(t, want, f.Quantile(row, p), 1e-12, "level %v", p)
	}
}

func TestNewRefusesWhatNoProgramMeans(t *testing.T) {
	for name, f := range map[string]func(){
		"no horizon":       func() { forecast.New(0, 0.5) },
		"no level":         func() { forecast.New(1) },
		"level one":        func() { forecast.New(1, 0.5, 1) },
		"descending":       func() { forecast.New(1, 0.9, 0.5) },
		"a level of NaN":   func() { forecast.New(1, math.NaN()) },
		"percent, not one": func() { forecast.New(1, 95) },
	} {
		require.Panics(t, f, name)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	f := forecast.New(1, 0.5)
	f.Values[0][0], f.Peaks[0][0] = 1, 2
	c := f.Clone()
	f.Values[0][0], f.Peaks[0][0], f.Levels[0] = 7, 8, 0.9
	require.InDelta(t, 1, c.Values[0][0], 0)
	require.InDelta(t, 2, c.Peaks[0][0], 0)
	require.InDelta(t, 0.5, c.Levels[0], 0)
}

func TestSeries(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := forecast.Series{Start: start, Step: time.Minute, Values: []float64{1, math.NaN(), 3}}
	require.NoError(t, s.Check())
	require.Equal(t, 2, s.Observed())
	require.Equal(t, start.Add(3*time.Minute), s.End())
	require.Equal(t, start.Add(time.Minute), s.Slice(1, 3).Start)
	for name, c := range map[string]struct {
		change func(*forecast.Series)
		want   string
	}{
		"no step":       {func(s *forecast.Series) { s.Step = 0 }, "step of the series is 0s"},
		"off the grid":  {func(s *forecast.Series) { s.Start = s.Start.Add(time.Second) }, "want a multiple of its step 1m since"},
		"infinite":      {func(s *forecast.Series) { s.Values = []float64{math.Inf(1)} }, "value 0 of the series"},
		"negative step": {func(s *forecast.Series) { s.Step = -time.Minute }, "want a positive duration"},
	} {
		bad := s
		c.change(&bad)
		require.ErrorContains(t, bad.Check(), c.want, name)
	}
}

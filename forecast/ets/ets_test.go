package ets_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ets"
	"github.com/forescale/forescale/forecast/forecasttest"
)

func TestModelsKeepTheContract(t *testing.T) {
	models := map[string]ets.Model{
		"zero value":              {},
		"log":                     {Form: ets.Log},
		"textbook additive":       ets.HoltWinters(ets.Additive),
		"textbook multiplicative": ets.HoltWinters(ets.Multiplicative),
		"day and week on logs":    ets.DoubleSeasonal(ets.Log),
		"no season, no trend":     {Seasons: ets.None, Trend: ets.NoTrend},
		"ten-hour season":         {Period: 10 * time.Hour, Seasons: ets.One},
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) { forecasttest.TestModel(t, m) })
	}
}

// clean returns n noiseless cells of step: level 100, day wave 30, weekends off by 20.
func clean(n int, step time.Duration, start time.Time) forecast.Series {
	s := forecast.Series{Start: start, Step: step}
	for i := range n {
		at := s.At(i)
		v := 100 + 30*math.Sin(2*math.Pi*float64(at.Hour()*60+at.Minute())/1440)
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			v -= 20
		}
		s.Values = append(s.Values, v)
	}
	return s
}

var monday = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func TestDayAndWeekAreLearned(t *testing.T) {
	for _, form := range []ets.Form{ets.Additive, ets.Log, ets.Multiplicative} {
		for _, step := range []time.Duration{time.Hour, 10 * time.Minute} {
			perDay := int(24 * time.Hour / step)
			all := clean(30*perDay, step, monday)
			history := all.Slice(0, 26*perDay) // ends on a Friday night
			f, err := ets.Model{Form: form}.Estimate(t.Context(), history)
			require.NoError(t, err)
			s := run(t, f, history)
			worst := 0.0
			for h := 1; h <= 2*perDay; h++ {
				worst = max(worst, math.Abs(s.At(h)-all.Values[26*perDay+h-1]))
			}
			require.Lessf(t, worst, 8.0, "form %v, step %v: weekend cut by 20 not foreseen", form, step)
		}
	}
}

func run(t *testing.T, f *ets.Fitted, history forecast.Series) *ets.State {
	t.Helper()
	s, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	for _, v := range history.Values {
		s.Update(v)
	}
	return s
}

// The week counts from its eleventh day on, as far as it was seen twice.
func TestTheWeekCountsFromElevenDaysOn(t *testing.T) {
	sunday := time.Date(2024, 3, 3, 0, 0, 0, 0, time.UTC)
	saturday := func(days int, seasons ets.Seasons) float64 {
		history := clean(days*24, time.Hour, sunday.AddDate(0, 0, 6-days))
		f, err := ets.Model{Seasons: seasons, Trend: ets.NoTrend}.Estimate(t.Context(), history)
		require.NoError(t, err)
		state, err := f.Filter(history)
		require.NoError(t, err)
		dst := forecast.New(24, 0.5)
		state.Forecast(dst)
		mean := 0.0
		for _, v := range dst.Values {
			mean += v[0] / 24
		}
		return mean
	}
	require.InDelta(t, saturday(10, ets.One), saturday(10, ets.Auto), 1e-9)
	require.InDelta(t, 80, saturday(14, ets.Auto), 3)
	require.Less(t, saturday(13, ets.Auto), saturday(13, ets.One)-5)
}

func TestMinutesShareFiveMinuteCells(t *testing.T) {
	history := clean(6*1440, time.Minute, monday)
	f, err := ets.Model{Seasons: ets.One, Tries: 40}.Estimate(t.Context(), history)
	require.NoError(t, err)
	s := run(t, f, history)
	for h := 1; h <= 720; h += 60 {
		at := history.At(history.Len() + h - 1)
		want := 80 + 30*math.Sin(2*math.Pi*float64(at.Hour()*60+at.Minute())/1440) // a Sunday
		require.InDelta(t, want, s.At(h), 6, "h = %d", h)
	}
}

func TestTheSeasonFollowsTheWallClock(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	// rush at 09:00 local time; the clocks go forward on 10 March 2024 at 07:00 UTC
	rush := func(at time.Time) float64 {
		if at.In(zone).Hour() == 9 {
			return 100
		}
		return 20
	}
	history := forecast.Series{Start: time.Date(2024, 2, 25, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range 14*24 + 6 { // up to the hour before the change
		history.Values = append(history.Values, rush(history.At(i)))
	}
	local, err := ets.Model{Seasons: ets.One, Zone: zone}.Estimate(t.Context(), history)
	require.NoError(t, err)
	utc, err := ets.Model{Seasons: ets.One}.Estimate(t.Context(), history)
	require.NoError(t, err)
	l, u := run(t, local, history), run(t, utc, history)
	wrong := 0.0
	for h := 1; h <= 24; h++ {
		want := rush(history.At(history.Len() + h - 1))
		require.InDelta(t, want, l.At(h), 5, "hour %d", h)
		wrong = max(wrong, math.Abs(u.At(h)-want))
	}
	require.Greater(t, wrong, 50.0, "counting hours in UTC misses the rush by one")
}

func TestAnAR1ErrorIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	s := clean(28*24, time.Hour, monday)
	e := 0.0
	for i := range s.Values {
		e = 0.8*e + 3*rng.NormFloat64()
		s.Values[i] += e
	}
	f, err := ets.Model{}.Estimate(t.Context(), s)
	require.NoError(t, err)
	require.InDelta(t, 0.8, f.Rho+f.Alpha, 0.15, "error correction takes up the autocorrelation: %+v", f.Params)
}

func TestForecastsStayWithinHalfTheRange(t *testing.T) {
	s := forecast.Series{Start: monday, Step: time.Hour}
	for i := range 24 * 14 {
		s.Values = append(s.Values, float64(i*i)) // accelerates
	}
	f, err := ets.HoltWinters(ets.Additive).Estimate(t.Context(), s)
	require.NoError(t, err)
	top := s.Values[len(s.Values)-1]
	require.InDelta(t, 1.5*top, run(t, f, s).At(5000), 1e-6*top)
}

func TestUnusableSettingsAreErrors(t *testing.T) {
	history := forecasttest.Hourly(100, 10, 1)
	_, err := ets.Model{Seasons: ets.Two}.Fit(t.Context(), history)
	require.ErrorIs(t, err, forecast.ErrShortHistory, "two seasons need two weeks")
	_, err = ets.Model{Period: -1}.Fit(t.Context(), history)
	require.Error(t, err)
	f, err := ets.Model{}.Estimate(t.Context(), history)
	require.NoError(t, err)
	_, err = f.State(history.Start, time.Minute)
	require.Error(t, err, "fitted on hours")
}

func BenchmarkUpdate(b *testing.B) {
	for name, m := range map[string]ets.Model{
		"hour/additive": {}, "hour/log": {Form: ets.Log}, "hour/multiplicative": {Form: ets.Multiplicative},
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, m, forecasttest.Hourly(960, 100, 1)) })
	}
	minutes := clean(14*1440, time.Minute, monday)
	for name, m := range map[string]ets.Model{"minute/additive": {Tries: 10}, "minute/log": {Form: ets.Log, Tries: 10}} {
		b.Run(name, func(b *testing.B) { benchmark(b, m, minutes) })
	}
}

func benchmark(b *testing.B, m ets.Model, history forecast.Series) {
	b.Helper()
	f, err := m.Estimate(b.Context(), history)
	require.NoError(b, err)
	s, err := f.State(history.Start, history.Step)
	require.NoError(b, err)
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for i := 0; b.Loop(); i++ {
		s.Update(history.Values[i%history.Len()])
	}
	report()
}

// BenchmarkFit is the search for parameters on forty days of hours. It is what a
// library without a running state does at every sample, in place of Update.
func BenchmarkFit(b *testing.B) {
	history := forecasttest.Hourly(960, 100, 1)
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for b.Loop() {
		_, err := ets.Model{}.Fit(b.Context(), history)
		require.NoError(b, err)
	}
	report()
}

// Without samples a forecast stays what it was: it is the mean of what is to come.
func TestForecastsGoOnThroughAGap(t *testing.T) {
	for _, c := range []struct {
		model ets.Model
		far   float64 // how far a forecast may move, relatively
	}{
		{ets.Model{}, 1e-5}, // seasons are kept in single precision
		{ets.Model{Form: ets.Log}, 1e-5},
		{ets.Model{Seasons: ets.One}, 1e-5},
	} {
		history := forecasttest.Hourly(960, 100, 2)
		f, err := c.model.Estimate(t.Context(), history)
		require.NoError(t, err)
		require.NotZero(t, f.Rho)
		s, err := f.State(history.Start, history.Step)
		require.NoError(t, err)
		for _, v := range history.Values {
			s.Update(v)
		}
		var want []float64
		for h := 1; h <= 400; h++ {
			want = append(want, s.At(h))
		}
		for h, w := range want {
			require.InEpsilonf(t, w, s.At(1), c.far, "%+v, h = %d", c.model, h+1)
			s.Update(math.NaN())
		}
	}
}

// The horizons that are named, those between them and those beyond.
func TestOnlyChangesNoForecast(t *testing.T) {
	history := clean(20*24, time.Hour, monday)
	f, err := ets.Model{}.Estimate(t.Context(), history)
	require.NoError(t, err)
	all, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	few, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	few.Only([]int{1, 2, 5, 60})
	for _, v := range history.Values {
		all.Update(v)
		few.Update(v)
	}
	for h := range 100 {
		require.InDelta(t, all.At(h+1), few.At(h+1), 0, "horizon %d", h+1)
	}
}

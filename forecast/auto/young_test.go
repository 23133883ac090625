package auto_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// Before an hour is over no error an hour ahead is known, and yet the bounds of the
// first hour cover: those of shorter horizons tell how large errors are.
func TestTheFirstHourIsCoveredAnHourAhead(t *testing.T) {
	const ahead, first, series = 60, 15, 40
	covered, wide, n := 0, 0.0, 0
	for seed := range uint64(series) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := forecast.Series{Start: time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 2*ahead)}
		for i := range s.Values {
			s.Values[i] = 100 + 10*rng.NormFloat64()
		}
		fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, first))
		require.NoError(t, err)
		filter, err := fitted.Filter(s.Slice(0, first))
		require.NoError(t, err)
		f := forecast.New(ahead, 0.95)
		for i := first; i < ahead; i++ {
			filter.Update(s.Values[i])
			filter.Forecast(f)
			bound := f.Values[ahead-1][0]
			if s.Values[i+ahead] <= bound {
				covered++
			}
			wide += bound / (series * (ahead - first))
			n++
		}
	}
	share := float64(covered) / float64(n)
	t.Logf("covered %.3f, bound at %.1f on average", share, wide)
	require.Greater(t, share, 0.9, "truths covered")
	require.Less(t, wide, 135.0, "where 116 would do if all were known")
}

// A server asks for a fortnight of a series that is younger. The time before its first
// sample is no time without demand, and zeros before a service starts are no nights: at once
// or cell by cell, the forecast is the one of the series alone.
func TestWhatPrecedesASeriesIsNoPartOfIt(t *testing.T) {
	for name, what := range map[string]float64{"silence": math.NaN(), "zeros": 0} {
		t.Run(name, func(t *testing.T) { precededBy(t, what) })
	}
}

func precededBy(t *testing.T, what float64) {
	t.Helper()
	const before, cells, short = 14 * 1440, 2000, 30
	alone := forecast.Series{Start: time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, cells)}
	for i := range alone.Values {
		alone.Values[i] = 100 + 10*math.Sin(float64(i*i))
	}
	alone.Values[7] = math.NaN()
	late := forecast.Series{Start: alone.At(-before), Step: time.Minute, Values: slices.Repeat([]float64{what}, before)}
	late.Values = append(late.Values, alone.Values...)
	read := func(s forecast.Series, filtered int) *forecast.Forecast {
		model, err := auto.New(auto.Options{}).Fit(t.Context(), s)
		require.NoError(t, err)
		filter, err := model.Filter(s.Slice(0, filtered))
		require.NoError(t, err)
		for _, v := range s.Values[filtered:] {
			filter.Update(v)
		}
		f := forecast.New(60, 0.05, 0.5, 0.95)
		filter.Forecast(f)
		return f
	}
	want := read(alone, short)
	require.Equal(t, want, read(late, before+short), "at once")
	require.Equal(t, want, read(late, before/2), "cell by cell")
	require.Equal(t, want, read(late, 0), "from nothing")

	model, err := auto.New(auto.Options{}).Fit(t.Context(), alone)
	require.NoError(t, err)
	filter, err := model.Filter(late.Slice(0, 5))
	require.NoError(t, err)
	silent := forecast.New(3, 0.5)
	filter.Forecast(silent)
	require.Equal(t, late.At(5), silent.Start, "time goes on")
	_, err = auto.New(auto.Options{}).Fit(t.Context(), forecast.Series{Start: alone.Start, Step: time.Minute, Values: []float64{-1, -1, -1}})
	require.ErrorIs(t, err, forecast.ErrShortHistory, "what is negative is no sample")
}

// With every fit the rests since the first rise are counted again. Zeros before it that no rest
// since is half as long as are ignored. Others are the first night of a shop.
func TestTheFirstNightBelongsToASeries(t *testing.T) {
	const night, open, hours = 8, 11, 60
	shop := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour, Values: make([]float64, hours)}
	for i := range shop.Values {
		if at := i % 24; at >= night && at < night+open {
			shop.Values[i] = 100 + 10*math.Sin(float64(i*i))
		}
	}
	read := func(s forecast.Series) *forecast.Forecast {
		model, err := auto.New(auto.Options{}).Fit(t.Context(), s)
		require.NoError(t, err)
		filter, err := model.Filter(s)
		require.NoError(t, err)
		f := forecast.New(12, 0.5, 0.95)
		filter.Forecast(f)
		return f
	}
	require.NotEqual(t, read(shop.Slice(night, hours)), read(shop), "the nights are thirteen hours, so that the first eight belong to them")
	early := shop
	early.Start = shop.At(-20)
	early.Values = append(make([]float64, 20), shop.Values...)
	require.Equal(t, read(shop.Slice(night, hours)), read(early), "of 28 hours the nights are less than half")
}

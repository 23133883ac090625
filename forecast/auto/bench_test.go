package auto_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// minutes returns n one-minute cells with a day, a week and noise.
func minutes(n int, seed uint64) forecast.Series {
	rng := rand.New(rand.NewPCG(seed, 2))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		day := 1 + 0.6*math.Sin(2*math.Pi*float64(i)/1440)
		if i/1440%7 >= 5 {
			day *= 0.5
		}
		s.Values[i] = max(0, 200*day*(1+0.1*rng.NormFloat64()))
	}
	return s
}

func warmFilter(tb testing.TB, days int) (forecast.Filter, forecast.Series) {
	tb.Helper()
	history := minutes(days*1440, 1)
	fitted, err := auto.New(auto.Options{}).Fit(tb.Context(), history)
	require.NoError(tb, err)
	filter, err := fitted.Filter(history)
	require.NoError(tb, err)
	return filter, history
}

// BenchmarkUpdate is one sample through all experts, seven rungs, two ladders,
// weights and bounds.
func BenchmarkUpdate(b *testing.B) {
	filter, history := warmFilter(b, 9)
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for i := 0; b.Loop(); i++ {
		filter.Update(history.Values[i%history.Len()])
	}
	report()
}

// BenchmarkForecast reads ten steps and five quantiles out.
func BenchmarkForecast(b *testing.B) {
	filter, _ := warmFilter(b, 2)
	f := forecast.New(10, 0.05, 0.5, 0.9, 0.95, 0.99)
	b.ReportAllocs()
	for b.Loop() {
		filter.Forecast(f)
	}
}

// TestRunningStateIsSmall bounds what one series costs in memory, once the network
// of its first two days has left.
func TestRunningStateIsSmall(t *testing.T) {
	history := minutes(16*1440, 1)
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), history)
	require.NoError(t, err)
	const n = 8
	filters := make([]forecast.Filter, n)
	recent := history.Slice(history.Len()-2*1440-10, history.Len())
	_, err = fitted.Filter(recent) // decodes the network, which all series share
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range filters {
		filters[i], err = fitted.Filter(recent)
		require.NoError(t, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
	t.Logf("%d bytes a series", each)
	require.Less(t, each, int64(64<<10), "bytes of running state a series, with day and week")
	runtime.KeepAlive(filters)
	runtime.KeepAlive(fitted)
	runtime.KeepAlive(history) // else its end counts against the filters
}

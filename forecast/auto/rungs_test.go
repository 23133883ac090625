package auto

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

// BenchmarkRungs is one sample through all experts, weights and bounds of both
// ladders, with the rungs of the ladder and with ten.
func BenchmarkRungs(b *testing.B) {
	history := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 9*1440)}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range history.Values {
		history.Values[i] = 300 + 100*math.Sin(2*math.Pi*float64(i)/1440) + 10*rng.NormFloat64()
	}
	opts := Options{Seasons: []time.Duration{season.Day, season.Week}}
	for name, rungs := range map[string][]int{"7": nil, "10": {1, 2, 3, 5, 10, 15, 20, 30, 45, 60}} {
		b.Run(name, func(b *testing.B) {
			model, err := New(opts).Fit(b.Context(), history)
			require.NoError(b, err)
			f, ok := model.(*fitted)
			require.True(b, ok)
			if rungs != nil {
				f.rungs = rungs
			}
			filter, err := f.Filter(history)
			require.NoError(b, err)
			b.ReportAllocs()
			report := forecasttest.CPU(b)
			for i := 0; b.Loop(); i++ {
				filter.Update(history.Values[i%len(history.Values)])
			}
			report()
			b.ReportMetric(float64(stateBytes(b, f, history))/1024, "KiB/series")
		})
	}
}

func stateBytes(b *testing.B, f *fitted, history forecast.Series) int64 {
	b.Helper()
	const n = 4
	filters := make([]forecast.Filter, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range filters {
		var err error
		filters[i], err = f.Filter(history.Slice(0, 2*1440+10))
		require.NoError(b, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(filters)
	return (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
}

package auto

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

// ten is a denser ladder than that of the program.
var ten = []int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60}

// daily returns nine days of minutes with a day, and the model of the given rungs
// with day and week fitted to them; nil are those of the ladder.
func daily(tb testing.TB, rungs []int) (*fitted, forecast.Series) {
	tb.Helper()
	history := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 9*1440)}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range history.Values {
		history.Values[i] = 300 + 100*math.Sin(2*math.Pi*float64(i)/1440) + 10*rng.NormFloat64()
	}
	model, err := New(Options{Seasons: []time.Duration{season.Day, season.Week}}).Fit(tb.Context(), history)
	require.NoError(tb, err)
	f, ok := model.(*fitted)
	require.True(tb, ok)
	if rungs != nil {
		f.plan = newPlan(rungs, f.lags.Day)
	}
	return f, history
}

// BenchmarkRungs is one sample through all experts, weights and bounds of both
// ladders, with the rungs of the ladder and with ten.
func BenchmarkRungs(b *testing.B) {
	for name, rungs := range map[string][]int{"7": nil, "10": ten} {
		b.Run(name, func(b *testing.B) {
			f, history := daily(b, rungs)
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

// TestTenRungsAreSmall bounds what one series costs in memory with a denser ladder.
// It tells with -v what that consists of.
func TestTenRungsAreSmall(t *testing.T) {
	f, history := daily(t, ten)
	each := float64(stateBytes(t, f, history)) / 1024
	all, _ := accountOf(old(t, f, history))
	t.Logf("%.1f KiB a series, by parts:\n%v", each, all)
	require.Less(t, each, 64.0, "KiB of running state a series, with day and week")
}

// old returns the state of a series that the network has left, as it does after two
// days: nothing else of it grows with age.
func old(tb testing.TB, f *fitted, history forecast.Series) *filter {
	tb.Helper()
	running, err := f.Filter(history.Slice(0, 10))
	require.NoError(tb, err)
	s, ok := running.(*filter)
	require.True(tb, ok)
	s.models[network-smooth] = nil
	return s
}

func stateBytes(tb testing.TB, f *fitted, history forecast.Series) int64 {
	tb.Helper()
	const n = 256
	filters := make([]*filter, n)
	old(tb, f, history) // decodes the network, which all series share
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC() // once more for what the first has let go
	runtime.ReadMemStats(&before)
	for i := range filters {
		filters[i] = old(tb, f, history)
	}
	runtime.GC()
	runtime.GC() // once more for what the first has let go
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(filters)
	runtime.KeepAlive(f)
	runtime.KeepAlive(history.Values) // else its end counts against the filters
	return (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
}

// What is of one sample only lies in arrays of that size.
func TestNoLadderHasMoreRungsThanThereIsRoomFor(t *testing.T) {
	for seconds := 1; seconds <= 24*3600; seconds++ {
		step := time.Duration(seconds) * time.Second
		require.LessOrEqual(t, len(combine.Ladder(step)), mostRungs, step)
	}
}

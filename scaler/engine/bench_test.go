package engine_test

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

func fitted(tb testing.TB, history forecast.Series) *engine.Workload {
	tb.Helper()
	return fittedTo(tb, spec(), history)
}

// fittedTo returns a workload of a specification.
func fittedTo(tb testing.TB, spec api.Spec, history forecast.Series) *engine.Workload {
	tb.Helper()
	w, err := engine.New(spec)
	require.NoError(tb, err)
	fit, err := model.Fit(tb.Context(), spec, history, model.Options{})
	require.NoError(tb, err)
	require.NoError(tb, w.Install(fit))
	return w
}

// BenchmarkTick is one decision: a new sample, demand one lead time ahead, and
// the replica count.
//
//   - sample: what the live store does twice a second.
//   - cell: each tick closes a cell of the grid, which the model learns from and
//     makes a forecast of ten steps and five quantiles after. The live store does
//     this once a minute, on the goroutine that read the cell and not in its tick.
//   - holt-winters: the same with one model instead of the pool of all.
//   - minute: 120 ticks of which one closes a cell, in ns per tick: what a workload
//     costs, all in all.
//   - budget: the same with a violation target, which tries eight quantiles in the
//     shadow every fifteen seconds.
func BenchmarkTick(b *testing.B) {
	history := minutes(14 * 1440)
	for _, c := range []struct {
		name  string
		model string
		every int // ticks from one cell to the next; 0 = never
		spec  func(*api.Spec)
	}{
		{"sample", "auto", 0, nil},
		{"cell", "auto", 1, nil},
		{"holt-winters", "holt-winters", 1, nil},
		{"minute", "auto", 120, nil},
		{"budget", "auto", 120, func(s *api.Spec) {
			s.Forecast.ViolationTarget = 0.001
			s.Scale.LatencyObjective = &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			spec := spec()
			spec.Forecast.Model = c.model
			if c.spec != nil {
				c.spec(&spec)
			}
			t := ticker{w: fittedTo(b, spec, history), now: history.End(), cell: forecast.Series{Step: time.Minute, Values: []float64{100}}}
			b.ReportAllocs()
			report := forecasttest.CPU(b)
			for i := 0; b.Loop(); i++ {
				if c.every > 0 && i%c.every == 0 {
					t.close(b)
				}
				t.tick(time.Minute / time.Duration(max(c.every, 100_000)))
			}
			report()
		})
	}
}

// A ticker drives a workload.
type ticker struct {
	w    *engine.Workload
	now  time.Time
	cell forecast.Series
}

func (t *ticker) close(b *testing.B) {
	b.Helper()
	t.cell.Start = t.w.Next()
	t.now = t.cell.End()
	if t.w.Append(t.cell) != nil {
		b.Fatal("cell refused")
	}
}

func (t *ticker) tick(dt time.Duration) {
	t.now = t.now.Add(dt)
	t.w.Observe(collector.Sample{Time: t.now, Value: 100})
	t.w.Decide(t.now, engine.Target{Current: 3, Ready: 3, Min: 1, Max: 100, Missed: math.NaN()})
}

// BenchmarkFit is a start: fitting the model to a fortnight at one minute and
// filtering it.
func BenchmarkFit(b *testing.B) {
	history := minutes(14 * 1440)
	report := forecasttest.CPU(b)
	for b.Loop() {
		fitted(b, history)
	}
	report()
}

// BenchmarkStart is the same with a violation target, and the last three days gone over
// again: what a start costs.
func BenchmarkStart(b *testing.B) {
	history, s := minutes(14*1440), paced()
	report := forecasttest.CPU(b)
	for b.Loop() {
		started(b, s, history)
	}
	report()
}

// TestAWorkloadIsSmall bounds what a workload keeps that was fitted to a fortnight
// at one minute and has run for five hours since.
func TestAWorkloadIsSmall(t *testing.T) {
	const n = 16
	history := minutes(14 * 1440)
	fitted(t, history) // what is made once, for all: the network, zones, pools
	before := heap()
	all := make([]*engine.Workload, n)
	for i := range all {
		w := fitted(t, history)
		cells := forecast.Series{Start: history.End(), Step: time.Minute, Values: history.Values[:300]}
		for k := range cells.Values {
			require.NoError(t, w.Append(cells.Slice(k, k+1)))
			now := cells.At(k + 1)
			w.Observe(collector.Sample{Time: now, Value: cells.Values[k]})
			w.Demand(now)
		}
		all[i] = w
	}
	each := float64(heap()-before) / n / 1024
	runtime.KeepAlive(all)
	runtime.KeepAlive(history)
	t.Logf("%.1f KiB a workload", each)
	require.Less(t, each, float64(mostKiB))
}

// mostKiB is what a workload may keep.
const mostKiB = 64

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

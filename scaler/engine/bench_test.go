package engine_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/engine"
)

func fitted(tb testing.TB, history forecast.Series) *engine.Workload {
	tb.Helper()
	w, err := engine.New(spec())
	require.NoError(tb, err)
	fit, err := engine.FitModel(tb.Context(), spec(), history)
	require.NoError(tb, err)
	require.NoError(tb, w.Install(fit))
	return w
}

// BenchmarkTick is one decision: a new sample, demand one lead time ahead, and
// the replica count. "cell" closes a cell of the grid with each tick, which the
// model learns from and forecasts anew; "sample" is what the other 119 of 120
// ticks a minute cost.
func BenchmarkTick(b *testing.B) {
	history := minutes(14 * 1440)
	for _, closes := range []bool{false, true} {
		name := "sample"
		if closes {
			name = "cell"
		}
		b.Run(name, func(b *testing.B) {
			w := fitted(b, history)
			now := history.End()
			cell := forecast.Series{Step: time.Minute, Values: []float64{100}}
			var st scaler.State
			b.ReportAllocs()
			for b.Loop() {
				if closes {
					cell.Start = w.Next()
					now = cell.End()
					if w.Append(cell) != nil {
						b.Fatal("cell refused")
					}
				} else {
					now = now.Add(500 * time.Millisecond / 1000)
				}
				w.Observe(collector.Sample{Time: now, Value: 100})
				d := w.Demand(now)
				in := scaler.Input{Now: now, Current: 3, Desired: scaler.Replicas(d.Need(), w.Target()), Demand: d, LeadTime: w.LeadTime()}
				_, st = scaler.Decide(w.Spec().Scale, st, in)
			}
		})
	}
}

// BenchmarkFit is a start: fitting the model to a fortnight at one minute and
// filtering it.
func BenchmarkFit(b *testing.B) {
	history := minutes(14 * 1440)
	for b.Loop() {
		fitted(b, history)
	}
}

// BenchmarkTick10000 ticks ten thousand workloads once each, and reports what
// one of them keeps in memory.
func BenchmarkTick10000(b *testing.B) {
	const n, models = 10_000, 20
	if testing.Short() {
		b.Skip("ten thousand workloads take memory and time to fit")
	}
	history := minutes(14 * 1440)
	before := heap()
	sample := make([]*engine.Workload, models)
	for i := range sample {
		sample[i] = fitted(b, history)
	}
	perWorkload := float64(heap()-before) / models
	all := make([]*engine.Workload, n) // the same few in turn: the clock of each moves on by itself
	for i := range all {
		all[i] = sample[i%models]
	}
	now := history.End()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		for _, w := range all {
			w.Demand(now)
		}
	}
	b.ReportMetric(perWorkload/1024, "KiB/workload")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/10000-ticks")
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

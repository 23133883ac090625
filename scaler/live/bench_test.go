package live

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/model"
)

// BenchmarkStart is the time from a key that was never seen to its first
// answer, over a fortnight of history that the source hands over at once, and to
// the first answer of the fitted pool.
func BenchmarkStart(b *testing.B) {
	source := &fakeSource{value: wave}
	store := NewStore(source, Options{})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	defer func() { cancel(); require.NoError(b, <-done) }()
	spec := demand()
	spec.Metric.History = 0 // the default, 14 days
	var first, fitted time.Duration
	i := 0
	for b.Loop() {
		i++
		k := Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}
		begin := time.Now()
		require.NoError(b, store.Ensure(k, spec))
		waitFor(b, store, k, func(a Answer, _ string) bool { return a.Err == nil })
		first += time.Since(begin)
		waitFor(b, store, k, func(_ Answer, model string) bool { return model == "auto" })
		fitted += time.Since(begin)
		store.Remove(k)
	}
	b.ReportMetric(first.Seconds()*1e3/float64(b.N), "ms-to-first-answer")
	b.ReportMetric(fitted.Seconds()*1e3/float64(b.N), "ms-to-fitted-pool")
}

func waitFor(b *testing.B, s *Store, k Key, ready func(Answer, string) bool) {
	b.Helper()
	for range 20_000 {
		a, _ := s.Answer(k)
		_, model := s.Forecast(k)
		if ready(a, model) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatal("no answer in twenty seconds")
}

// BenchmarkAnswer is what a call of KEDA costs the store, with 1,000 workloads.
func BenchmarkAnswer(b *testing.B) {
	store := NewStore(&fakeSource{value: wave}, Options{})
	keys := make([]Key, 1000)
	for i := range keys {
		keys[i] = Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}
		require.NoError(b, store.Ensure(keys[i], api.Spec{Metric: api.MetricSpec{Query: "q"}, Scale: api.ScaleSpec{TargetPerReplica: 50}}))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		store.Answer(keys[i%len(keys)])
		i++
	}
}

// BenchmarkTick10000 is one tick of a store with ten thousand workloads, each with
// a fitted pool of its own, which is some 800 MB and so no longer in any cache,
// and a new sample each: demand, decision, answer, and the order in which they
// will be queried next. The queries themselves are left out; they run beside it.
//
// The pools are fitted to one fortnight and have run over its last half hour
// only, or the preparation would take hours: what a pool keeps, and what a tick
// reads of it, does not depend on how long it ran. "p99" is that of the workloads
// among themselves.
func BenchmarkTick10000(b *testing.B) {
	const n = 10_000
	if testing.Short() {
		b.Skip("ten thousand pools take a gigabyte")
	}
	now := time.Unix(1_760_000_000, 0).Truncate(time.Minute)
	s := NewStore(&fakeSource{value: wave}, Options{Now: func() time.Time { return now }, QueryRate: 1e-9, Forget: -1})
	all := fittedEntries(b, s, n, now)
	took := make([]time.Duration, n)
	b.ReportAllocs()
	b.ResetTimer()
	report := forecasttest.CPU(b)
	for range b.N {
		now = now.Add(500 * time.Millisecond)
		v := wave(now)
		for _, e := range all {
			e.workload.Observe(collector.Sample{Time: now, Value: v})
		}
		s.tick(b.Context())
	}
	b.StopTimer()
	report()
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/10000-ticks")
	now = now.Add(500 * time.Millisecond)
	for i, e := range all {
		begin := time.Now()
		e.workload.Observe(collector.Sample{Time: now, Value: wave(now)})
		e.tick(now)
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[n/2].Nanoseconds()), "p50-ns/tick")
	b.ReportMetric(float64(took[n*99/100].Nanoseconds()), "p99-ns/tick")
}

// fittedEntries fills s with n workloads whose pools have seen the half hour up
// to now.
func fittedEntries(b *testing.B, s *Store, n int, now time.Time) []*entry {
	b.Helper()
	spec := demand()
	spec.Metric.History = 0
	history := forecast.Series{Start: now.Add(-14 * 24 * time.Hour), Step: time.Minute, Values: make([]float64, 14*1440)}
	for i := range history.Values {
		history.Values[i] = wave(history.At(i)) * (1 + 0.1*math.Sin(float64(i*i)))
	}
	fitted, err := auto.New(auto.Options{}).Fit(b.Context(), history)
	require.NoError(b, err)
	all := make([]*entry, n)
	for i := range all {
		k := Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}
		require.NoError(b, s.Ensure(k, spec))
		filter, err := fitted.Filter(history.Slice(history.Len()-30, history.Len()))
		require.NoError(b, err)
		e := s.entries[k]
		require.NoError(b, e.workload.Install(&model.Fitted{Name: auto.Auto, Filter: filter, End: history.End(), LastSample: history.End(), Cells: history.Len()}))
		e.filled = true
		all[i] = e
	}
	return all
}

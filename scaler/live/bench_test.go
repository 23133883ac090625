package live

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
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

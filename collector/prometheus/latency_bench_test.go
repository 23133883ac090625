package prometheus_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/collector/prometheus/embedded"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

// BenchmarkSampleToAnswer is the time from the moment at which Prometheus shows a
// sample until the answer holds it, over HTTP and the real engine, at the default
// tick of half a second. Twenty workloads get a new sample each iteration, at
// moments that know nothing of the ticks and that do not repeat themselves, which is
// the worst case: a series is then asked for every two seconds. The bound is those, one
// tick and one query; the query is timed in the same run, its p99 among as many as there
// are answers:
//
//	go test -run - -bench SampleToAnswer -benchtime 50x ./collector/prometheus
func BenchmarkSampleToAnswer(b *testing.B) {
	const workloads, tick = 20, 500 * time.Millisecond
	server, err := embedded.Start(b.Context(), embedded.Options{Now: time.Now, Dir: b.TempDir()})
	require.NoError(b, err)
	defer server.Close()
	source, err := prometheus.New(prometheus.Options{URL: server.URL()})
	require.NoError(b, err)
	defer source.Close()
	store := live.NewStore(source, live.Options{Tick: tick})
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = store.Run(ctx) })
	defer running.Wait()
	defer stop()

	var mu sync.Mutex
	var answers, queries []time.Duration
	value := func(i, round int) float64 { return float64(100*i + round + 1) }
	show := func(i, round int) {
		require.NoError(b, server.Append(ctx, map[string]string{"__name__": "demand", "w": strconv.Itoa(i)},
			[]collector.Sample{{Time: time.Now(), Value: value(i, round)}}))
	}
	wait := func(i, round int) {
		for {
			if a, _ := store.Answer(keyOf(i)); a.Err == nil && a.Observed == value(i, round) {
				return
			}
			time.Sleep(200 * time.Microsecond)
		}
	}
	for i := range workloads {
		show(i, -1)
		require.NoError(b, store.Ensure(keyOf(i), api.Spec{
			Metric:   api.MetricSpec{Query: fmt.Sprintf(`demand{w="%d"}`, i), History: api.Duration(time.Hour)},
			Forecast: api.ForecastSpec{Model: "naive"},
			Scale:    api.ScaleSpec{TargetPerReplica: 50},
		}))
		wait(i, -1)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b.ResetTimer()
	for round := range b.N {
		var group sync.WaitGroup
		for i := range workloads {
			pause := time.Duration(rng.Int64N(int64(tick)))
			group.Go(func() {
				time.Sleep(pause)
				show(i, round)
				shown := time.Now()
				wait(i, round)
				took := time.Since(shown)
				begin := time.Now()
				_, err := source.Instant(ctx, fmt.Sprintf(`demand{w="%d"}`, i), begin)
				require.NoError(b, err)
				mu.Lock()
				defer mu.Unlock()
				answers, queries = append(answers, took), append(queries, time.Since(begin))
			})
		}
		group.Wait()
	}
	b.StopTimer()
	slices.Sort(answers)
	slices.Sort(queries)
	n := len(answers)
	b.ReportMetric(millis(answers[n/2]), "p50-ms")
	b.ReportMetric(millis(answers[n*99/100]), "p99-ms")
	b.ReportMetric(millis(queries[n*99/100]), "query-p99-ms")
	b.ReportMetric(millis(2*time.Second+tick+queries[n*99/100]), "bound-ms")
	b.ReportMetric(0, "ns/op")
}

func keyOf(i int) live.Key {
	return live.Key{Namespace: "shop", Name: fmt.Sprintf("web-%d", i), Metric: "demand"}
}

func millis(d time.Duration) float64 { return d.Seconds() * 1e3 }

// BenchmarkStart is a restart of forescale, of the store and the gRPC server,
// against a Prometheus with a fortnight of a counter scraped every 15 seconds: from
// nothing to the first correct answer that KEDA gets, which is that of the
// simplest rule, and to the first of the fitted pool. Each iteration starts seven
// seconds earlier in the past than the one before: at another moment of the step.
//
// Correct means here: not under the rate at that moment, and over the highest
// rate within the lead time by less than a quarter.
//
//	go test -run - -bench Start -benchtime 6x ./collector/prometheus
func BenchmarkStart(b *testing.B) {
	h := newPast(b)
	server, err := embedded.Start(b.Context(), embedded.Options{Now: h.now, Dir: b.TempDir()})
	require.NoError(b, err)
	defer server.Close()
	require.NoError(b, server.Append(b.Context(), h.labels(), h.samples()))
	b.Run("embedded", func(b *testing.B) { h.starts(b, server.URL()) })
	for _, binary := range binaries(b) {
		b.Run("process", func(b *testing.B) { h.starts(b, h.startProcess(b, binary)) })
	}
}

// startProcess runs a Prometheus over a database with that past, and returns its
// address.
func (h *past) startProcess(b *testing.B, binary string) string {
	b.Helper()
	dir := b.TempDir()
	writer, err := embedded.Start(b.Context(), embedded.Options{Now: h.now, Dir: filepath.Join(dir, "data")})
	require.NoError(b, err)
	require.NoError(b, writer.Append(b.Context(), h.labels(), h.samples()))
	require.NoError(b, writer.Close())
	return startIn(b, dir, binary, "")
}

// A past is a fortnight of requests that ends at the moment of its making.
type past struct{ end time.Time }

func newPast(tb testing.TB) *past {
	tb.Helper()
	return &past{end: time.Now()}
}

func (h *past) now() time.Time { return time.Now() }

func (h *past) labels() map[string]string {
	return map[string]string{"__name__": "http_requests_total", "job": "web"}
}

// rate is a day's wave around 100 requests a second.
func (h *past) rate(at time.Time) float64 {
	return 100 - 50*math.Cos(2*math.Pi*math.Mod(float64(at.Unix()), 86400)/86400)
}

const scrape = 15 * time.Second

// samples are those of the counter, and of a minute that is yet to come, so that a
// benchmark does not outlast them.
func (h *past) samples() []collector.Sample {
	var out []collector.Sample
	total := 0.0
	for t := h.end.Add(-14*24*time.Hour - time.Minute); t.Before(h.end.Add(10 * time.Minute)); t = t.Add(scrape) {
		out = append(out, collector.Sample{Time: t, Value: total})
		total += h.rate(t.Add(scrape/2)) * scrape.Seconds()
	}
	return out
}

// starts restarts forescale over the Prometheus at address.
func (h *past) starts(b *testing.B, address string) {
	b.Helper()
	var first, fitted []time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		now := func() time.Time { return time.Now().Add(-time.Duration(i) * 7 * time.Second) }
		f := newForescale(b, address, live.Options{Now: now})
		ref := &pb.ScaledObjectRef{Namespace: "shop", Name: "web", ScalerMetadata: map[string]string{
			"metricName": "requests", "metric.query": `sum(rate(http_requests_total{job="web"}[1m]))`, "scale.targetPerReplica": "50",
		}}
		var got float64
		for {
			answer, err := f.keda.GetMetrics(b.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: "requests"})
			if err == nil {
				got = answer.GetMetricValues()[0].GetMetricValueFloat()
				break
			}
			time.Sleep(time.Millisecond)
		}
		first = append(first, time.Since(begin))
		h.check(b, now(), got)
		key := live.Key{Namespace: "shop", Name: "web", Metric: "requests"}
		for model := ""; model != "auto"; time.Sleep(time.Millisecond) {
			_, model = f.store.Forecast(key)
		}
		fitted = append(fitted, time.Since(begin))
		a, _ := f.store.Answer(key)
		h.check(b, now(), a.Value)
		f.stop()
	}
	b.ReportMetric(millis(slices.Min(first)), "first-min-ms")
	b.ReportMetric(millis(slices.Max(first)), "first-max-ms")
	b.ReportMetric(millis(slices.Min(fitted)), "fitted-min-ms")
	b.ReportMetric(millis(slices.Max(fitted)), "fitted-max-ms")
	b.ReportMetric(0, "ns/op")
}

func (h *past) check(b *testing.B, now time.Time, got float64) {
	b.Helper()
	highest := 0.0
	for ahead := time.Duration(0); ahead <= 3*time.Minute; ahead += scrape {
		highest = max(highest, h.rate(now.Add(ahead)))
	}
	require.Greater(b, got, 0.99*h.rate(now.Add(-30*time.Second)))
	require.Less(b, got, 1.25*highest)
}

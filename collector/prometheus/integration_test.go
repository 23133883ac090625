package prometheus_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/collector/prometheus/embedded"
	"github.com/forescale/forescale/scaler/external"
	"github.com/forescale/forescale/scaler/live"
)

// service is a target with a counter of requests.
type service struct {
	*httptest.Server

	mu    sync.Mutex // guards what follows
	rate  float64    // requests per second
	count float64
	at    time.Time // of count
}

func newService(t *testing.T, rate float64) *service {
	t.Helper()
	s := &service{rate: rate, at: time.Now()}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %g\n", s.total())
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) total() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.count += s.rate * now.Sub(s.at).Seconds()
	s.at = now
	return s.count
}

// restart sets the counter to zero, as a new process does.
func (s *service) restart(rate float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count, s.rate = 0, rate
}

// forescale is store and server as forescale serve runs them.
type forescale struct {
	keda  pb.ExternalScalerClient // what KEDA would call
	store *live.Store
	stop  func()
}

func newForescale(tb testing.TB, address string, opts live.Options) forescale {
	tb.Helper()
	source, err := prometheus.New(prometheus.Options{URL: address, Timeout: 2 * time.Second})
	require.NoError(tb, err)
	store := live.NewStore(source, opts)
	server, err := external.New(store, external.Options{})
	require.NoError(tb, err)
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(tb, err)

	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	var done sync.WaitGroup
	done.Go(func() { _ = store.Run(ctx) })
	done.Go(func() { _ = server.Serve(ctx, listener) })
	return forescale{keda: pb.NewExternalScalerClient(conn), store: store, stop: func() {
		_ = conn.Close()
		stop()
		done.Wait()
		source.Close()
	}}
}

// startForescale runs a quick one over the Prometheus at address until the end of
// the test.
func startForescale(t *testing.T, address string) pb.ExternalScalerClient {
	t.Helper()
	f := newForescale(t, address, live.Options{Tick: 50 * time.Millisecond, Settle: 300 * time.Millisecond})
	t.Cleanup(f.stop)
	return f.keda
}

func ref(query string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Namespace: "shop", Name: "web", ScalerMetadata: map[string]string{
		"scalerAddress": "forescale:9443", "metricName": "requests",
		"metric.query": query, "metric.step": "1s", "metric.history": "60s", "metric.ttl": "3s",
		"scale.targetPerReplica": "50",
	}}
}

// follow drives one series from the /metrics of a service to the answer that
// KEDA gets, over the Prometheus at address that scrapes it.
func follow(t *testing.T, s *service, address string) {
	t.Helper()
	keda := startForescale(t, address)
	web := ref(`sum(rate(http_requests_total{job="web"}[2s]))`)

	spec, err := keda.GetMetricSpec(t.Context(), web)
	require.NoError(t, err, "static configuration: it needs no data")
	require.Len(t, spec.GetMetricSpecs(), 1)
	require.Equal(t, "requests", spec.GetMetricSpecs()[0].GetMetricName())
	require.InDelta(t, 50, spec.GetMetricSpecs()[0].GetTargetSizeFloat(), 0)

	metric := func() (float64, error) {
		answer, err := keda.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: web, MetricName: "requests"})
		if err != nil {
			return 0, err
		}
		return answer.GetMetricValues()[0].GetMetricValueFloat(), nil
	}
	settles := func(want, most float64, why string) {
		t.Helper()
		var got float64
		begin := time.Now()
		require.Eventually(t, func() bool {
			got, err = metric()
			return err == nil && got > 0.9*want && got < most
		}, 30*time.Second, 100*time.Millisecond, "%s: want about %v, at most %v", why, want, most)
		t.Logf("%s: %v after %v", why, got, time.Since(begin).Round(100*time.Millisecond))
	}
	settles(120, 1.1*120, "the load of the service arrives at KEDA")
	s.restart(240)
	settles(240, 1.1*240, "a doubled load after a counter reset")

	active, err := keda.IsActive(t.Context(), web)
	require.NoError(t, err)
	require.True(t, active.GetResult())

	s.Close() // the service vanishes; Prometheus marks its series stale
	require.Eventually(t, func() bool {
		_, err = metric()
		return status.Code(err) == codes.Unavailable
	}, 30*time.Second, 100*time.Millisecond, "silence becomes an error")
	require.ErrorContains(t, err, "metric.ttl 3s")
	require.ErrorContains(t, err, "no data")
	active, err = keda.IsActive(t.Context(), web)
	require.NoError(t, err)
	require.True(t, active.GetResult(), "silence is not idleness")
}

func TestFromScrapeToKEDAOverTheEmbeddedPrometheus(t *testing.T) {
	t.Parallel()
	s := newService(t, 120)
	server, err := embedded.Start(t.Context(), embedded.Options{Now: time.Now, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.Scrape(embedded.Job{Name: "web", URL: s.URL + "/metrics", Interval: 250 * time.Millisecond}))
	follow(t, s, server.URL())
}

func TestFromScrapeToKEDAOverAProcess(t *testing.T) {
	t.Parallel()
	for _, binary := range binaries(t) {
		t.Run(filepath.Base(filepath.Dir(binary)), func(t *testing.T) {
			t.Parallel()
			s := newService(t, 120)
			follow(t, s, startProcess(t, binary, s.URL))
		})
	}
}

// Each kind of bad input reaches KEDA as a status that names the ScaledObject,
// what is wrong and what to do; IsActive stays true; other workloads go on.
func TestBadInputReachesKEDA(t *testing.T) {
	t.Parallel()
	s := newService(t, 120)
	server, err := embedded.Start(t.Context(), embedded.Options{Now: time.Now, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.Scrape(embedded.Job{Name: "web", URL: s.URL + "/metrics", Interval: 250 * time.Millisecond}))
	keda := startForescale(t, server.URL())

	for name, tt := range map[string]struct {
		query string
		want  []string
	}{
		"bad-promql":     {`sum(rate(`, []string{"status 400", "parse error", "correct the query"}},
		"not-computable": {`scrape_duration_seconds * on() group_left() {job="web"}`, []string{"status 422", "correct the query"}},
		"empty":          {`sum(rate(typo_total[2s]))`, []string{"no series", "no data", "names and labels"}},
		"several":        {`{job="web"}`, []string{"want exactly one", "wrap the query in sum(…)"}},
		"nan":            {`sum(up) * 0 / 0`, []string{"NaN", "no data"}},
		"negative":       {`vector(-5)`, []string{"its value is negative", "demand is 0 or more", "clamp_min"}},
		"text":           {`"five"`, []string{"neither a number nor a vector", "one number for each instant"}},
		"a-range":        {`up[5m]`, []string{"the result is a matrix", "use rate(…)"}},
		"infinite":       {`sum(up) / 0`, []string{"infinite", "no data"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ref(tt.query)
			r.Name = name
			var err error
			require.Eventually(t, func() bool {
				_, err = keda.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: r, MetricName: "requests"})
				return status.Code(err) == codes.Unavailable && strings.Contains(err.Error(), tt.want[0])
			}, 10*time.Second, 50*time.Millisecond, "want %q", tt.want[0])
			require.ErrorContains(t, err, "shop/"+name)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			active, err := keda.IsActive(t.Context(), r)
			require.NoError(t, err)
			require.True(t, active.GetResult())
		})
	}
	web := ref(`sum(rate(http_requests_total{job="web"}[2s]))`)
	require.Eventually(t, func() bool {
		answer, err := keda.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: web, MetricName: "requests"})
		return err == nil && answer.GetMetricValues()[0].GetMetricValueFloat() > 100
	}, 30*time.Second, 100*time.Millisecond, "other workloads go on")
}

package external

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

var errSilent = errors.New("no sample for 5m0s: Prometheus at http://prometheus:9090 does not answer, check --prometheus-url")

// A fakeStore is a Store whose answers a test sets.
type fakeStore struct {
	mu       sync.Mutex // guards all below
	specs    map[live.Key]api.Spec
	answers  map[live.Key]live.Answer
	watchers map[live.Key][]chan struct{}
	ensured  []live.Key       // in the order of the calls
	refuse   error            // what Ensure returns
	hang     <-chan struct{}  // what Ensure waits for, if not nil
	answer   func() time.Time // called by Answer, may panic
}

func newFakeStore() *fakeStore {
	return &fakeStore{specs: map[live.Key]api.Spec{}, answers: map[live.Key]live.Answer{}, watchers: map[live.Key][]chan struct{}{}}
}

func (f *fakeStore) Ensure(key live.Key, spec api.Spec) error {
	f.mu.Lock()
	f.ensured = append(f.ensured, key)
	hang, refuse := f.hang, f.refuse
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if refuse != nil {
		return refuse
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.specs[key] = spec
	return nil
}

func (f *fakeStore) Answer(key live.Key) (live.Answer, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answer != nil {
		f.answer()
	}
	if _, known := f.specs[key]; !known {
		return live.Answer{}, false
	}
	a, ok := f.answers[key]
	if !ok {
		a.Err = errSilent
	}
	return a, true
}

func (f *fakeStore) Watch(key live.Key) (changes <-chan struct{}, stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := make(chan struct{}, 1)
	f.watchers[key] = append(f.watchers[key], ch)
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.watchers[key] = slices.DeleteFunc(f.watchers[key], func(c chan struct{}) bool { return c == ch })
	}
}

// set makes a the answer of key and tells the watchers.
func (f *fakeStore) set(key live.Key, a live.Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[key] = a
	for _, ch := range f.watchers[key] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// forget drops the workload, as a store does with what nobody asks about.
func (f *fakeStore) forget(key live.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.specs, key)
	for _, ch := range f.watchers[key] {
		close(ch)
	}
	delete(f.watchers, key)
}

// spec returns what key was given.
func (f *fakeStore) spec(key live.Key) api.Spec {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.specs[key]
}

// starts returns how often key was ensured.
func (f *fakeStore) starts(key live.Key) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.ensured), func(k live.Key) bool { return k != key }))
}

func (f *fakeStore) watching(key live.Key) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watchers[key])
}

const requestQuery = `sum(rate(http_requests_total{job="web"}[1m]))`

// web is a valid trigger as KEDA forwards it: with the keys that KEDA reads
// itself, and one filled from the container's environment.
func web(more ...string) map[string]string {
	m := map[string]string{
		"scalerAddress":                 "dns:///forescale.forescale:9090",
		"enableTLS":                     "false",
		"metricName":                    "requests",
		"metric.query":                  requestQuery,
		"scale.targetPerReplicaFromEnv": "50",
	}
	for i := 0; i < len(more); i += 2 {
		if m[more[i]] = more[i+1]; more[i+1] == "" {
			delete(m, more[i])
		}
	}
	return m
}

var webKey = live.Key{Namespace: "shop", Name: "web", Metric: "requests"}

func refTo(metadata map[string]string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Namespace: "shop", Name: "web", ScalerMetadata: metadata}
}

// A logbook collects log lines.
type logbook struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.text.String(), "\n"), "\n")
}

// newService returns the protocol without its transport.
func newService(store Store, log *logbook) *service {
	opts := Options{}
	if log != nil {
		opts.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	opts = opts.withDefaults()
	return &service{store: store, registry: newRegistry(opts.Memory), log: opts.Log, now: opts.Now, patience: opts.Patience, closing: make(chan struct{})}
}

// serve runs a server on lis until the test or stop ends it; stop returns what
// Serve returned.
func serve(tb testing.TB, store Store, opts Options, lis net.Listener) (stop func() error) {
	tb.Helper()
	s, err := New(store, opts)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.Background()) // outlives the test, so that cleanup can look at Serve's end
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, lis) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	tb.Cleanup(func() { require.NoError(tb, stop()) })
	return stop
}

// loopback returns a listener on a free port of this machine.
func loopback(tb testing.TB) net.Listener {
	tb.Helper()
	var c net.ListenConfig
	lis, err := c.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	return lis
}

// dial connects as KEDA does: round robin, no keepalive.
func dial(tb testing.TB, lis net.Listener, opts ...grpc.DialOption) *grpc.ClientConn {
	tb.Helper()
	target := lis.Addr().String()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin":{}}]}`),
	}, opts...)
	if b, ok := lis.(*bufconn.Listener); ok {
		target = "passthrough:///bufconn"
		opts = append(opts, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return b.DialContext(ctx) }))
	}
	conn, err := grpc.NewClient(target, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

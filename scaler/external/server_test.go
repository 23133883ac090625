package external

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/telemetry"
)

func TestHealthFollowsTheServer(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	stop := serve(t, newFakeStore(), Options{}, lis)
	client := healthpb.NewHealthClient(dial(t, lis))
	for _, service := range []string{"", "externalscaler.ExternalScaler"} {
		resp, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service}, grpc.WaitForReady(true))
		require.NoError(t, err)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, resp.GetStatus())
	}
	watch, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.NoError(t, err)
	start := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(start), 2*time.Second, "a health watch does not hold up the end")
}

func TestReflectionIsAnOption(t *testing.T) {
	for name, c := range map[string]struct {
		reflection bool
		want       codes.Code
	}{"off": {false, codes.Unimplemented}, "on": {true, codes.OK}} {
		t.Run(name, func(t *testing.T) {
			lis := bufconn.Listen(1 << 16)
			serve(t, newFakeStore(), Options{Reflection: c.reflection}, lis)
			stream, err := reflectionpb.NewServerReflectionClient(dial(t, lis)).ServerReflectionInfo(t.Context())
			require.NoError(t, err)
			_ = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}) // EOF if refused already
			_, err = stream.Recv()
			require.Equal(t, c.want, status.Code(err))
			require.NoError(t, stream.CloseSend())
		})
	}
}

func TestOversizedCallsAreRefused(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	serve(t, newFakeStore(), Options{MaxMessage: 4096}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	_, err := client.GetMetricSpec(t.Context(), refTo(web("metric.query", strings.Repeat("x", 5000))))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	_, err = client.GetMetricSpec(t.Context(), refTo(web()))
	require.NoError(t, err)
}

func TestPanicIsAnErrorOfItsCallOnly(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	store := newFakeStore()
	reg := prometheus.NewRegistry()
	rpc, err := telemetry.NewRPC(reg, time.Now)
	require.NoError(t, err)
	serve(t, store, Options{Unary: rpc.Unary, Stream: rpc.Stream}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	store.answer = func() time.Time { panic("a bug") }
	_, err = client.IsActive(t.Context(), refTo(web()))
	require.Equal(t, codes.Internal, status.Code(err))
	stream, err := client.StreamIsActive(t.Context(), refTo(web()))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.Internal, status.Code(err))

	store.mu.Lock()
	store.answer = nil
	store.mu.Unlock()
	store.set(webKey, live.Answer{Value: 100, Active: true})
	_, err = client.IsActive(t.Context(), refTo(web()))
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP grpc_server_handled_total Calls completed on the server, by their status code.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="Internal",grpc_method="IsActive",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 1
grpc_server_handled_total{grpc_code="Internal",grpc_method="StreamIsActive",grpc_service="externalscaler.ExternalScaler",grpc_type="server_stream"} 1
grpc_server_handled_total{grpc_code="OK",grpc_method="IsActive",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 1
`), "grpc_server_handled_total"))
}

// With a store that hangs each call ends with its timeout, and the process keeps one goroutine.
func TestHangingStoreCannotHangKEDA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, release := newFakeStore(), make(chan struct{})
		store.hang = release
		s := newService(store, nil)
		start := time.Now()
		for range 5 {
			_, err := s.GetMetricSpec(t.Context(), refTo(web()))
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start), "the specification waits for nothing")
		for range 2 {
			_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(web()), MetricName: "requests"})
			require.Equal(t, codes.Unavailable, status.Code(err))
			require.ErrorContains(t, err, "starting the workload: context deadline exceeded")
			is, err := s.IsActive(t.Context(), refTo(web()))
			require.NoError(t, err)
			require.True(t, is.GetResult())
		}
		require.Equal(t, 4*time.Second, time.Since(start), "four calls of one second of patience")
		require.Equal(t, 1, store.starts(webKey))

		// An edit meanwhile is handed over next, and what was under way does not stay.
		store.set(webKey, live.Answer{Value: 100, Active: true})
		edited := refTo(web("metric.step", "30s"))
		_, err := s.GetMetricSpec(t.Context(), edited)
		require.NoError(t, err)
		close(release)
		_, err = s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: edited, MetricName: "requests"})
		require.NoError(t, err)
		require.Equal(t, 30*time.Second, store.spec(webKey).Metric.Step.Std())
		s.starts.Wait()
	})
}

func TestRefusedAndPanickingStartsAreErrors(t *testing.T) {
	store := newFakeStore()
	s := newService(store, nil)
	req := &pb.GetMetricsRequest{ScaledObjectRef: refTo(web()), MetricName: "requests"}
	store.refuse = errors.New("too many workloads: 100000")
	_, err := s.GetMetrics(t.Context(), req)
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "too many workloads: 100000")
	store.specs = nil // writing to it panics
	store.refuse = nil
	_, err = s.GetMetrics(t.Context(), req)
	require.ErrorContains(t, err, "starting the workload: panic: assignment to entry in nil map")
	store.specs = newFakeStore().specs
	store.set(webKey, live.Answer{Value: 100, Active: true})
	_, err = s.GetMetrics(t.Context(), req)
	require.NoError(t, err, "tried again at the next call")
}

func TestStopCutsWhatDoesNotEnd(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	store, release := newFakeStore(), make(chan struct{})
	store.hang = release
	stop := serve(t, store, Options{Patience: time.Hour, Grace: 100 * time.Millisecond}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	failed := make(chan error, 1)
	go func() {
		_, err := client.IsActive(context.WithoutCancel(t.Context()), refTo(web()))
		failed <- err
		close(release)
	}()
	require.Eventually(t, func() bool { return store.starts(webKey) == 1 }, 5*time.Second, time.Millisecond)
	start := time.Now()
	require.NoError(t, stop())
	require.Less(t, time.Since(start), 5*time.Second)
	require.Error(t, <-failed)
}

func TestStopIsBounded(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	store, entered, release := newFakeStore(), make(chan struct{}), make(chan struct{})
	store.answer = func() time.Time { close(entered); <-release; return time.Time{} }
	s, err := New(store, Options{Grace: 20 * time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, lis) }()
	client := pb.NewExternalScalerClient(dial(t, lis))
	go func() { _, _ = client.IsActive(t.Context(), refTo(web())) }()
	<-entered
	cancel()
	require.ErrorContains(t, <-served, "calls still under way 60ms after the end")
	close(release)
}

func TestCallsOfAConnectionAreBounded(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	serve(t, newFakeStore(), Options{MaxStreams: 2}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	_, err := client.GetMetricSpec(t.Context(), refTo(web())) // learn of the bound
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	for range 2 {
		stream, err := client.StreamMetricSpec(ctx, refTo(web()))
		require.NoError(t, err)
		_, err = stream.Recv()
		require.NoError(t, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = client.GetMetricSpec(short, refTo(web()))
	require.Equal(t, codes.DeadlineExceeded, status.Code(err), "the third waits")
	leave()
	_, err = client.GetMetricSpec(t.Context(), refTo(web()))
	require.NoError(t, err)
}

func TestServeReportsABrokenListener(t *testing.T) {
	lis := loopback(t)
	s, err := New(newFakeStore(), Options{})
	require.NoError(t, err)
	require.NoError(t, lis.Close())
	require.ErrorContains(t, s.Serve(t.Context(), lis), "external: serving on 127.0.0.1:")
}

func TestServicesAreKnownBeforeTheFirstCall(t *testing.T) {
	s, err := New(newFakeStore(), Options{})
	require.NoError(t, err)
	require.Len(t, s.Services()["externalscaler.ExternalScaler"].Methods, 5)
	require.NoError(t, s.Serve(canceled(t), loopback(t)))
}

// A client may ping every ten seconds; one that pings far more often is disconnected.
func TestPingsAreRationed(t *testing.T) {
	lis := loopback(t)
	serve(t, newFakeStore(), Options{}, lis)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", lis.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = conn.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	for range 5 { // gRPC bears two strikes
		require.NoError(t, framer.WritePing(false, [8]byte{}))
	}
	for {
		frame, err := framer.ReadFrame()
		require.NoError(t, err)
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			require.Equal(t, http2.ErrCodeEnhanceYourCalm, away.ErrCode)
			return
		}
	}
}

// canceled returns a context that has ended.
func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/telemetry"
)

// ticking is a clock that advances by step at each look.
func ticking(step time.Duration) func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(step)
		return now
	}
}

var getMetrics = &grpc.UnaryServerInfo{FullMethod: "/externalscaler.ExternalScaler/GetMetrics"}

func TestCallsAreCountedByCode(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	rpc, err := telemetry.NewRPC(reg, ticking(20*time.Microsecond))
	require.NoError(t, err)
	for _, want := range []error{nil, nil, status.Error(codes.Unavailable, "no data"), errors.New("plain"), status.Error(77, "own code")} {
		_, err := rpc.Unary(t.Context(), nil, getMetrics, func(context.Context, any) (any, error) { return nil, want })
		require.Equal(t, want, err)
	}
	err = rpc.Stream(nil, nil, &grpc.StreamServerInfo{FullMethod: "/s.S/Watch", IsServerStream: true},
		func(any, grpc.ServerStream) error { return nil })
	require.NoError(t, err)

	// 20 µs per look, hence per call; a code that gRPC does not know counts as Unknown.
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP grpc_server_handled_total Calls completed on the server, by their status code.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="OK",grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 2
grpc_server_handled_total{grpc_code="Unavailable",grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 1
grpc_server_handled_total{grpc_code="Unknown",grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 2
grpc_server_handled_total{grpc_code="OK",grpc_method="Watch",grpc_service="s.S",grpc_type="server_stream"} 1
# HELP grpc_server_handling_seconds Time from the start of a unary call to its end, without the transport.
# TYPE grpc_server_handling_seconds histogram
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="5e-06"} 0
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="1e-05"} 0
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="2.5e-05"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="5e-05"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.0001"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.00025"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.0005"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.001"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.01"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="0.1"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="1"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="3"} 5
grpc_server_handling_seconds_bucket{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary",le="+Inf"} 5
grpc_server_handling_seconds_sum{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 0.0001
grpc_server_handling_seconds_count{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 5
# HELP grpc_server_started_total Calls started on the server.
# TYPE grpc_server_started_total counter
grpc_server_started_total{grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 5
grpc_server_started_total{grpc_method="Watch",grpc_service="s.S",grpc_type="server_stream"} 1
`)))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestPreloadedMetricsStartAtZero(t *testing.T) {
	reg := prometheus.NewRegistry()
	rpc, err := telemetry.NewRPC(reg, time.Now)
	require.NoError(t, err)
	rpc.Preload(map[string]grpc.ServiceInfo{"s.S": {Methods: []grpc.MethodInfo{
		{Name: "Get"}, {Name: "Follow", IsServerStream: true}, {Name: "Put", IsClientStream: true}, {Name: "Talk", IsClientStream: true, IsServerStream: true},
	}}})
	for metric, want := range map[string]int{
		"grpc_server_started_total":    4,
		"grpc_server_handled_total":    4 * 17, // gRPC has 17 codes
		"grpc_server_handling_seconds": 1,      // a stream lasts as long as its client likes
	} {
		n, err := testutil.GatherAndCount(reg, metric)
		require.NoError(t, err)
		require.Equal(t, want, n, metric)
	}
}

func TestRegisteringTwiceIsAnError(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, err := telemetry.NewRPC(reg, time.Now)
	require.NoError(t, err)
	_, err = telemetry.NewRPC(reg, time.Now)
	require.ErrorContains(t, err, "telemetry: duplicate metrics")
}

func TestConcurrentFirstCallsShareTheirMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	rpc, err := telemetry.NewRPC(reg, time.Now)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, _ = rpc.Unary(t.Context(), nil, getMetrics, func(context.Context, any) (any, error) { return "ok", nil })
		})
	}
	wg.Wait()
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP grpc_server_handled_total Calls completed on the server, by their status code.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="OK",grpc_method="GetMetrics",grpc_service="externalscaler.ExternalScaler",grpc_type="unary"} 50
`), "grpc_server_handled_total"))
}

func BenchmarkUnary(b *testing.B) {
	rpc, err := telemetry.NewRPC(prometheus.NewRegistry(), time.Now)
	require.NoError(b, err)
	next := func(context.Context, any) (any, error) { return nil, nil } //nolint:nilnil // a handler that does nothing
	b.ReportAllocs()
	for b.Loop() {
		_, _ = rpc.Unary(b.Context(), nil, getMetrics, next)
	}
}

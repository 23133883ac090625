package external

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/telemetry"
)

// A steadyStore answers the same for every key.
type steadyStore struct{}

func (steadyStore) Ensure(live.Key, api.Spec) error { return nil }
func (steadyStore) Answer(live.Key) (live.Answer, bool) {
	return live.Answer{Value: 1234.567, Target: 50, Active: true}, true
}

func (steadyStore) Watch(live.Key) (<-chan struct{}, func()) { return nil, func() {} }

// echoServer returns a connection to a bare gRPC server, without any option, whose
// one method takes requests as bytes, those of GetMetrics as well as others of their
// size, and always answers the same.
func echoServer(b *testing.B, answer proto.Message) *grpc.ClientConn {
	b.Helper()
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{ServiceName: pb.ExternalScaler_ServiceDesc.ServiceName, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "GetMetrics",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return answer, decode(&wrapperspb.BytesValue{}) // its one field holds the ScaledObjectRef, undecoded
		},
	}}}, nil)
	lis := loopback(b)
	go func() { _ = server.Serve(lis) }()
	b.Cleanup(server.Stop)
	return dial(b, lis)
}

// payload returns bytes whose message is size bytes on the wire.
func payload(size int) *wrapperspb.BytesValue {
	v := wrapperspb.Bytes(make([]byte, size))
	v.Value = v.GetValue()[:size-(proto.Size(v)-size)]
	return v
}

// A constantScaler is the generated server with an answer that it does not have to
// look for.
type constantScaler struct {
	pb.UnimplementedExternalScalerServer
	answer *pb.GetMetricsResponse
}

func (c constantScaler) GetMetrics(context.Context, *pb.GetMetricsRequest) (*pb.GetMetricsResponse, error) {
	return c.answer, nil
}

// constantServer returns a connection to a bare gRPC server, without any option,
// that decodes the requests by the generated code and always answers the same.
func constantServer(b *testing.B, answer *pb.GetMetricsResponse) *grpc.ClientConn {
	b.Helper()
	server := grpc.NewServer()
	pb.RegisterExternalScalerServer(server, constantScaler{answer: answer})
	lis := loopback(b)
	go func() { _ = server.Serve(lis) }()
	b.Cleanup(server.Stop)
	return dial(b, lis)
}

// A contender is one of the servers that a benchmark compares.
type contender struct {
	name  string
	call  func(context.Context, int) error
	took  []time.Duration // of each call
	total time.Duration   // of all rounds
}

// run makes n calls, inFlight at a time.
func (c *contender) run(b *testing.B, n, inFlight int) {
	b.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range inFlight {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				begin := time.Now()
				if err := c.call(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begin)
			}
		})
	}
	wg.Wait()
	c.total += time.Since(start)
	c.took = append(c.took, took...)
}

// report tells latency and throughput.
func (c *contender) report(b *testing.B) (p50, perCall float64) {
	b.Helper()
	slices.Sort(c.took)
	n := len(c.took)
	p50, perCall = float64(c.took[n/2])/1e3, c.total.Seconds()*1e6/float64(n)
	b.ReportMetric(p50, c.name+"-p50-µs")
	b.ReportMetric(float64(c.took[n*99/100])/1e3, c.name+"-p99-µs")
	b.ReportMetric(1e6/perCall, c.name+"-calls/s")
	return p50, perCall
}

// callsOf returns both ways to ask: through KEDA's generated client, whose encoding of
// the metadata map is part of the time, and with requests encoded beforehand, which
// leaves what the server does.
func callsOf(conn *grpc.ClientConn, requests []*pb.GetMetricsRequest) map[string]func(context.Context, int) error {
	encoded := make([]*encodedRequest, len(requests))
	for i, r := range requests {
		raw, err := proto.Marshal(r)
		if err != nil {
			panic(err)
		}
		encoded[i] = &encodedRequest{raw}
	}
	client, force := pb.NewExternalScalerClient(conn), grpc.ForceCodecV2(clientCodec{encoding.GetCodecV2("proto")})
	return map[string]func(context.Context, int) error{
		"keda": func(ctx context.Context, i int) error {
			_, err := client.GetMetrics(ctx, requests[i%len(requests)])
			return err
		},
		"encoded": func(ctx context.Context, i int) error {
			return conn.Invoke(ctx, pb.ExternalScaler_GetMetrics_FullMethodName, encoded[i%len(encoded)], new(pb.GetMetricsResponse), force)
		},
	}
}

// An encodedRequest is sent as it is by a clientCodec.
type encodedRequest struct{ raw []byte }

type clientCodec struct{ encoding.CodecV2 }

func (c clientCodec) Marshal(v any) (mem.BufferSlice, error) {
	if e, ok := v.(*encodedRequest); ok {
		return mem.BufferSlice{mem.SliceBuffer(slices.Clone(e.raw))}, nil
	}
	return c.CodecV2.Marshal(v)
}

// BenchmarkGetMetrics compares GetMetrics over loopback, with 1,000 ScaledObjects
// that the live store decides twice a second, and the server's metrics on, with a
// bare echo of plain bytes of the same size (bytes), with one that the same client
// asks with the same messages (echo), neither of which decodes anything, and with the
// generated server that decodes the request and answers a constant.
// They take turns, so that what else the machine does meets all. Run it with
//
//	go test -run - -bench GetMetrics -benchtime 50000x ./scaler/external
func BenchmarkGetMetrics(b *testing.B) {
	const workloads, turn = 1000, 1000
	rpc, err := telemetry.NewRPC(prometheus.NewRegistry(), time.Now)
	require.NoError(b, err)
	lis := loopback(b)
	source := &flatSource{}
	source.level.Store(1234)
	serve(b, runStore(b, source, live.Options{QueryRate: 10_000}), Options{Unary: rpc.Unary, Stream: rpc.Stream}, lis)
	conn := dial(b, lis)
	client := pb.NewExternalScalerClient(conn)
	requests := make([]*pb.GetMetricsRequest, workloads)
	for i := range requests {
		requests[i] = &pb.GetMetricsRequest{MetricName: "requests", ScaledObjectRef: &pb.ScaledObjectRef{
			Namespace: fmt.Sprintf("team-%03d", i%50), Name: fmt.Sprintf("service-%04d", i),
			ScalerMetadata: web("forecast.model", "naive", "metric.history", "1h"),
		}}
	}
	var resp *pb.GetMetricsResponse
	for _, r := range requests {
		require.Eventually(b, func() bool { resp, err = client.GetMetrics(b.Context(), r); return err == nil }, time.Minute, time.Millisecond)
	}
	echo, constant := callsOf(echoServer(b, resp), requests), callsOf(constantServer(b, resp), requests)
	plain, blanks := echoServer(b, payload(proto.Size(resp))), make([]*wrapperspb.BytesValue, workloads)
	for i, r := range requests { // as many as of ours, so that memory is as cold
		blanks[i] = payload(proto.Size(r))
	}
	b.Logf("request %d bytes, response %d bytes", proto.Size(requests[0]), proto.Size(resp))

	for _, inFlight := range []int{1, 100} {
		for name, call := range callsOf(conn, requests) {
			b.Run(fmt.Sprintf("client=%s/inflight=%d", name, inFlight), func(b *testing.B) {
				compare(b, []*contender{
					{name: "bytes", call: func(ctx context.Context, i int) error {
						return plain.Invoke(ctx, pb.ExternalScaler_GetMetrics_FullMethodName, blanks[i%workloads], new(wrapperspb.BytesValue))
					}},
					{name: "echo", call: echo[name]},
					{name: "constant", call: constant[name]},
					{name: "ours", call: call},
				}, turn, inFlight)
			})
		}
	}
}

// compare runs the contenders b.N times each, by turns, and reports the last one
// over each other.
func compare(b *testing.B, contenders []*contender, turn, inFlight int) {
	b.Helper()
	for _, c := range contenders { // warm up: connect, decode the metadata once
		c.run(b, turn, inFlight)
		c.took, c.total = nil, 0
	}
	b.ResetTimer()
	for left := b.N; left > 0; left -= turn {
		for _, c := range contenders {
			c.run(b, min(left, turn), inFlight)
		}
	}
	last := len(contenders) - 1
	ours50, oursPer := contenders[last].report(b)
	for _, c := range contenders[:last] {
		p50, per := c.report(b)
		b.ReportMetric(ours50/p50, "p50/"+c.name)
		b.ReportMetric(oursPer/per, "time/"+c.name)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCall is the part of a call that is not gRPC's.
func BenchmarkCall(b *testing.B) {
	s := newService(steadyStore{}, nil)
	req := &pb.GetMetricsRequest{MetricName: "requests", ScaledObjectRef: refTo(web("forecast.risk", "0.95", "scale.leadTime", "90s"))}
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.GetMetrics(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
	}
}

package external

import (
	"context"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
)

// A local is a client that calls the service without a transport, for tests
// whose subject is not the transport. It has no streams.
type local struct{ s *service }

var _ pb.ExternalScalerClient = local{}

func (l local) IsActive(ctx context.Context, in *pb.ScaledObjectRef, _ ...grpc.CallOption) (*pb.IsActiveResponse, error) {
	return l.s.IsActive(ctx, in)
}

func (l local) GetMetricSpec(ctx context.Context, in *pb.ScaledObjectRef, _ ...grpc.CallOption) (*pb.GetMetricSpecResponse, error) {
	return l.s.GetMetricSpec(ctx, in)
}

func (l local) GetMetrics(ctx context.Context, in *pb.GetMetricsRequest, _ ...grpc.CallOption) (*pb.GetMetricsResponse, error) {
	return l.s.GetMetrics(ctx, in)
}

func (local) StreamIsActive(context.Context, *pb.ScaledObjectRef, ...grpc.CallOption) (grpc.ServerStreamingClient[pb.IsActiveResponse], error) {
	panic("a local client has no streams")
}

func (local) StreamMetricSpec(context.Context, *pb.ScaledObjectRef, ...grpc.CallOption) (grpc.ServerStreamingClient[pb.GetMetricSpecResponse], error) {
	panic("a local client has no streams")
}

// A push is the server's side of a stream that a test reads from a channel.
type push[T any] struct {
	grpc.ServerStream
	ctx  context.Context //nolint:containedctx // what Context returns
	sent chan *T
}

func (p push[T]) Context() context.Context { return p.ctx }

func (p push[T]) Send(m *T) error {
	select {
	case p.sent <- m:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

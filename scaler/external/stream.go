package external

import (
	"context"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"

	"github.com/forescale/forescale/scaler/live"
)

// streamBeat is how often a stream looks at its workload without a signal.
// It keeps the store from forgetting a workload that nobody polls.
const streamBeat = 10 * time.Second

// StreamIsActive sends true when the stream opens, if demand is known to be
// active, and each time it becomes so. It does not send false, and takes an
// answer that went missing for no change.
func (s *service) StreamIsActive(ref *pb.ScaledObjectRef, stream grpc.ServerStreamingServer[pb.IsActiveResponse]) error {
	active := false
	return s.follow(stream.Context(), ref, func(_ *variant, a live.Answer, err error) error {
		if err != nil {
			return nil //nolint:nilerr // silence is no change
		}
		before := active
		active = a.Active
		if before || !active {
			return nil
		}
		return stream.Send(&pb.IsActiveResponse{Result: true})
	})
}

// StreamMetricSpec sends what GetMetricSpec returns, when the stream opens and
// each time it changes.
func (s *service) StreamMetricSpec(ref *pb.ScaledObjectRef, stream grpc.ServerStreamingServer[pb.GetMetricSpecResponse]) error {
	sent := 0.0
	return s.follow(stream.Context(), ref, func(v *variant, _ live.Answer, _ error) error {
		if v.wire == sent {
			return nil
		}
		sent = v.wire
		return stream.Send(specOf(v))
	})
}

// follow calls visit with the current variant and answer of the trigger that ref
// names, at once and after each change, until the client leaves, the workload is
// forgotten or the server stops. All of these end the stream without an error.
func (s *service) follow(ctx context.Context, ref *pb.ScaledObjectRef, visit func(*variant, live.Answer, error) error) error {
	v, err := s.find(ref)
	if err != nil {
		return err
	}
	t := v.trigger
	if err := s.visit(ctx, t, visit); err != nil {
		return err
	}
	changes, stop := s.store.Watch(t.key)
	defer func() { stop() }()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		if err := s.visit(ctx, t, visit); err != nil { // at first for what came before Watch
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return nil
		case _, open := <-changes:
			if !open {
				return nil
			}
		case <-beat.C:
			stop() // the workload may have been started, or started anew, since
			changes, stop = s.store.Watch(t.key)
		}
	}
}

// visit calls visit with the current variant of t, which may no longer be the one
// that opened the stream, and its answer.
func (s *service) visit(ctx context.Context, t *trigger, visit func(*variant, live.Answer, error) error) error {
	v := t.current.Load()
	a, err := s.answer(ctx, v)
	return visit(v, a, err)
}

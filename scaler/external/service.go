package external

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

// A Store keeps the workloads. It answers from memory, in microseconds, and is
// safe for concurrent use.
type Store interface {
	// Ensure starts the workload of key, or has it adopt a changed spec, which
	// has its defaults and was validated. It is cheap if nothing changed.
	Ensure(key live.Key, spec api.Spec) error

	// Answer returns what the workload says now; false if there is no workload of
	// that key, because it was never started or has been forgotten.
	Answer(key live.Key) (live.Answer, bool)

	// Watch tells when the activity or the error of the answer changes: a value
	// arrives on changes, and several changes may share one. The channel is nil if
	// there is no workload of that key, and may be closed when it is forgotten.
	// The caller must call stop.
	Watch(key live.Key) (changes <-chan struct{}, stop func())
}

// errStarting reports a workload whose first answer is still to come.
var errStarting = errors.New("the workload is starting: its first answer is still to come")

// A service is the protocol without the transport.
type service struct {
	pb.UnimplementedExternalScalerServer

	store    Store
	registry *registry
	log      *slog.Logger
	now      func() time.Time
	patience time.Duration // how long a call waits for Ensure
	closing  chan struct{} // closed when streams have to end
	starts   sync.WaitGroup
}

var _ pb.ExternalScalerServer = (*service)(nil)

// A start is the hand-over of a variant to the store.
type start struct {
	variant *variant
	done    chan struct{} // closed when err is valid
	err     error
}

// find returns what a call is about. Errors are gRPC statuses; faults in the
// metadata are logged when they appear.
func (s *service) find(ref *pb.ScaledObjectRef) (*variant, error) {
	name := objectName{ref.GetNamespace(), ref.GetName()}
	if err := unnamed(name); err != nil {
		return nil, err
	}
	v, fresh, err := s.registry.find(name, ref.GetScalerMetadata(), s.now())
	switch {
	case err == nil:
	case v != nil && v.trigger != nil:
		s.blame(v.trigger, err)
	case fresh:
		s.log.Error("trigger refused", "namespace", name.namespace, "scaledObject", name.name, "error", err)
	}
	return v, err
}

// blame logs why a trigger is not served or, for nil, that it is served again, each time that
// changes.
func (s *service) blame(t *trigger, err error) {
	text := ""
	if err != nil {
		text = status.Convert(err).Message()
	}
	if !t.blame(text) {
		return
	}
	log := s.log.With("namespace", t.key.Namespace, "scaledObject", t.key.Name, "metric", t.key.Metric)
	if err != nil {
		log.Error("trigger not served", "error", text)
		return
	}
	log.Info("trigger served")
}

// adopt hands v to the store, unless that is done, and returns the hand-over to wait for, which
// may have begun before; nil if there is nothing to do. At most one is under way per trigger, so
// that a store that hangs holds one goroutine and not one per call.
func (s *service) adopt(v *variant) *start {
	t := v.trigger
	if t.adopted.Load() == v {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.adopted.Load() == v || t.start != nil {
		return t.start
	}
	st := &start{variant: v, done: make(chan struct{})}
	t.start = st
	if t.adopted.Load() == nil {
		t.began = s.now()
	}
	s.starts.Go(func() {
		st.err = s.ensure(v)
		t.mu.Lock()
		defer t.mu.Unlock()
		if st.err == nil {
			t.adopted.Store(v)
		}
		t.start = nil
		close(st.done)
	})
	return st
}

// ensure is Store.Ensure that cannot take the process down.
func (s *service) ensure(v *variant) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("starting the workload: panic: %v", r)
		}
	}()
	return s.store.Ensure(v.trigger.key, v.spec)
}

// await hands v to the store and waits for that, within the patience of the
// service.
func (s *service) await(ctx context.Context, v *variant) error {
	st := s.adopt(v)
	if st == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for st != nil {
		select {
		case <-st.done:
		case <-ctx.Done():
			return fmt.Errorf("starting the workload: %w", ctx.Err())
		}
		if st.variant == v {
			return st.err
		}
		st = s.adopt(v) // another variant was under way
	}
	return nil
}

// answer returns what the workload of v says, and starts it if need be. The
// error says why there is nothing to serve; the answer then holds no more than
// its target.
func (s *service) answer(ctx context.Context, v *variant) (live.Answer, error) {
	if err := s.await(ctx, v); err != nil {
		return live.Answer{}, err
	}
	a, ok := s.store.Answer(v.trigger.key)
	if !ok { // forgotten, since nobody asked
		v.trigger.adopted.CompareAndSwap(v, nil)
		if err := s.await(ctx, v); err != nil {
			return live.Answer{}, err
		}
		if a, ok = s.store.Answer(v.trigger.key); !ok {
			return live.Answer{}, errStarting
		}
	}
	return a, a.Err
}

// first is [service.answer] for a call that waits for the first answer of a workload, which
// usually comes within a tenth of a second. KEDA asks for metrics a moment after it has asked
// for their specification, and without the wait would call the ScaledObject failed until its
// next poll. No call waits beyond the patience of the service after the start.
func (s *service) first(ctx context.Context, v *variant) (live.Answer, error) {
	a, err := s.answer(ctx, v)
	if !errors.Is(err, live.ErrStarting) {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.trigger.begun().Add(s.patience).Sub(s.now()))
	defer cancel()
	changes, stop := s.store.Watch(v.trigger.key)
	defer stop()
	for {
		if a, err = s.answer(ctx, v); !errors.Is(err, live.ErrStarting) || ctx.Err() != nil {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, err
		case <-s.closing:
			return a, err
		case _, open := <-changes:
			if !open {
				return a, err
			}
		}
	}
}

// GetMetricSpec returns the name of the trigger's metric and its target, which
// are configuration: it succeeds for all valid metadata, even of triggers that
// share a name, for which the other calls fail. Without it KEDA would make an HPA
// without metrics, which Kubernetes turns into one for 80 % CPU.
func (s *service) GetMetricSpec(_ context.Context, ref *pb.ScaledObjectRef) (*pb.GetMetricSpecResponse, error) {
	v, err := s.find(ref)
	switch {
	case err == nil:
		return s.specification(v), nil
	case v == nil || v.trigger == nil:
		return nil, err
	}
	return specOf(v), nil
}

// specification is GetMetricSpec for the variant of a call.
func (s *service) specification(v *variant) *pb.GetMetricSpecResponse {
	s.adopt(v)                    // the first call KEDA makes: start now, wait later
	s.store.Answer(v.trigger.key) // and the most frequent: remember that somebody asks
	return specOf(v)
}

// specOf returns the specification of v's metric.
func specOf(v *variant) *pb.GetMetricSpecResponse {
	return &pb.GetMetricSpecResponse{MetricSpecs: []*pb.MetricSpec{{
		MetricName:      v.trigger.key.Metric,
		TargetSize:      wholeTarget(v.wire),
		TargetSizeFloat: v.wire,
	}}}
}

// GetMetrics returns the demand to provide for, in terms of the target that
// GetMetricSpec tells. It returns Unavailable if there is no answer, and NotFound
// for a metric that the trigger does not serve.
func (s *service) GetMetrics(ctx context.Context, req *pb.GetMetricsRequest) (*pb.GetMetricsResponse, error) {
	v, err := s.find(req.GetScaledObjectRef())
	if err != nil {
		return nil, err
	}
	if key := v.trigger.key; req.GetMetricName() != key.Metric {
		return nil, unknownMetric(key, req.GetMetricName())
	}
	return s.metrics(ctx, v)
}

// metrics is GetMetrics for the variant of a call.
func (s *service) metrics(ctx context.Context, v *variant) (*pb.GetMetricsResponse, error) {
	a, err := s.first(ctx, v)
	if err == nil {
		var value *pb.MetricValue
		if value, err = metricOf(v, a); err == nil {
			s.blame(v.trigger, nil)
			return &pb.GetMetricsResponse{MetricValues: []*pb.MetricValue{value}}, nil
		}
	}
	if errors.Is(err, live.ErrStarting) || errors.Is(err, errStarting) { // normal after a start: not logged
		return nil, unavailable(v, err)
	}
	if faults, ok := errors.AsType[api.Faults](err); ok { // the store knows more than the decoder
		key := v.trigger.key
		err = invalid(objectName{key.Namespace, key.Name}, v.metadata, faults)
	} else {
		err = unavailable(v, err)
	}
	s.blame(v.trigger, err)
	return nil, err
}

// metricOf returns a in KEDA's numbers. It returns an error for numbers that no demand can have,
// which are never passed on.
func metricOf(v *variant, a live.Answer) (*pb.MetricValue, error) {
	target := v.target(a)
	if !usable(target) {
		return nil, errors.New("the capacity of a replica under the latency objective is not learned yet: set scale.targetPerReplica to be served meanwhile")
	}
	value, whole, ok := wireValue(express(a.Value, target, v.wire))
	if !ok {
		return nil, fmt.Errorf("demand is %v at %v per replica, which is not a number from 0 up", a.Value, target)
	}
	return &pb.MetricValue{MetricName: v.trigger.key.Metric, MetricValue: whole, MetricValueFloat: value}, nil
}

// IsActive returns false only if demand is known to be at or under the
// activation threshold: what is unknown stays active.
func (s *service) IsActive(ctx context.Context, ref *pb.ScaledObjectRef) (*pb.IsActiveResponse, error) {
	v, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	return s.activity(ctx, v), nil
}

// activity is IsActive for the variant of a call.
func (s *service) activity(ctx context.Context, v *variant) *pb.IsActiveResponse {
	a, err := s.first(ctx, v)
	return &pb.IsActiveResponse{Result: err != nil || a.Active}
}

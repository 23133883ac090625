package external

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/live"
)

var _ Store = (*live.Store)(nil)

var errRefused = errors.New("connection refused: check --prometheus-url")

// A flatSource is a metric without any change, until it is.
type flatSource struct {
	level atomic.Int64  // the value of every query but up; below 0 the source is away
	delay time.Duration // of each answer
}

func (f *flatSource) at(query string) (float64, error) {
	time.Sleep(f.delay)
	level := f.level.Load()
	switch {
	case level < 0:
		return 0, errRefused
	case query == "up":
		return 1, nil
	}
	return float64(level), nil
}

func (f *flatSource) Range(_ context.Context, query string, from, to time.Time, step time.Duration) (out []collector.Sample, err error) {
	v, err := f.at(query)
	if err != nil {
		return nil, err
	}
	for at := from.Truncate(step).Add(step); !at.After(to); at = at.Add(step) {
		out = append(out, collector.Sample{Time: at, Value: v})
	}
	return out, nil
}

func (f *flatSource) Instant(_ context.Context, query string, at time.Time) (collector.Sample, error) {
	v, err := f.at(query)
	return collector.Sample{Time: at, Value: v}, err
}

// runStore runs a store until the test ends.
func runStore(tb testing.TB, source live.Source, opts live.Options) *live.Store {
	tb.Helper()
	store := live.NewStore(source, opts)
	ctx, cancel := context.WithCancel(context.Background()) // ended by the cleanup
	done := make(chan error, 1)
	go func() { done <- store.Run(ctx) }()
	tb.Cleanup(func() { cancel(); require.NoError(tb, <-done) })
	return store
}

// The whole sequence with the real store: a ScaledObject never seen before, its activity, an edit,
// an outage longer than the TTL, and the recovery.
func TestKEDAAndTheLiveStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &flatSource{}
		source.level.Store(420)
		s := newService(runStore(t, source, live.Options{}), nil)
		metadata := web("forecast.model", "naive", "metric.history", "1h", "metric.ttl", "2m")
		k := kedaTrigger{local{s}, refTo(metadata), 0}
		poll := func() (int64, bool, error) { return k.poll(t.Context()) }
		settle := func() { time.Sleep(30 * time.Second); synctest.Wait() }

		_, err := k.metricSpecs(t.Context())
		require.NoError(t, err)
		settle()
		replicas, active, err := poll()
		require.NoError(t, err)
		require.EqualValues(t, 9, replicas) // 420/50
		require.True(t, active)

		sent, _ := streaming(t.Context(), func(p push[pb.IsActiveResponse]) error { return s.StreamIsActive(refTo(metadata), p) })
		synctest.Wait()
		require.Len(t, sent, 1)
		<-sent
		source.level.Store(0)
		time.Sleep(10 * time.Minute)
		_, active, err = poll()
		require.NoError(t, err)
		require.False(t, active, "known to be zero")
		source.level.Store(100)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Len(t, sent, 1, "awake again")

		source.level.Store(-1)
		time.Sleep(time.Minute)
		_, _, err = poll()
		require.NoError(t, err, "within the TTL the last answer stands")
		time.Sleep(5 * time.Minute)
		_, _, err = poll()
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.ErrorContains(t, err, "connection refused: check --prometheus-url")
		is, err := s.IsActive(t.Context(), refTo(metadata))
		require.NoError(t, err)
		require.True(t, is.GetResult())

		source.level.Store(200)
		time.Sleep(2 * time.Minute)
		replicas, _, err = poll()
		require.NoError(t, err)
		require.GreaterOrEqual(t, replicas, int64(4), "200/50, or more while the forecast remembers the jumps")
		close(s.closing) // ends the stream
		synctest.Wait()
	})
}

// KEDA asks for the metric a moment after it has asked for its specification, and calls a
// ScaledObject failed if there is none: the first call waits for the first answer, though not
// for a Prometheus that hangs, and for that once.
func TestTheFirstCallWaitsForTheFirstAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		delay, wait time.Duration
		code        codes.Code
	}{
		"a Prometheus that answers": {80 * time.Millisecond, 300 * time.Millisecond, codes.OK},
		"one that hangs":            {time.Hour, time.Second, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &flatSource{delay: c.delay}
				source.level.Store(420)
				store := live.NewStore(source, live.Options{})
				ctx, cancel := context.WithCancel(t.Context())
				go func() { _ = store.Run(ctx) }()
				s := newService(store, nil)
				metadata := web("forecast.model", "naive", "metric.history", "1h")
				begin := time.Now()
				_, err := s.GetMetricSpec(t.Context(), refTo(metadata))
				require.NoError(t, err)
				require.Zero(t, time.Since(begin))
				_, err = s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(metadata), MetricName: "requests"})
				require.Equal(t, c.code, status.Code(err), "%v", err)
				require.LessOrEqual(t, time.Since(begin), c.wait)
				is, err := s.IsActive(t.Context(), refTo(metadata))
				require.NoError(t, err)
				require.True(t, is.GetResult())
				_, err = s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(metadata), MetricName: "requests"})
				require.Equal(t, c.code, status.Code(err), "%v", err)
				require.LessOrEqual(t, time.Since(begin), c.wait, "no other call waits")
				cancel()
				time.Sleep(c.delay) // what hangs ends
			})
		})
	}
}

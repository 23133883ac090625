package external

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/live"
)

// streaming runs a stream and returns what it sends and how it ends.
func streaming[T any](ctx context.Context, run func(push[T]) error) (sent <-chan *T, end <-chan error) {
	ch, done := make(chan *T, 16), make(chan error, 1)
	go func() { done <- run(push[T]{ctx: ctx, sent: ch}) }()
	return ch, done
}

func TestActivityIsPushedWhenItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFakeStore()
		s := newService(store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		store.set(webKey, live.Answer{Active: false})
		sent, end := streaming(ctx, func(p push[pb.IsActiveResponse]) error { return s.StreamIsActive(refTo(web()), p) })
		pushes := func() (n int) {
			synctest.Wait()
			for range len(sent) {
				require.True(t, (<-sent).GetResult(), "KEDA before 2.18 takes false for all triggers")
				n++
			}
			return n
		}
		require.Zero(t, pushes(), "idle when the stream opens")
		for _, step := range []struct {
			answer live.Answer
			want   int
			why    string
		}{
			{live.Answer{Value: 5, Active: true}, 1, "demand returned"},
			{live.Answer{Value: 9, Active: true}, 0, "it is active already"},
			{live.Answer{Err: errSilent}, 0, "silence is no change"},
			{live.Answer{Value: 9, Active: true}, 0, "and its end is none"},
			{live.Answer{Active: false}, 0, "idle is not pushed"},
			{live.Answer{Err: errSilent}, 0, "silence does not wake what sleeps"},
			{live.Answer{Value: 1, Active: true}, 1, "demand returned once more"},
		} {
			store.set(webKey, step.answer)
			require.Equal(t, step.want, pushes(), step.why)
		}
		cancel()
		require.NoError(t, <-end)
		require.Zero(t, store.watching(webKey), "a stream that ended watches no more")
	})
}

func TestStreamSeesWhatItWasNotToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFakeStore()
		store.refuse = errors.New("no room for one more workload")
		s := newService(store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		sent, end := streaming(ctx, func(p push[pb.IsActiveResponse]) error { return s.StreamIsActive(refTo(web()), p) })
		synctest.Wait()
		store.mu.Lock()
		store.refuse = nil
		store.answers[webKey] = live.Answer{Value: 1, Active: true} // no signal
		store.mu.Unlock()
		time.Sleep(streamBeat)
		synctest.Wait()
		require.Len(t, sent, 1)
		cancel()
		require.NoError(t, <-end)
	})
}

func TestSpecificationIsPushedWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFakeStore() // no data at all
		s := newService(store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		sent, end := streaming(ctx, func(p push[pb.GetMetricSpecResponse]) error { return s.StreamMetricSpec(refTo(web()), p) })
		synctest.Wait()
		require.Len(t, sent, 1, "at once, whether there are data or not")
		first := (<-sent).GetMetricSpecs()[0]
		require.Equal(t, "requests", first.GetMetricName())
		require.InDelta(t, 50, first.GetTargetSizeFloat(), 0)
		require.EqualValues(t, 50, first.GetTargetSize())

		edited := refTo(web("scale.targetPerReplicaFromEnv", "75"))
		polled, err := s.GetMetricSpec(t.Context(), edited)
		require.NoError(t, err)
		time.Sleep(streamBeat)
		synctest.Wait()
		require.Len(t, sent, 1)
		require.Equal(t, polled.GetMetricSpecs()[0].GetTargetSizeFloat(), (<-sent).GetMetricSpecs()[0].GetTargetSizeFloat(), "the two never differ") //nolint:testifylint // equal to the bit
		store.set(webKey, live.Answer{Value: 3, Target: 51, Active: true})
		synctest.Wait()
		require.Empty(t, sent, "an answer changes no configuration")
		cancel()
		require.NoError(t, <-end)
	})
}

func TestStreamsEndWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(newFakeStore(), nil)
		_, first := streaming(t.Context(), func(p push[pb.IsActiveResponse]) error { return s.StreamIsActive(refTo(web()), p) })
		synctest.Wait()
		close(s.closing)
		require.NoError(t, <-first)
		_, late := streaming(t.Context(), func(p push[pb.IsActiveResponse]) error { return s.StreamIsActive(refTo(web()), p) })
		require.NoError(t, <-late, "also one that opens during the end")
	})
}

// kedaReconnects plays KEDA's loop around StreamIsActive and returns the pause
// after each of the ends of a stream: 2 s doubling to 60 s, reset by EOF only.
func kedaReconnects(ends []error) []time.Duration {
	pause, out := 2*time.Second, []time.Duration(nil)
	for _, err := range ends {
		if errors.Is(err, io.EOF) {
			pause = 2 * time.Second
		}
		out = append(out, pause)
		pause = min(2*pause, time.Minute)
	}
	return out
}

func TestKEDAStreamsSurviveRestartsOfTheServer(t *testing.T) {
	store := newFakeStore()
	store.set(webKey, live.Answer{Value: 100, Active: true})
	var ends []error
	address := ""
	for range 3 {
		lis := loopback(t)
		if address != "" {
			lis = relisten(t, lis, address)
		}
		address = lis.Addr().String()
		stop := serve(t, store, Options{}, lis)
		client := pb.NewExternalScalerClient(dial(t, lis))
		active, err := client.StreamIsActive(t.Context(), refTo(web()))
		require.NoError(t, err)
		specs, err := client.StreamMetricSpec(t.Context(), refTo(web()))
		require.NoError(t, err)
		is, err := active.Recv()
		require.NoError(t, err)
		require.True(t, is.GetResult())
		spec, err := specs.Recv()
		require.NoError(t, err)
		require.InDelta(t, 50, spec.GetMetricSpecs()[0].GetTargetSizeFloat(), 0)

		start := time.Now()
		require.NoError(t, stop())
		require.Less(t, time.Since(start), 2*time.Second, "streams do not hold up the end")
		_, err = active.Recv()
		ends = append(ends, err)
		_, err = specs.Recv()
		require.ErrorIs(t, err, io.EOF)
	}
	require.Equal(t, []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}, kedaReconnects(ends))
}

// relisten replaces lis by a listener on address.
func relisten(t *testing.T, lis net.Listener, address string) net.Listener {
	t.Helper()
	require.NoError(t, lis.Close())
	var c net.ListenConfig
	again, err := c.Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	return again
}

func TestStreamsOfFaultyTriggersAreRefused(t *testing.T) {
	lis := loopback(t)
	serve(t, newFakeStore(), Options{}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	stream, err := client.StreamMetricSpec(t.Context(), refTo(web("mode", "Off")))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

package live

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/api"
)

// A clock that is set back, and with it that of the server, leaves no workload with a demand from the
// future, which nothing newer would replace until the clock is there again.
func TestAClockThatIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off atomic.Int64
		var high atomic.Bool
		source := &fakeSource{value: func(at time.Time) float64 {
			if high.Load() {
				return 400 + wave(at)
			}
			return wave(at)
		}}
		s := run(t, source, Options{Forget: -1, Now: func() time.Time { return time.Now().Round(0).Add(time.Duration(off.Load())) }})
		spec := demand()
		spec.Forecast.Model, spec.Metric.History = "naive", api.Duration(time.Hour)
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(time.Minute)
		for _, back := range []time.Duration{10 * time.Second, 10 * time.Minute, 3 * time.Hour} {
			off.Add(-int64(back))
			high.Store(true)
			for range 40 {
				time.Sleep(time.Second)
				a, _ := s.Answer(key)
				require.NoError(t, a.Err, "the former answer stands meanwhile")
				require.GreaterOrEqual(t, a.Value, 50.0)
			}
			a, _ := s.Answer(key)
			require.Greater(t, a.Value, 400.0, "%s back", back)
			require.Greater(t, a.Observed, 400.0)
			high.Store(false)
			time.Sleep(time.Minute)
		}
	})
}

// A server that dates its answers in the future is believed what it answers, and not when.
func TestASampleOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		source := &dated{fakeSource: &fakeSource{value: func(at time.Time) float64 { return 10 + at.Sub(begin).Minutes() }}}
		s := run(t, source, Options{})
		spec := demand()
		spec.Forecast.Model, spec.Metric.History = "naive", api.Duration(time.Hour)
		require.NoError(t, s.Ensure(key, spec))
		for minute := range 10 {
			source.by.Store(0)
			if minute == 3 {
				source.by.Store(int64(10 * time.Minute))
			}
			time.Sleep(time.Minute)
			a, _ := s.Answer(key)
			require.NoError(t, a.Err)
			require.InDelta(t, 11+float64(minute), a.Observed, 0.2)
		}
	})
}

// dated is a source whose newest samples are dated by that much too late.
type dated struct {
	*fakeSource

	by atomic.Int64
}

func (d *dated) Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error) {
	s, err := d.fakeSource.Instant(ctx, query, at)
	s.Time = s.Time.Add(time.Duration(d.by.Load()))
	return s, err
}

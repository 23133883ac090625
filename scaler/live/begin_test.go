package live

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/api"
)

// A slowHistory is a source whose histories take long, as those of a thousand workloads do.
type slowHistory struct {
	*fakeSource
	takes time.Duration
}

func (s slowHistory) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if to.Sub(from) > time.Hour {
		time.Sleep(s.takes)
	}
	return s.fakeSource.Range(ctx, query, from, to, step)
}

// When many workloads start at once, those whose history has to wait, or takes long to read, are
// served by their newest samples, and go on being sampled.
func TestManyWorkloadsThatStartAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 24
		source := slowHistory{&fakeSource{value: flat(120)}, 20 * time.Second}
		s := run(t, source, Options{Parallel: 8})
		keyOf := func(i int) Key { return Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"} }
		spec := demand()
		spec.Forecast.Model = "naive"
		for i := range n {
			require.NoError(t, s.Ensure(keyOf(i), spec))
		}
		served := func() (count int) {
			for i := range n {
				if a, _ := s.Answer(keyOf(i)); a.Err == nil && a.Observed == source.value(time.Now()) {
					count++
				}
			}
			return count
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		require.Equal(t, n-4, served(), "all but those whose history is just being read")

		source.mu.Lock()
		source.value = flat(200)
		source.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Equal(t, n, served(), "a change is seen while they wait, and those that are read take long")

		time.Sleep(3 * time.Minute)
		synctest.Wait()
		for i := range n {
			_, model := s.Forecast(keyOf(i))
			require.Equal(t, "naive", model, "in the end all have a model")
		}
	})
}

// A countedSource counts the histories that are read.
type countedSource struct {
	*fakeSource
	histories atomic.Int32
}

func (c *countedSource) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if to.Sub(from) > time.Hour {
		c.histories.Add(1)
	}
	return c.fakeSource.Range(ctx, query, from, to, step)
}

// When thousands start at once, their histories do not all wait for the fits in memory: most of them
// are read again when it is their turn.
func TestHistoriesThatWaitForTheirFitAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = waitingHistories + 10
		source := &countedSource{fakeSource: &fakeSource{value: flat(120)}}
		s := run(t, source, Options{})
		require.NoError(t, s.fits.Acquire(t.Context(), 1), "no fit runs for now")
		spec := demand()
		spec.Forecast.Model = "naive"
		keyOf := func(i int) Key { return Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"} }
		for i := range n {
			require.NoError(t, s.Ensure(keyOf(i), spec))
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.False(t, s.waiting.TryAcquire(1), "as many as may wait")
		require.EqualValues(t, n+1+rereads, source.histories.Load(), "of the others a few are read again for the fits that come next")
		s.fits.Release(1)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for i := range n {
			_, model := s.Forecast(keyOf(i))
			require.Equal(t, "naive", model, "in the end all have a model")
		}
		require.True(t, s.waiting.TryAcquire(waitingHistories), "and none waits")
	})
}

// A hangingHistory is a source whose histories of one query time out, once it is told to.
type hangingHistory struct {
	*fakeSource
	query string
	told  atomic.Bool
	hangs atomic.Int32 // histories that hang now
}

func (h *hangingHistory) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if h.told.Load() && query == h.query && to.Sub(from) > time.Hour {
		h.hangs.Add(1)
		defer h.hangs.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.fakeSource.Range(ctx, query, from, to, step)
}

// A repeated fit whose history times out does not delay the first fit of another workload.
func TestAHistoryThatTimesOutKeepsNoFitWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &hangingHistory{fakeSource: &fakeSource{value: flat(120), since: time.Now().Add(-time.Hour)}, query: "slow"}
		s := run(t, source, Options{})
		slow, spec := Key{Namespace: "shop", Name: "slow", Metric: "demand"}, demand()
		spec.Forecast.Model, spec.Metric.Query = "auto", "slow"
		require.NoError(t, s.Ensure(slow, spec))
		time.Sleep(5 * time.Second)
		_, model := s.Forecast(slow)
		require.Equal(t, "auto", model)

		source.told.Store(true)
		for range 3600 { // its history has grown by half
			if source.hangs.Load() > 0 {
				break
			}
			time.Sleep(time.Second)
			s.Answer(slow)
		}
		require.Positive(t, source.hangs.Load(), "a new fit reads it")
		spec.Metric.Query = "quick"
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(5 * time.Second)
		require.Positive(t, source.hangs.Load(), "which hangs still")
		_, model = s.Forecast(key)
		require.Equal(t, "auto", model)
	})
}

// A hangingSource does not answer, once it is told to.
type hangingSource struct {
	*fakeSource
	hangs atomic.Bool
}

func (h *hangingSource) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if h.hangs.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.fakeSource.Range(ctx, query, from, to, step)
}

func (h *hangingSource) Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error) {
	if h.hangs.Load() {
		<-ctx.Done()
		return collector.Sample{}, ctx.Err()
	}
	return h.fakeSource.Instant(ctx, query, at)
}

// While the server hangs, the error says so, and not that the workload is starting: asking again in
// a few seconds would not help.
func TestAHangingServerIsNamedAsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &hangingSource{fakeSource: &fakeSource{value: flat(80)}}
		s := run(t, source, Options{})
		spec := demand()
		spec.Metric.TTL = api.Duration(10 * time.Second)
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(2*time.Minute + 900*time.Millisecond)
		source.hangs.Store(true)
		time.Sleep(11 * time.Second) // the query that hangs has begun later than the last one that did not
		a, _ := s.Answer(key)
		require.ErrorIs(t, a.Err, errUnanswered)
		require.NotErrorIs(t, a.Err, ErrStarting)
		time.Sleep(time.Minute)
		a, _ = s.Answer(key)
		require.ErrorIs(t, a.Err, context.DeadlineExceeded)
		require.ErrorContains(t, a.Err, "longer than metric.ttl 10s")
	})
}

// A hangingRanges is a source whose ranges hang, once it is told to.
type hangingRanges struct{ hangingSource }

func (p *hangingRanges) Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error) {
	return p.fakeSource.Instant(ctx, query, at)
}

// The newest sample does not wait for a range query that hangs, whether for the history at the
// start or for closed cells, even with more workloads than range queries may run at once. Once the
// server answers again the forecast goes on.
func TestTheNewestSampleDoesNotWaitForAHangingRangeQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 12
		source := &hangingRanges{hangingSource{fakeSource: &fakeSource{value: wave}}}
		s := run(t, source, Options{Parallel: 4})
		keyOf := func(i int) Key { return Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"} }
		spec := demand()
		spec.Forecast.Model = "naive"
		oldest := func() (age time.Duration) {
			synctest.Wait()
			for i := range n {
				a, _ := s.Answer(keyOf(i))
				require.NoError(t, a.Err)
				e := s.find(keyOf(i))
				e.mu.Lock()
				age = max(age, time.Since(e.workload.Latest().Time))
				e.mu.Unlock()
			}
			return age
		}
		source.hangs.Store(true)
		for i := range n {
			require.NoError(t, s.Ensure(keyOf(i), spec))
		}
		time.Sleep(11 * time.Second) // the first sample waits for QueryTimeout
		for range 40 {
			require.LessOrEqual(t, oldest(), 7*time.Second, "at the start: a query each 5 s, with a second of patience")
			time.Sleep(10 * time.Second)
		}
		source.hangs.Store(false)
		time.Sleep(3 * time.Minute)
		for i := range n {
			_, model := s.Forecast(keyOf(i))
			require.Equal(t, "naive", model)
		}
		source.hangs.Store(true)
		for range 40 {
			time.Sleep(10 * time.Second)
			require.LessOrEqual(t, oldest(), 7*time.Second, "after a start: cells close each minute")
		}
		source.hangs.Store(false)
		time.Sleep(3 * time.Minute) // what hangs ends after one, and is tried again within half a minute
		for i := range n {
			f, _ := s.Forecast(keyOf(i))
			require.Less(t, time.Since(f.Start), 2*time.Minute, "the cells are known again")
		}
	})
}

// Range queries that hang for an hour are logged once per workload for each of the two causes.
func TestAHangingRangeQueryIsLoggedOnceForEachCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 12
		source := &hangingRanges{hangingSource{fakeSource: &fakeSource{value: wave}}}
		var log bytes.Buffer
		s := run(t, source, Options{Parallel: 4, Log: slog.New(slog.NewTextHandler(&log, nil))})
		spec := demand()
		spec.Forecast.Model = "naive"
		for i := range n {
			require.NoError(t, s.Ensure(Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}, spec))
		}
		time.Sleep(3 * time.Minute)
		source.hangs.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		for i := range n {
			told := strings.Count(log.String(), fmt.Sprintf("history or closed cells not read, serving from the newest sample\" workload=shop/web-%d/", i))
			require.True(t, told == 1 || told == 2, told)
		}
	})
}

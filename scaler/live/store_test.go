package live

import (
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

func TestAWorkloadAnswersAfterItsFirstRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave}, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		a, known := s.Answer(key)
		require.True(t, known)
		require.ErrorContains(t, a.Err, "shop/web/demand: no data yet")
		require.True(t, a.Active, "unknown demand is not idleness")
		require.InDelta(t, 50, a.Target, 0, "the target is known from the start")

		time.Sleep(3 * time.Second)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.InDelta(t, wave(a.At), a.Observed, 0.1)
		require.GreaterOrEqual(t, a.Value, a.Observed, "a forecast adds and never takes")
		require.False(t, math.IsNaN(a.Predicted), "the model is fitted")
	})
}

// A budget of less than one query a second is slow, but not zero.
func TestASlowBudgetOfQueriesIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(80)}
		s := run(t, source, Options{QueryRate: 0.1})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(3 * time.Second)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		_, before := source.counts()
		time.Sleep(10 * time.Minute)
		_, after := source.counts()
		require.InDelta(t, 60, after-before, 2, "a tenth of a query a second")
	})
}

func TestUnknownKeysHaveNoAnswer(t *testing.T) {
	s := NewStore(&fakeSource{}, Options{})
	_, known := s.Answer(key)
	require.False(t, known)
	require.ErrorContains(t, s.Ensure(key, api.Spec{}), "metric.query: missing")
	_, known = s.Answer(key)
	require.False(t, known, "a faulty spec starts nothing")
}

// While the source fails, the last answer holds for the TTL, then an error names the cause; the
// answer is never zero. When the source recovers, so does the answer.
func TestAFailingSourceHoldsAndThenIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(80)}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(time.Minute)
		source.set(errors.New("prometheus: connection refused"))
		time.Sleep(4 * time.Minute)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.GreaterOrEqual(t, a.Value, 80.0)

		time.Sleep(2 * time.Minute)
		a, _ = s.Answer(key)
		require.ErrorContains(t, a.Err, "longer than metric.ttl 5m")
		require.ErrorContains(t, a.Err, "connection refused")
		require.True(t, a.Active)
		time.Sleep(time.Minute)
		later, _ := s.Answer(key)
		require.EqualError(t, later.Err, a.Err.Error(), "the same cause has the same text: it is logged once")

		source.set(nil)
		time.Sleep(40 * time.Second)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.GreaterOrEqual(t, a.Value, 80.0)
	})
}

func TestKnownZeroIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: flat(0)}, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(10 * time.Second)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.Zero(t, a.Value)
		require.False(t, a.Active)
	})
}

// An hour costs one range query a minute and the instant queries the budget
// allows, and nothing else: history is read once.
func TestTheTailAsksOnlyForWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: wave}
		s := run(t, source, Options{QueryRate: 1})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(time.Minute)
		before, instants := source.counts()
		time.Sleep(10 * time.Minute)
		after, later := source.counts()
		require.LessOrEqual(t, after-before, 11)
		require.GreaterOrEqual(t, after-before, 9)
		require.LessOrEqual(t, later-instants, 601, "one query a second")
		_, known := s.Answer(key)
		require.True(t, known)
	})
}

func TestAYoungSeriesServesWhatItObserves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(7), since: time.Now().Add(-30 * time.Second)}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(5 * time.Second)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.InDelta(t, 7, a.Value, 0)
		time.Sleep(30 * time.Minute)
		_, _ = s.Answer(key)
		time.Sleep(time.Second)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.False(t, math.IsNaN(a.Predicted), "after half an hour there is a forecast")
	})
}

// A series younger than a cell has no history yet, but a newest sample: it is served at
// once, and the history follows as soon as there is one.
func TestASeriesWithoutAHistoryIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(7), rangeErr: errors.New("no series")}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(time.Second)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.InDelta(t, 7, a.Value, 0)
		require.True(t, math.IsNaN(a.Predicted))

		source.mu.Lock()
		source.rangeErr = nil
		source.mu.Unlock()
		time.Sleep(time.Minute)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.False(t, math.IsNaN(a.Predicted), "the history was asked for again")
	})
}

// While the server is down, only that is logged. If range queries still fail afterwards, that is
// logged then, once, although their error is the same as before.
func TestAFailingRangeQueryIsLoggedOnceAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("no answer in time")
		source := &fakeSource{value: flat(7), err: down, rangeErr: down}
		var log strings.Builder
		s := run(t, source, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(time.Minute)
		synctest.Wait()
		const failed = "history or closed cells not read"
		require.NotContains(t, log.String(), failed)
		source.set(nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), failed), log.String())
	})
}

func TestAChangedSpecKeepsAnswering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(80)}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(5 * time.Second)
		changed := demand()
		changed.Scale.TargetPerReplica = 20
		source.set(errors.New("down for the moment"))
		require.NoError(t, s.Ensure(key, changed))
		a, _ := s.Answer(key)
		require.NoError(t, a.Err, "the former answer stands")
		require.InDelta(t, 50, a.Target, 0, "with its own target: the two make one count")
		source.set(nil)
		time.Sleep(10 * time.Second)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.GreaterOrEqual(t, a.Value, 80.0)
		require.InDelta(t, 20, a.Target, 0)
	})
}

func TestAWorkloadThatNobodyAsksForIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: flat(1)}, Options{Forget: 10 * time.Minute})
		require.NoError(t, s.Ensure(key, demand()))
		watched := Key{Namespace: "shop", Name: "api", Metric: "demand"}
		require.NoError(t, s.Ensure(watched, demand()))
		_, stop := s.Watch(watched)
		defer stop()
		time.Sleep(11 * time.Minute)
		require.Equal(t, []Key{watched}, s.Keys(), "a watch is interest")
	})
}

func TestWatchSignalsAChangeOfActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: func(at time.Time) float64 {
			if at.Minute()%10 >= 5 {
				return 0
			}
			return 10
		}}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		changes, stop := s.Watch(key)
		defer stop()
		time.Sleep(5 * time.Second)
		<-changes // the first answer ended the error
		a, _ := s.Answer(key)
		require.True(t, a.Active)
	})
}

// Where a server refuses range queries, the newest samples are served all the same.
func TestTheNewestSampleDoesNotWaitForClosedCells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: wave}
		s := run(t, source, Options{Forget: -1})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(2 * time.Minute)
		source.mu.Lock()
		source.rangeErr = errors.New("too many samples")
		source.mu.Unlock()
		time.Sleep(20 * time.Minute) // longer than metric.ttl
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.InDelta(t, wave(time.Now()), a.Observed, 0.1)
		x, _ := s.Explain(key)
		require.ErrorContains(t, x.QueryErr, "too many samples")

		source.mu.Lock()
		source.rangeErr = nil
		source.mu.Unlock()
		time.Sleep(2 * time.Minute)
		x, _ = s.Explain(key)
		require.NoError(t, x.QueryErr)
	})
}

// The demand rises from zero to its full height at six every day. A process that was started in
// the night, and has seen only zeros since, is ready for that.
func TestOpeningHoursAreMetBeforeTheyBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opens := time.Date(2000, 1, 1, 6, 0, 0, 0, time.UTC) // the bubble's clock begins at midnight
		s := run(t, &fakeSource{value: func(at time.Time) float64 {
			if h := at.UTC().Hour(); h < 6 || h >= 22 {
				return 0
			}
			return 100
		}}, Options{Forget: -1})
		spec := demand()
		spec.Metric.History = api.Duration(7 * 24 * time.Hour)
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(time.Until(opens.Add(-10 * time.Minute)))
		a, _ := s.Answer(key)
		require.False(t, a.Active, "idle until then")
		time.Sleep(time.Until(opens.Add(-70 * time.Second))) // a lead time is 75 s
		a, _ = s.Answer(key)
		require.True(t, a.Active)
		require.InDelta(t, 100, a.Value, 20)
	})
}

func TestPausedAndShadowServeWhatIsObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave}, Options{})
		for _, mode := range []api.Mode{api.Shadow, api.Paused} {
			spec := demand()
			spec.Mode = mode
			k := Key{Namespace: "shop", Name: string(mode), Metric: "demand"}
			require.NoError(t, s.Ensure(k, spec))
			time.Sleep(5 * time.Second)
			a, _ := s.Answer(k)
			require.NoError(t, a.Err)
			require.InDelta(t, a.Observed, a.Value, 0, string(mode))
		}
	})
}

// A service of two replicas whose latency crosses 200 ms at 60 requests/s each:
// the target is learned a little below, and without the queries for it nothing is
// served under an objective alone.
func TestTheTargetIsLearnedFromLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave, others: map[string]func(time.Time) float64{
			"latency": func(at time.Time) float64 { return 0.1 + 0.1*math.Pow(wave(at)/2/60, 8) },
			"ready":   flat(2),
		}}, Options{})
		spec := demand()
		spec.Scale = api.ScaleSpec{LatencyObjective: &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(200 * time.Millisecond)}}
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(5 * time.Second)
		a, _ := s.Answer(key)
		require.ErrorContains(t, a.Err, "needs metric.latencyQuery and metric.replicasQuery")
		require.Zero(t, a.Target)
		time.Sleep(time.Minute)
		later, _ := s.Answer(key)
		require.EqualError(t, later.Err, a.Err.Error(), "one cause has one text, which callers log once")

		spec.Metric.LatencyQuery, spec.Metric.ReplicasQuery = "latency", "ready"
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(5 * time.Second)
		a, _ = s.Answer(key)
		require.NoError(t, a.Err)
		require.InDelta(t, 56, a.Target, 5)
	})
}

// While a workload closes a cell, neither the tick over the others nor a request for its own answer
// waits. The test holds the lock itself, so that waiting would never end.
func TestNothingWaitsForACellThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: flat(80)}, Options{})
		other := Key{Namespace: "shop", Name: "api", Metric: "demand"}
		require.NoError(t, s.Ensure(key, demand()))
		require.NoError(t, s.Ensure(other, demand()))
		time.Sleep(5 * time.Second)
		synctest.Wait() // no query is under way: the next ones begin with a tick
		e := s.entries[key]
		e.mu.Lock()
		begun := time.Now()
		time.Sleep(2 * time.Second)
		busy, _ := s.Answer(key)
		free, _ := s.Answer(other)
		e.mu.Unlock()
		require.False(t, busy.At.After(begun), "it keeps its answer")
		require.True(t, free.At.After(begun), "the others get new ones")
		time.Sleep(time.Second)
		busy, _ = s.Answer(key)
		require.True(t, busy.At.After(begun.Add(2*time.Second)))
	})
}

// A negative demand is invalid: the last valid one is used until it is too old, then the error
// says so. It is logged once, whatever the values are.
func TestNegativeDemandIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now()
		var log strings.Builder
		s := run(t, &fakeSource{value: func(at time.Time) float64 {
			if at.Sub(since) > 10*time.Second {
				return -at.Sub(since).Seconds()
			}
			return 80
		}}, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(time.Minute)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.GreaterOrEqual(t, a.Value, 80.0)
		time.Sleep(5 * time.Minute)
		a, _ = s.Answer(key)
		require.ErrorContains(t, a.Err, "its value is negative: demand is 0 or more")
		require.True(t, a.Active)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), "query failed"), log.String())
	})
}

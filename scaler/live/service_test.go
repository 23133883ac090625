package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

var nan = math.NaN()

// promised is a spec that keeps 200 ms, whose quantile an error budget paces.
func promised() api.Spec {
	spec := demand()
	spec.Metric.LatencyQuery, spec.Metric.ReplicasQuery = "latency", "ready"
	spec.Scale.LatencyObjective = &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(200 * time.Millisecond)}
	spec.Forecast.ViolationTarget = 0.01
	return spec
}

func TestWhatTheNewestCellSays(t *testing.T) {
	line := func(v ...float64) forecast.Series {
		return forecast.Series{Start: time.Unix(6000, 0), Step: time.Minute, Values: v}
	}
	for name, c := range map[string]struct {
		rate, latency, ready forecast.Series
		wantReady            int32
		wantMissed           float64
	}{
		"kept":                             {line(5, 9), line(0.3, 0.2), line(1, 4), 4, 0},
		"missed":                           {line(5, 9), line(0.1, 0.21), line(1, 4), 4, 1},
		"no requests, so none waited":      {line(5, 0), line(0.3, nan), line(1, 4), 4, 0},
		"no requests, no series at all":    {line(5, 0), forecast.Series{}, line(1, 4), 4, 0},
		"latency not measured":             {line(5, 9), line(0.3, nan), line(1, nan), -1, nan},
		"neither query answered":           {line(5, 9), forecast.Series{}, forecast.Series{}, -1, nan},
		"no replicas at all":               {line(5, 9), line(9, 9), line(1, 0), 0, 1},
		"absurd replicas are not replicas": {line(5, 9), line(0.1, 0.1), line(1, 1e12), -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := serviceOf(promised(), c.rate, c.latency, c.ready)
			require.Equal(t, c.wantReady, got.ready)
			if math.IsNaN(c.wantMissed) {
				require.True(t, math.IsNaN(got.missed), got.missed)
			} else {
				require.InDelta(t, c.wantMissed, got.missed, 0)
			}
			require.Equal(t, c.rate.End().Add(3*time.Minute), got.until)
		})
	}
	spec := promised()
	spec.Scale.LatencyObjective = nil
	require.True(t, math.IsNaN(serviceOf(spec, line(9), line(9), line(1)).missed), "without an objective nothing is missed")
}

func TestTheOwnerKnowsBetterThanTheCells(t *testing.T) {
	now := time.Unix(6000, 0)
	s := service{ready: 7, missed: 1, until: now}
	unknown := engine.Target{Ready: -1, Missed: nan}
	got := s.complete(unknown, now)
	require.EqualValues(t, 7, got.Ready)
	require.InDelta(t, 1, got.Missed, 0)

	got = s.complete(engine.Target{Ready: 0, Missed: 0.5}, now)
	require.EqualValues(t, 0, got.Ready)
	require.InDelta(t, 0.5, got.Missed, 0)

	got = s.complete(unknown, now.Add(1))
	require.EqualValues(t, -1, got.Ready, "too old to speak for the present")
	require.True(t, math.IsNaN(got.Missed))
}

// Of two services under the same load and the same budget the one that misses its objective all
// the time gets a higher quantile, also behind KEDA, where others decide about replicas.
func TestMissesOfTheObjectiveRaiseTheQuantile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		level := func(latency float64) float64 {
			s := run(t, &fakeSource{value: wave, others: map[string]func(time.Time) float64{
				"latency": flat(latency), "ready": flat(3),
			}}, Options{Forget: -1, Tick: 15 * time.Second})
			require.NoError(t, s.Ensure(key, promised()))
			time.Sleep(3 * time.Hour)
			e := s.entries[key]
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.workload.Parts().Level
		}
		kept, missed := level(0.1), level(0.3)
		require.Less(t, kept, 0.98, "an unused budget may be spent")
		require.Greater(t, missed, 0.99)
	})
}

// Queries for latency and replicas that fail do not delay the demand.
func TestDemandDoesNotWaitForTheServiceQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: wave, failing: map[string]error{"latency": errors.New("several series")}}
		s := run(t, source, Options{})
		require.NoError(t, s.Ensure(key, promised()))
		time.Sleep(5 * time.Second)
		a, _ := s.Answer(key)
		require.NoError(t, a.Err)
		require.GreaterOrEqual(t, a.Value, a.Observed)
		e := s.entries[key]
		e.mu.Lock()
		defer e.mu.Unlock()
		require.ErrorContains(t, e.serviceErr, "metric.latencyQuery: several series")
		require.Positive(t, e.service.ready, "what did answer counts")
	})
}

// Where the number of replicas decides how much each can serve, any demand above zero is answered
// with one replica at least; under the activation threshold the workload is idle all the same.
func TestUnderTheActivationThresholdIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := demand()
		spec.Scale = api.ScaleSpec{
			ActivationThreshold: 5, Service: &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
			LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
		}
		for load, active := range map[float64]bool{2: false, 9: true} {
			s := run(t, &fakeSource{value: flat(load)}, Options{})
			require.NoError(t, s.Ensure(key, spec))
			time.Sleep(10 * time.Second)
			a, _ := s.Answer(key)
			require.NoError(t, a.Err)
			require.InDelta(t, 100, a.Value, 1)
			require.Equal(t, active, a.Active, "at %v", load)
		}
	})
}

// A slowLatency is a source whose latency takes a while to be read, and that notes up to where
// that was read.
type slowLatency struct {
	*fakeSource
	mu   sync.Mutex // guards what follows
	took time.Duration
	read map[string][]time.Time
}

func (s *slowLatency) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if strings.HasPrefix(query, "latency") {
		s.mu.Lock()
		took := s.took
		s.mu.Unlock()
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		s.mu.Lock()
		for t := from; t.Before(to); t = t.Add(step) {
			s.read[query] = append(s.read[query], t)
		}
		s.mu.Unlock()
	}
	return s.fakeSource.Range(ctx, query, from, to, step)
}

// On a server that is slow, but answers, the latency and the replicas of each closed cell are read,
// once, although more workloads ask for them at the same moment than may wait for it. Nothing is
// logged.
func TestNoCellIsLostOnASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 6
		source := &slowLatency{fakeSource: &fakeSource{value: flat(80)}, took: 3 * time.Second, read: map[string][]time.Time{}}
		var log bytes.Buffer
		s := run(t, source, Options{Parallel: 4, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for i := range n {
			spec := promised()
			spec.Forecast.Model = "naive"
			spec.Metric.LatencyQuery = fmt.Sprint("latency-", i)
			require.NoError(t, s.Ensure(Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}, spec))
		}
		time.Sleep(10*time.Minute + 55*time.Second)
		synctest.Wait()
		source.mu.Lock()
		defer source.mu.Unlock()
		require.Len(t, source.read, n)
		require.NotContains(t, log.String(), "level=WARN")
		last := time.Now().UTC().Truncate(time.Minute)
		for query, read := range source.read {
			require.Equal(t, last.Add(-time.Minute), read[len(read)-1], query)
			for i := range read[1:] {
				require.Equal(t, read[i].Add(time.Minute), read[i+1], query)
			}
		}
	})
}

// Cells that could not be read are read with those that follow, those of the last hour at most, and
// not if a history was read since.
func TestCellsThatWereNotRead(t *testing.T) {
	line := func(start, n int) forecast.Series {
		s := forecast.Series{Start: time.Unix(int64(60*start), 0).UTC(), Step: time.Minute, Values: make([]float64, n)}
		for i := range s.Values {
			s.Values[i] = float64(start + i)
		}
		return s
	}
	for name, c := range map[string]struct{ left, cells, want forecast.Series }{
		"none":                  {forecast.Series{}, line(10, 2), line(10, 2)},
		"they follow":           {line(7, 3), line(10, 2), line(7, 5)},
		"no new ones":           {line(7, 3), line(10, 0), line(7, 3)},
		"many":                  {line(100, maxLeft), line(100+maxLeft, 2), line(102, maxLeft)},
		"a history since":       {line(7, 3), line(0, 12), line(0, 12)},
		"a hole":                {line(7, 3), line(11, 2), line(11, 2)},
		"more new ones at once": {line(7, 3), line(10, 2*maxLeft), line(10, 2*maxLeft)},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, joined(c.left, c.cells)) })
	}
}

// The cells of demand do not wait for a latency query that hangs, which is logged once.
func TestCellsDoNotWaitForALatencyThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 24
		source := &slowLatency{fakeSource: &fakeSource{value: flat(80)}, read: map[string][]time.Time{}}
		var log bytes.Buffer
		s := run(t, source, Options{Parallel: 4, Forget: -1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for i := range n {
			spec := promised()
			spec.Forecast.Model = "naive"
			require.NoError(t, s.Ensure(Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}, spec))
		}
		time.Sleep(5 * time.Minute)
		source.mu.Lock()
		source.took = time.Hour
		source.mu.Unlock()
		var age time.Duration // from the end of the last known cell, over all
		for range 120 {
			time.Sleep(10 * time.Second)
			for _, key := range s.Keys() {
				e := s.find(key)
				e.mu.Lock()
				age += time.Since(e.workload.Next()) / (120 * n)
				e.mu.Unlock()
			}
		}
		require.Less(t, age, 40*time.Second, "half a minute on average, and a while for those that wait for the latency")
		require.LessOrEqual(t, strings.Count(log.String(), "latency or replicas not known"), 2*n)
	})
}

package forescale_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/live"
)

// A recording is three and a half days of a service as Prometheus would tell of it: a
// rate that is scraped every 15 s, and the ready replicas, which follow it by a minute.
// On the last day there are a leap to four times the load for seven minutes, and
// twelve minutes and then three without a sample.
type recording struct{ start time.Time }

const (
	past    = 3 * 24 * time.Hour
	present = 12 * time.Hour
)

// rate is false while there is no sample.
func (r recording) rate(at time.Time) (float64, bool) {
	scraped := at.Add(-3 * time.Second).Truncate(15 * time.Second) // no cell ends, and no tick is, between two values
	since := scraped.Sub(r.start) - past
	for from, length := range map[time.Duration]time.Duration{5 * time.Hour: 12 * time.Minute, 9 * time.Hour: 3 * time.Minute} {
		if since >= from && since < from+length {
			return 0, false
		}
	}
	hours := scraped.Sub(r.start).Hours()
	v := 1000 + 600*math.Sin(hours/24*2*math.Pi) + 150*math.Sin(hours/6*2*math.Pi)
	v *= 1 + 0.03*math.Sin(1.7*float64(scraped.Unix())) // what looks like noise, and is the same for all who ask
	if since >= 3*time.Hour && since < 3*time.Hour+7*time.Minute {
		v *= min(4, 1+since.Minutes()-180) // the rate over a minute takes as long to show it
	}
	return v, true
}

func (r recording) ready(at time.Time) int32 {
	v, _ := r.rate(at.Add(-time.Minute))
	return int32(math.Ceil(v / 85))
}

// Range implements [live.Source].
func (r recording) Range(_ context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	var out []collector.Sample
	for t := from.Truncate(step).Add(step); !t.After(to); t = t.Add(step) {
		v, ok := r.rate(t)
		if query == "ready" {
			v, ok = float64(r.ready(t)), true
		}
		if ok && !t.Before(r.start) {
			out = append(out, collector.Sample{Time: t, Value: v})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w", query, collector.ErrNoData)
	}
	return out, nil
}

// Instant implements [live.Source]. Nothing is told of the first seconds, in which
// serve has no model yet.
func (r recording) Instant(_ context.Context, query string, at time.Time) (collector.Sample, error) {
	v, ok := r.rate(at)
	if !ok || at.Sub(r.start) < past+20*time.Second {
		return collector.Sample{}, fmt.Errorf("%s: %w", query, collector.ErrNoData)
	}
	return collector.Sample{Time: at, Value: v}, nil
}

// observation is what a policy of the replay sees of it.
func (r recording) observation(at time.Time) replay.Observation {
	s, err := r.Instant(context.Background(), "rate", at)
	o := replay.Observation{
		Rate: s.Value, RateOK: err == nil, Replicas: r.ready(at), Ready: r.ready(at.Truncate(time.Minute)),
		CPU: math.NaN(), InFlight: math.NaN(), Arrivals: math.NaN(), Latency: math.NaN(),
	}
	if err != nil {
		o.Rate = math.NaN()
	}
	return o
}

// config is what the replay tells a policy before it runs.
func (r recording) config() replay.Config {
	begin := r.start.Add(past)
	history := forecast.Series{Start: r.start, Step: time.Minute, Values: make([]float64, past/time.Minute)}
	for i := range history.Values {
		history.Values[i], _ = r.rate(history.At(i + 1))
	}
	return replay.Config{
		Start: begin, Capacity: 100, Slots: 8, ServiceTime: 80 * time.Millisecond,
		Objective: replay.Objective{Quantile: 0.99, Latency: 500 * time.Millisecond},
		Min:       2, Max: 100, Replicas: r.ready(begin), Startup: time.Minute, StartupP90: 80 * time.Second,
		ScrapeInterval: 15 * time.Second, RateWindow: time.Minute, History: history,
	}
}

// specs are ways to say what a replica carries and with which margin, complete, so
// that the replay adds nothing of its own.
func specs() map[string]api.Spec {
	two := int32(2)
	spec := func(f api.ForecastSpec, target float64) api.Spec {
		s := api.Spec{
			Metric:   api.MetricSpec{Query: "rate", ReplicasQuery: "ready", Step: api.Duration(time.Minute), History: api.Duration(past)},
			Forecast: f,
			Scale: api.ScaleSpec{
				TargetPerReplica: api.Number(target), MinReplicas: &two, MaxReplicas: 100,
				LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
				LeadTime:         api.AutoDuration{Value: 110 * time.Second},
			},
		}
		if target == 0 {
			s.Scale.Service = &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)}
		}
		return s
	}
	return map[string]api.Spec{
		"a target and a quantile": spec(api.ForecastSpec{Risk: 0.95}, 90),
		"a queue and a budget":    spec(api.ForecastSpec{ViolationTarget: 0.001}, 0),
		"a queue on average":      spec(api.ForecastSpec{Average: true}, 0),
	}
}

// The replay answers as the server does: from the same samples KEDA and the controller get the same
// answers, bit for bit, through a jump of the load and gaps of the metric. Both are fitted once, on
// the same history.
func TestServeAnswersAsTheReplay(t *testing.T) {
	for name, spec := range specs() {
		t.Run(name+", KEDA", func(t *testing.T) {
			compare(t, forescale.KedaName, spec, func(t *testing.T, s *live.Store, _ recording, now time.Time, want replay.Action) {
				t.Helper()
				a, known := s.Answer(webKey)
				require.True(t, known)
				require.Equal(t, math.IsNaN(want.Metric), a.Err != nil, "%s: %v", now, a.Err)
				if a.Err == nil {
					require.Equal(t, [2]float64{want.Metric, want.Target}, [2]float64{a.Value, a.Target}, now)
				}
			})
		})
		t.Run(name+", a floor", func(t *testing.T) {
			compare(t, forescale.FloorName, spec, func(t *testing.T, s *live.Store, r recording, now time.Time, want replay.Action) {
				t.Helper()
				o := r.observation(now)
				got, known := s.Scale(webKey, engine.Target{Current: o.Replicas, Ready: o.Ready, Min: 2, Max: 100, Missed: math.NaN()})
				require.True(t, known)
				require.Equal(t, want.Floor, got.Decision.Replicas, now)
			})
		})
	}
}

var webKey = live.Key{Namespace: "shop", Name: "web", Metric: "rate"}

// compare drives a store and a policy side by side, and has check compare what the
// store says with what the policy did.
func compare(t *testing.T, name string, spec api.Spec, check func(*testing.T, *live.Store, recording, time.Time, replay.Action)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := recording{start: time.Now().UTC()}
		time.Sleep(past + 2*time.Second) // ticks are two seconds after the borders of cells
		p, err := forescale.New(name, spec)
		require.NoError(t, err)
		p.Reset(r.config())
		require.NoError(t, p.Err())

		s := live.NewStore(r, live.Options{Tick: 5 * time.Second, Forget: -1})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		require.NoError(t, s.Ensure(webKey, spec))
		acted := 0
		for end := time.Now().Add(present); time.Now().Before(end); time.Sleep(5 * time.Second) {
			synctest.Wait()
			now := time.Now().UTC()
			want := p.Decide(now, r.observation(now))
			check(t, s, r, now, want)
			if want.Forecast > 0 {
				acted++
			}
		}
		require.NoError(t, p.Err())
		require.Greater(t, acted, int(present/(6*time.Second)), "there was a forecast")
		cancel()
		require.NoError(t, <-done)
	})
}

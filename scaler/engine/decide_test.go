package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// steady is a workload whose model knows a day of demand 1000, and the instant
// after that day.
func steady(t *testing.T, f api.ForecastSpec) (*engine.Workload, time.Time) {
	t.Helper()
	f.Model = "naive"
	spec := api.Spec{
		Metric: api.MetricSpec{Query: "x"}, Forecast: f,
		Scale: api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(time.Second)}},
	}
	w, err := engine.New(spec)
	require.NoError(t, err)
	history := forecast.Series{Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 1440)}
	for i := range history.Values {
		history.Values[i] = usual(i)
	}
	fit, err := model.Fit(t.Context(), spec, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	return w, history.End()
}

// usual is the demand of the i-th minute of a steady workload.
func usual(i int) float64 { return 1000 + 5*math.Sin(float64(i)*1.7) }

// tick shows a sample and decides.
func tick(t *testing.T, w *engine.Workload, now time.Time, demand, missed float64, ready int32) scaler.Decision {
	t.Helper()
	show(t, w, now, demand)
	return w.Decide(now, engine.Target{Current: 12, Ready: ready, Min: 1, Max: 200, Missed: missed})
}

// settled is [steady] after a day of the present, in which the target had so many replicas
// and missed nothing: it may have fewer than an autoscaler without a forecast.
func settled(t *testing.T, f api.ForecastSpec, ready int32) (*engine.Workload, time.Time) {
	t.Helper()
	w, now := steady(t, f)
	for i := range 24 * 60 {
		now = now.Add(time.Minute)
		tick(t, w, now, usual(i), 0, ready)
	}
	return w, now
}

// show shows a sample and closes a cell each minute.
func show(t *testing.T, w *engine.Workload, now time.Time, demand float64) {
	t.Helper()
	w.Observe(collector.Sample{Time: now, Value: demand})
	if now.Equal(now.Truncate(time.Minute)) {
		require.NoError(t, w.Append(forecast.Series{Start: now.Add(-time.Minute), Step: time.Minute, Values: []float64{demand}}))
	}
}

func TestBurstIsMetWithMoreThanItsSampleShows(t *testing.T) {
	w, now := settled(t, api.ForecastSpec{}, 11)
	for range 40 {
		now = now.Add(15 * time.Second)
		d := tick(t, w, now, 1000, math.NaN(), 11)
		require.InDelta(t, 11, d.Replicas, 1)
	}
	// A quarter of a minute after the load rose to 4000 the mean over a minute says
	// 1750. The load behind it, a hair above 4000, needs 41 replicas. A day without a burst
	// says that bursts are rare: three times the missing 30 start at once.
	now = now.Add(15 * time.Second)
	d := tick(t, w, now, 1750, math.NaN(), 11)
	require.Equal(t, int32(101), d.Replicas)
	require.Equal(t, scaler.Burst, d.Reason)
	require.InDelta(t, 4000, w.Parts().Latch, 1)

	// What queued up is drained within the lead time; then the need alone counts.
	for i := range 16 {
		now = now.Add(15 * time.Second)
		d = tick(t, w, now, min(2500+750*float64(i), 4000), math.NaN(), 50)
	}
	require.InDelta(t, 41, d.Replicas, 2)
	// When it has been over for a minute, its replicas go at once.
	for range 12 {
		now = now.Add(15 * time.Second)
		d = tick(t, w, now, 1000, math.NaN(), 41)
	}
	require.LessOrEqual(t, d.Replicas, int32(14))
}

// Without a model, for example because a new series has no history to read, a burst has no usual
// level: the observed demand is needed.
func TestABurstWithoutAModelIsMet(t *testing.T) {
	s := spec()
	s.Scale.TargetPerReplica, s.Scale.LatencyObjective = 10, nil
	w, err := engine.New(s)
	require.NoError(t, err)
	now := monday
	decide := func(demand float64) scaler.Decision {
		now = now.Add(15 * time.Second)
		w.Observe(collector.Sample{Time: now, Value: demand})
		return w.Decide(now, engine.Target{Current: 10, Ready: 10, Min: 2, Max: 50, Missed: math.NaN()})
	}
	for range 20 {
		require.EqualValues(t, 10, decide(100).Replicas)
	}
	for range 20 {
		d := decide(260)
		require.NotEqual(t, scaler.NoData, d.Reason)
		require.GreaterOrEqual(t, d.Replicas, int32(26))
	}
	for range 60 {
		require.GreaterOrEqual(t, decide(100).Replicas, int32(10))
	}
	require.EqualValues(t, 10, decide(100).Replicas)
}

func TestTheBudgetMovesTheLevel(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	level := func(missed float64) float64 {
		for range 4 * 240 {
			now = now.Add(15 * time.Second)
			tick(t, w, now, 1000, missed, 11)
		}
		return w.Parts().Level
	}
	first := level(0)
	require.Greater(t, level(0.1), first, "missed more than the budget: more careful")
	careful := w.Parts().Level
	require.Greater(t, level(math.NaN()), 0.9, "not measured, but nothing is short")
	require.Less(t, careful, 1.0)
}

// Where bursts are rare, three times the missing replicas are asked for, until those needed are
// ready and meet the objective; and possible first seconds of a burst are met by a guess of it.
func TestABurstThatIsRareIsMetSooner(t *testing.T) {
	for name, missed := range map[string]float64{"measured": 0, "not measured": math.NaN()} {
		t.Run(name, func(t *testing.T) {
			w, now := settled(t, api.ForecastSpec{}, 11)
			shown := func(demand, missed float64, ready int32) int32 {
				now = now.Add(15 * time.Second)
				return tick(t, w, now, demand, missed, ready).Replicas
			}
			for i := range 300 { // an hour and a quarter
				shown(1000+float64(i%3), 0, 11)
			}
			// 1200 is a mean over the last 45 s: three times the missing of 1000 + 2·3·200
			require.InDelta(t, 11+3*(22-11), shown(1200, 1, 11), 3)
			require.InDelta(t, 11+3*(40-11), shown(1950, 1, 11), 3)
			shown(2700, 1, 20)
			shown(3450, 1, 39)
			require.Greater(t, shown(4000, 1, 43), int32(90), "the queue is not gone")
			shown(4000, missed, 43)
			n := shown(4000, missed, 43)
			if math.IsNaN(missed) {
				require.Greater(t, n, int32(90), "it is unknown")
			} else {
				require.LessOrEqual(t, n, int32(44), "what is needed, and a replica or two")
			}
		})
	}
}

// After hours without demand a forecast is nearly, but rarely exactly, 0. Where zero replicas are
// allowed it keeps none.
func TestAForecastOfNearlyZeroKeepsNoReplica(t *testing.T) {
	for least, want := range map[int32]int32{0: 0, 1: 1} {
		w, err := engine.New(api.Spec{Metric: api.MetricSpec{Query: "x"}, Scale: api.ScaleSpec{TargetPerReplica: 100}})
		require.NoError(t, err)
		history := forecast.Series{Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 360)}
		for i := range history.Values {
			history.Values[i] = 300 + 20*math.Sin(float64(i))
		}
		retrace := w.Retrace()
		fit, err := retrace.Fit(t.Context(), history, nil)
		require.NoError(t, err)
		require.NoError(t, w.Start(fit, retrace))
		now, count := history.End(), int32(4)
		for range 2 * 60 * 4 {
			now = now.Add(15 * time.Second)
			show(t, w, now, 0)
			count = w.Decide(now, engine.Target{Current: count, Ready: count, Min: least, Max: 50, Missed: math.NaN()}).Replicas
		}
		require.Positive(t, w.Demand(now).Predicted)
		require.Equal(t, want, count)
	}
}

package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// Where an autoscaler without a forecast would miss nothing, forescale may miss only a little; and
// it does without what would exceed that autoscaler's bill. Both services have the same load.
func TestThePaceIsBoundedByWhatReactiveScalingDoes(t *testing.T) {
	level := func(ready int32, missed float64) float64 {
		w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
		for range 26 * 60 {
			now = now.Add(time.Minute)
			tick(t, w, now, 1000, missed, ready)
		}
		return w.Parts().Level
	}
	kept := level(11, 0)
	missed := level(11, 0.005)
	require.Greater(t, missed, kept, "half of the target is too much where 70 % would have missed nothing")
	dear := level(40, 0.005)
	require.InDelta(t, 0.5, dear, 0.1, "forty replicas cost more than the fifteen of 70 %")
	require.Less(t, dear, kept)
}

// For a demand of 1000 at 100 a replica the simulated autoscaler has 15 replicas. Once the target
// has missed ten minutes that those would have kept, it gets as many, under a floor and by an
// answer. See the test of the guard for why it is ten.
func TestTheGuardHoldsWhatReactiveScalingWouldHave(t *testing.T) {
	w, now := settled(t, api.ForecastSpec{ViolationTarget: 0.01}, 11)
	run := func(missed float64, d time.Duration) (out scaler.Decision) {
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			out = tick(t, w, now, 1000, missed, 11)
		}
		return out
	}
	require.Less(t, run(0, time.Hour).Replicas, int32(15))
	require.Less(t, w.Answer(now, w.Demand(now)), 1500.0)
	d := run(1, 11*time.Minute)
	require.Equal(t, int32(15), d.Replicas)
	require.Equal(t, scaler.ReactiveGuard, d.Reason)
	require.InDelta(t, 1500, w.Answer(now, w.Demand(now)), 0)
	later := now.Add(4 * time.Minute)
	require.Less(t, w.Answer(later, w.Demand(later)), 1500.0, "the replicas have not been reported lately")
}

// Without a history the errors of a forecast are unknown: for a day it only adds to the 15 replicas
// that an autoscaler without one would have. With a history of two days it may lower them at once.
func TestAForecastOnlyAddsInTheFirstDay(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{})
	for range 2 { // the first begins, the second has an interval to book
		tick(t, w, now, 1000, 0, 11)
		now = now.Add(time.Minute)
	}
	for range 21 * 60 {
		now = now.Add(time.Minute)
		d := tick(t, w, now, 1000, 0, 11)
		require.Equal(t, int32(15), d.Replicas, "at %v: %v", now, d.Trail())
		require.Equal(t, scaler.ReactiveGuard, d.Reason)
		require.InDelta(t, 1500, w.Answer(now, w.Demand(now)), 0)
	}
	for range 3 * 60 {
		now = now.Add(time.Minute)
		tick(t, w, now, 1000, 0, 11)
	}
	require.Less(t, tick(t, w, now.Add(time.Minute), 1000, 0, 11).Replicas, int32(13))
}

// When demand falls below the activation threshold, what the guard holds stays for the window of
// an HPA, so that the count does not follow each minute without demand, and no longer, because
// demand below the threshold is to have no replica.
func TestTheGuardOfAnAnswerEndsAWindowAfterDemand(t *testing.T) {
	w, err := engine.New(api.Spec{
		Metric: api.MetricSpec{Query: "x"}, Forecast: api.ForecastSpec{Model: "naive"},
		Scale: api.ScaleSpec{TargetPerReplica: 1, ActivationThreshold: 5, LatencyObjective: &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(time.Second)}},
	})
	require.NoError(t, err)
	now := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	answer := func(demand float64, d time.Duration) float64 {
		v := 0.0
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			w.Observe(collector.Sample{Time: now, Value: demand})
			w.Decide(now, engine.Target{Current: 10, Ready: 10, Max: 200, Missed: 0})
			v = w.Answer(now, w.Demand(now))
		}
		return v
	}
	require.InDelta(t, 15, answer(10, 10*time.Minute), 0)
	require.InDelta(t, 15, answer(4, 3*time.Minute), 0, "an HPA would hold")
	require.Equal(t, scaler.ReactiveGuard, w.AnswerRule())
	require.InDelta(t, 4, answer(4, 3*time.Minute), 0, "it wants 6, and there are to be none")
	require.Empty(t, w.AnswerRule())
	require.False(t, w.Active(w.Demand(now), 4))
	require.InDelta(t, 15, answer(10, time.Minute), 0)
}

// After three hours with forty replicas, which is far too expensive, no more is asked for than the
// simulated autoscaler has, whatever bursts are likely.
func TestTheBillOfReactiveScalingIsNotExceeded(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	run := func(demand float64, ready int32, d time.Duration) (out scaler.Decision) {
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			out = tick(t, w, now, demand, 0, ready)
		}
		return out
	}
	run(1000, 11, 3*time.Hour)
	free := run(2500, 11, time.Minute)
	require.Greater(t, free.Replicas, int32(36), "a burst is met with more than it shows")
	run(1000, 40, 3*time.Hour)
	d := run(2500, 40, time.Minute)
	require.LessOrEqual(t, d.Replicas, int32(36), "2500 at 70 replicas' worth: %v", d.Trail())
	require.LessOrEqual(t, w.Answer(now, w.Demand(now)), 3600.0)
	require.GreaterOrEqual(t, d.Replicas, int32(25), "what is observed needs so many")
}

// The HPA does not hold replicas when its floor falls. So the bill bounds a floor only by what an
// autoscaler without a forecast still has after a spike, for the whole of its window.
func TestTheBillAllowsAFloorTheWholeWindow(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	limit := func(demand float64, d time.Duration) int32 {
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			tick(t, w, now, demand, 0, 40)
		}
		r, known := w.Rehearse(now)
		require.True(t, known)
		return r.Input.Limit
	}
	require.Equal(t, int32(15), limit(1000, 3*time.Hour))
	require.Equal(t, int32(36), limit(2500, time.Minute))
	require.Equal(t, int32(36), limit(1000, 4*time.Minute+30*time.Second))
	require.Equal(t, int32(15), limit(1000, time.Minute))
}

// A burst that begins is bounded from the first moment at which the bill is: an allowance for bursts
// would be used up by a load that bursts all day.
func TestTheBillBoundsABurstThatBegins(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	tickFor15s := func(demand float64, ready int32) (d scaler.Decision, limit int32) {
		now = now.Add(15 * time.Second)
		d = tick(t, w, now, demand, 0, ready)
		r, known := w.Rehearse(now)
		require.True(t, known)
		return d, r.Input.Limit
	}
	for range 2 * 240 {
		tickFor15s(1000, 15) // what an autoscaler without a forecast has at 70 %
	}
	limit := int32(0)
	for range 240 { // forty cost more
		if _, limit = tickFor15s(1000, 40); limit > 0 {
			break
		}
	}
	require.Equal(t, int32(15), limit, "the bill has just been exceeded")
	for range 2 {
		d, limit := tickFor15s(2500, 15)
		require.Positive(t, w.Parts().Latch, "a burst has begun")
		require.Equal(t, int32(36), limit)
		require.LessOrEqual(t, d.Replicas, limit)
	}
}

// Where an autoscaler without a forecast would be at zero, the bill still sets a bound: one replica.
func TestTheBillIsNotExceededAtNoDemand(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	run := func(demand float64, ready int32, d time.Duration) {
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			show(t, w, now, demand)
			w.Decide(now, engine.Target{Current: ready, Ready: ready, Max: 200, Missed: 0})
		}
	}
	run(1000, 40, 3*time.Hour)
	run(0, 40, 10*time.Minute)
	r, known := w.Rehearse(now)
	require.True(t, known)
	require.Equal(t, int32(1), r.Input.Limit)
}

// The last rate before an outage of the scrapes is that of a partly empty window. Missing data holds
// the count, also where the bill is overspent.
func TestTheBillLowersNothingWithoutSamples(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
	for range 3 * 240 {
		now = now.Add(15 * time.Second)
		tick(t, w, now, 1000, 0, 40)
	}
	now = now.Add(15 * time.Second)
	tick(t, w, now, 600, 0, 40)
	for silent := range 18 { // four and a half minutes
		now = now.Add(15 * time.Second)
		d := w.Decide(now, engine.Target{Current: 40, Ready: 40, Min: 1, Max: 100})
		require.GreaterOrEqual(t, d.Replicas, int32(10))
		if silent >= 3 { // before, the next sample is not late
			require.GreaterOrEqual(t, w.Answer(now, w.Demand(now)), 1000.0, "silent for %d ticks", silent)
		}
	}
}

// When a rare burst begins an answer asks for three times what is missing, as a floor does, if it is
// known what is missing.
func TestAnswerMeetsABurstAsAFloorDoes(t *testing.T) {
	for _, c := range []struct {
		ready int32
		want  float64
	}{{11, 10100}, {-1, 4000}} {
		w, now := steady(t, api.ForecastSpec{})
		for range 40 {
			now = now.Add(15 * time.Second)
			tick(t, w, now, 1000, math.NaN(), c.ready)
		}
		now = now.Add(15 * time.Second)
		tick(t, w, now, 1750, math.NaN(), c.ready)
		require.InDelta(t, c.want, w.Answer(now, w.Demand(now)), 1)
	}
}

// A small step down waits until it was asked for without a break, under a floor and by an answer,
// where the HPA holds it for the last part of the time; a large one does not wait. An answer does
// not need the number of ready replicas for this.
func TestSmallStepsWaitForCalm(t *testing.T) {
	floor := func(w *engine.Workload, now time.Time) int32 {
		return w.Decide(now, engine.Target{Current: 12, Ready: 11, Min: 1, Max: 200, Missed: math.NaN()}).Replicas
	}
	answer := func(w *engine.Workload, now time.Time) int32 {
		return scaler.Replicas(w.Answer(now, w.Demand(now)), w.Target())
	}
	for name, c := range map[string]struct {
		count func(w *engine.Workload, now time.Time) int32
		calm  time.Duration
	}{"floor": {floor, 5 * time.Minute}, "answer": {answer, 5*time.Minute - scaler.AnswerHold}} {
		w, now := steady(t, api.ForecastSpec{Risk: 0.9})
		replicas := func(load float64, d time.Duration) (n int32) {
			for range int(d / (15 * time.Second)) {
				now = now.Add(15 * time.Second)
				show(t, w, now, load)
				n = c.count(w, now)
			}
			return n
		}
		high := replicas(1180, time.Minute)
		require.Equal(t, high, replicas(1000, c.calm-time.Minute), name)
		require.Less(t, replicas(1000, 2*time.Minute), high, name)
		high = replicas(3000, 20*time.Minute)
		require.Less(t, replicas(1000, 5*time.Minute), high*9/10, name)
	}
}

// KEDA scales the last replicas down, after a cooldown: with a demand that does not activate the
// target an answer holds nothing.
func TestAnAnswerHoldsNothingBelowActivation(t *testing.T) {
	w, err := engine.New(api.Spec{Metric: api.MetricSpec{Query: "x"}, Scale: api.ScaleSpec{TargetPerReplica: 100, ActivationThreshold: 60}})
	require.NoError(t, err)
	now := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	answer := func(load float64) float64 {
		now = now.Add(15 * time.Second)
		w.Observe(collector.Sample{Time: now, Value: load})
		return w.Answer(now, w.Demand(now))
	}
	require.InDelta(t, 150, answer(150), 0)
	require.Empty(t, w.AnswerRule())
	require.InDelta(t, 200, answer(90), 0, "one of two waits")
	require.Equal(t, scaler.BreakEvenHold, w.AnswerRule())
	require.InDelta(t, 50, answer(50), 0)
	require.InDelta(t, 200, answer(70), 0, "it is waiting still")
}

// With scale.service an answer is a whole number of replicas: a demand of 2 is answered with the
// 100 requests a second of one replica. That rounding alone does not activate the target.
func TestRoundingUpToAReplicaDoesNotActivate(t *testing.T) {
	for load, active := range map[float64]bool{2: false, 5: false, 5.1: true} {
		w, err := engine.New(api.Spec{Metric: api.MetricSpec{Query: "x"}, Scale: api.ScaleSpec{
			ActivationThreshold: 5, Service: &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
			LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
		}})
		require.NoError(t, err)
		now := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
		w.Observe(collector.Sample{Time: now, Value: load})
		d := w.Demand(now)
		value := w.Answer(now, d)
		require.InDelta(t, 100, value, 1)
		require.Equal(t, active, w.Active(d, value), "at %v", load)
	}
}

// Right after a miss the whole count of the reactive autoscaler is held, if the bill leaves room for
// it. By the account alone a second of harm would hold three quarters at most.
func TestTheWholeReactiveCountIsHeldRightAfterAMiss(t *testing.T) {
	for name, c := range map[string]struct {
		ready int32
		held  bool
	}{"the bill leaves room": {11, true}, "the bill does not": {15, false}} {
		t.Run(name, func(t *testing.T) {
			w, now := settled(t, api.ForecastSpec{ViolationTarget: 0.01}, c.ready)
			var out scaler.Decision
			for i := range 242 {
				now = now.Add(15 * time.Second)
				missed := 0.0
				if i == 240 {
					missed = 1
				}
				out = tick(t, w, now, 1000, missed, c.ready)
			}
			if c.held {
				require.Equal(t, int32(15), out.Replicas)
				require.Equal(t, scaler.ReactiveGuard, out.Reason)
			} else {
				require.Less(t, out.Replicas, int32(15))
			}
		})
	}
}

package replay_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/trace"
)

// stepTrace is one load for a day and another from noon on.
func stepTrace(before, after float64) trace.Trace {
	values := make([]float64, 24*60)
	for i := range values {
		values[i] = before
		if i >= 12*60 {
			values[i] = after
		}
	}
	return trace.Trace{Name: "step", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: values}
}

func run(t *testing.T, tr trace.Trace, p replay.Policy, o replay.Options) replay.Result {
	t.Helper()
	r, err := replay.Run(t.Context(), tr, p, o)
	require.NoError(t, err)
	return r
}

// After a step to four times the load an HPA on the rate misses the objective until the delays of
// the metric, the slot and the start-up have passed, and the backlog is served.
func TestAStepIsAnsweredAfterTheLeadTime(t *testing.T) {
	r := run(t, stepTrace(800, 3200), rateHPA(70), replay.Options{})
	require.Len(t, r.Recovery, 1)
	require.InDelta(t, 149, r.Recovery[0].Seconds(), 40, "seconds of violation")
	require.InDelta(t, r.Recovery[0].Seconds(), r.ViolatingTime/100*r.Length.Seconds(), 1)
	require.Greater(t, r.CostRatio, 1.0)
}

func TestEnoughPodsNeverViolate(t *testing.T) {
	r := run(t, stepTrace(800, 3200), fixed(34), replay.Options{})
	require.Zero(t, r.ViolatingTime)
	require.InDelta(t, 0.2, r.ViolatingRequests, 0.25, "e^−6.25 of them are late on an idle pod")
	require.InDelta(t, 34*18, r.ReplicaHours, 0.2)
	require.InDelta(t, 0.055, r.Latency.P50.Seconds(), 2e-3, "ln 2 of 80 ms: no request waits")
	require.InDelta(t, 0.368, r.Latency.P99.Seconds(), 0.02, "ln 100 of 80 ms")
	require.Zero(t, r.Churn)
}

func TestEqualSeedsGiveEqualResults(t *testing.T) {
	tr := stepTrace(300, 900)
	o := replay.Options{Seed: 7, Timeline: time.Minute, Metric: replay.Metric{Loss: 0.05}}
	a, b := run(t, tr, rateHPA(70), o), run(t, tr, rateHPA(70), o)
	for i := range a.Timeline { // NaN is not equal to itself
		for _, p := range []*replay.Point{&a.Timeline[i], &b.Timeline[i]} {
			require.True(t, math.IsNaN(p.Forecast) && math.IsNaN(p.Low) && math.IsNaN(p.High))
			p.Forecast, p.Low, p.High = 0, 0, 0
		}
	}
	require.Equal(t, a, b)
	o.Seed = 8
	require.NotEqual(t, a.ReplicaHours, run(t, tr, rateHPA(70), o).ReplicaHours)
}

// A load of denormal numbers cannot be scaled by any finite factor.
func TestALoadTooSmallToBeScaledIsRefused(t *testing.T) {
	_, err := replay.NewScenario(stepTrace(1e-320, 2e-320), replay.Options{Peak: 4000})
	require.ErrorContains(t, err, "too little to be scaled to 4000")
}

// busy is a week with days, noise and bursts.
func busy(seed uint64) trace.Trace {
	return trace.Synthetic(trace.Shape{
		Length: 4 * 24 * time.Hour, Step: 30 * time.Second, Day: 0.6, Noise: trace.Noise{Sigma: 0.05, Memory: 20 * time.Minute},
		Burst: trace.Burst{PerDay: 8, Height: 3},
	}, seed)
}

// fixedStart has the one start-up time that the optimum assumes.
func fixedStart() replay.Options {
	return replay.Options{
		Peak: 1500, Warmup: 24 * time.Hour,
		Cluster: replay.Cluster{Startup: replay.Startup{Fixed: true}},
	}
}

// No policy without violations is cheaper than the optimum; the oracle nearly reaches it and never
// violates.
func TestNoPolicyBeatsTheOptimum(t *testing.T) {
	for seed := range uint64(3) {
		s, err := replay.NewScenario(busy(seed), fixedStart())
		require.NoError(t, err)
		oracle, err := s.Run(t.Context(), s.Oracle())
		require.NoError(t, err)
		require.Zero(t, oracle.ViolatingTime)
		require.InDelta(t, 1, oracle.CostRatio, 0.02, "two steps of caution")
		require.GreaterOrEqual(t, oracle.CostRatio, 1.0)
		require.Less(t, oracle.UndelayedHours, oracle.OptimumHours)
		for _, p := range []replay.Policy{fixed(20), rateHPA(20), rateHPA(50), rateHPA(90)} {
			r, err := s.Run(t.Context(), p)
			require.NoError(t, err)
			if r.ViolatingTime == 0 {
				require.GreaterOrEqual(t, r.CostRatio, 1.0, "%s", p.Name())
			}
		}
	}
}

// Both modes yield about the same figures for the same run.
func TestRequestModeAgreesWithFluid(t *testing.T) {
	o := replay.Options{Warmup: 11*time.Hour + 30*time.Minute}
	tr := stepTrace(200, 800)
	tr.Values = tr.Values[:13*60]
	fluid := run(t, tr, rateHPA(70), o)
	o.Requests.On = true
	single := run(t, tr, rateHPA(70), o)
	require.InDelta(t, fluid.ReplicaHours, single.ReplicaHours, 0.02*fluid.ReplicaHours)
	require.InEpsilon(t, fluid.ViolatingRequests, single.ViolatingRequests, 0.15)
	require.InEpsilon(t, fluid.Latency.P50.Seconds(), single.Latency.P50.Seconds(), 0.05)
	require.InEpsilon(t, fluid.Latency.P95.Seconds(), single.Latency.P95.Seconds(), 0.25)
	require.InEpsilon(t, fluid.Latency.P999.Seconds(), single.Latency.P999.Seconds(), 0.15)
	// Single requests are judged over a minute, so a violation seems to last up to one longer.
	require.InDelta(t, fluid.ViolatingTime*0.01*fluid.Length.Seconds()+30, single.ViolatingTime*0.01*single.Length.Seconds(), 40)
}

// A step of a second is fine enough: with a quarter of it the results are the same.
func TestStepConverges(t *testing.T) {
	o := replay.Options{Peak: 1500, Warmup: 48 * time.Hour}
	coarse := run(t, busy(1), rateHPA(80), o)
	o.Step = 250 * time.Millisecond
	fine := run(t, busy(1), rateHPA(80), o)
	require.Greater(t, coarse.ViolatingTime, 0.2)
	require.InEpsilon(t, fine.ViolatingTime, coarse.ViolatingTime, 0.05)
	require.InEpsilon(t, fine.OptimumHours, coarse.OptimumHours, 0.01)
}

// A floor takes effect at the next slot of the HPA, and at once where the HPA is prompt.
func TestAFloorRaisesTheHPA(t *testing.T) {
	for minor, most := range map[int]time.Duration{36: 15 * time.Second, 37: 0} {
		var raised, seen time.Time
		p := overHPA{script{
			period: time.Second, hpa: &replay.HPA{RatePerPod: 80, Settings: hpa.Settings{Gates: hpa.Version(minor)}},
			decide: func(now time.Time, o replay.Observation) replay.Action {
				a := replay.Hold()
				if now.Hour() == 13 && raised.IsZero() {
					raised, a.Floor = now, 30
				}
				if seen.IsZero() && o.Replicas == 30 {
					seen = now
				}
				return a
			},
		}}
		r := run(t, stepTrace(800, 800), p, replay.Options{})
		require.False(t, seen.IsZero())
		require.LessOrEqual(t, seen.Sub(raised)-time.Second, most, "1.%d", minor)
		require.Equal(t, int32(30), r.Changes[len(r.Changes)-1].To, "the HPA does not go below its floor")
	}
}

// An HPA without a behavior comes down with the twentieth sync after the last one that asked
// for more, as in a cluster, where twenty syncs take a little more than five minutes.
func TestAnHPAHoldsForItsWindow(t *testing.T) {
	var fell time.Time
	p := overHPA{script{period: time.Second, hpa: &replay.HPA{External: true}, decide: func(now time.Time, _ replay.Observation) replay.Action {
		a := replay.Hold()
		if a.Target, a.Metric = 50, 600; now.Hour() >= 14 {
			a.Metric = 300
			if fell.IsZero() {
				fell = now
			}
		}
		return a
	}}}
	for seed := range uint64(6) { // each with a phase of its own
		fell = time.Time{}
		r := run(t, stepTrace(300, 300), p, replay.Options{Seed: seed})
		last := r.Changes[len(r.Changes)-1]
		require.Equal(t, int32(6), last.To)
		held := r.Start.Add(time.Duration(last.Millis) * time.Millisecond).Sub(fell)
		require.InDelta(t, 292.5, held.Seconds(), 8, "five minutes from the sync before, up to 15 s ago")
	}
}

// An external metric of n·target yields n pods; on a NaN the HPA holds.
func TestAnExternalMetricDrivesTheHPA(t *testing.T) {
	p := overHPA{script{period: 5 * time.Second, hpa: &replay.HPA{External: true}, decide: func(now time.Time, _ replay.Observation) replay.Action {
		a := replay.Hold()
		a.Target = 50
		switch {
		case now.Hour() < 14:
			a.Metric = 600
		case now.Hour() < 16:
			a.Metric = math.NaN()
		default:
			a.Metric = 200
		}
		return a
	}}}
	r := run(t, stepTrace(300, 300), p, replay.Options{Timeline: time.Hour})
	for _, point := range r.Timeline {
		switch h := point.At.Hour(); {
		case h > 6 && h < 16:
			require.Equal(t, int32(12), point.Replicas, "%d h", h)
		case h > 16:
			require.Equal(t, int32(4), point.Replicas, "%d h", h)
		}
	}
}

func TestTheResultAddsUp(t *testing.T) {
	o := replay.Options{Peak: 1500, Warmup: 36 * time.Hour, Timeline: time.Minute}
	r := run(t, busy(2), rateHPA(80), o)
	hours, violating, length := 0.0, 0.0, time.Duration(0)
	for _, d := range r.Days {
		hours += d.ReplicaHours
		violating += d.ViolatingTime * d.Length.Hours()
		length += d.Length
	}
	require.Equal(t, r.Length, length)
	require.InDelta(t, r.ReplicaHours, hours, 1e-9)
	require.InDelta(t, r.ViolatingTime, violating/length.Hours(), 1e-9)
	require.Len(t, r.Timeline, int(r.Length/time.Minute))
	share := 0.0
	for _, p := range r.Timeline {
		share += p.Violating
	}
	require.InDelta(t, r.ViolatingTime, 100*share/float64(len(r.Timeline)), 1e-6)
	require.Greater(t, r.Unavoidable, 0.0)
	require.LessOrEqual(t, r.Unavoidable, r.ViolatingTime)
	require.Greater(t, r.Speedup, 1.0, "any scaler beats the mean")
	require.LessOrEqual(t, r.FailedRequests, r.ViolatingRequests)
	require.InDelta(t, r.ViolatingTime-0.1, r.BudgetGap, 1e-9)
}

func TestScalingToZero(t *testing.T) {
	o := replay.Options{Cluster: replay.Cluster{ZeroMin: true}}
	r := run(t, stepTrace(0, 0), script{period: time.Minute, decide: func(time.Time, replay.Observation) replay.Action { return replay.Scale(0) }}, o)
	require.Zero(t, r.ReplicaHours)
	require.Zero(t, r.ViolatingTime, "there were no requests")
}

// An HPA does nothing at zero replicas, so that its minimum is never 0: a load that begins after
// hours without any is served all the same.
func TestAnHPAStaysAboveZero(t *testing.T) {
	o := replay.Options{Warmup: time.Hour, Score: 20 * time.Hour, Cluster: replay.Cluster{ZeroMin: true}}
	r := run(t, stepTrace(0, 800), rateHPA(70), o)
	require.Less(t, r.ViolatingTime, 1.0)
	floor := script{period: time.Minute, decide: func(time.Time, replay.Observation) replay.Action {
		a := replay.Hold()
		a.Floor = 0
		return a
	}}
	floor.hpa = &replay.HPA{RatePerPod: 70}
	require.Less(t, run(t, stepTrace(0, 800), overHPA{floor}, o).ViolatingTime, 1.0, "nor has a floor")
}

// Starts while the policy settles do not count in the judged part.
func TestStartsWhileSettlingAreNotJudged(t *testing.T) {
	calls := 0
	p := script{period: time.Minute, decide: func(time.Time, replay.Observation) replay.Action {
		calls++
		if calls < 10 {
			return replay.Scale(int32(1 + 5*(calls%2))) // up and at once down
		}
		return replay.Scale(1)
	}}
	r := run(t, stepTrace(10, 10), p, replay.Options{Score: time.Hour})
	require.Positive(t, r.Created)
	require.Zero(t, r.WastedStarts)
}

func TestWhatCannotBeReplayed(t *testing.T) {
	tr := stepTrace(1, 1)
	for want, o := range map[string]replay.Options{
		"divide 15 s":             {Step: 7 * time.Second},
		"is negative":             {Settle: -time.Second},
		"0 ≤ min ≤ max":           {Cluster: replay.Cluster{Min: 5, Max: 4}},
		"at least 1ms":            {Metric: replay.Metric{Resolution: time.Microsecond}},
		"probability":             {Metric: replay.Metric{Loss: 1}},
		"dispersion":              {Dispersion: 0.5},
		"retries":                 {Clients: replay.Clients{Retry: 1}},
		"per node":                {Cluster: replay.Cluster{Nodes: &replay.Nodes{}}},
		"nothing is left":         {Warmup: 48 * time.Hour},
		"no number of pods keeps": {Service: queue.Service{Slots: 1, ServiceTime: time.Second, Latency: time.Second, Quantile: 0.99}},
	} {
		_, err := replay.NewScenario(tr, o)
		require.ErrorContains(t, err, want)
	}
	_, err := replay.NewScenario(stepTrace(0, 0), replay.Options{Peak: 10})
	require.ErrorContains(t, err, "no load")
	require.NoError(t, replay.Check(stepTrace(0, 0), replay.Options{}))
	require.NoError(t, replay.Check(stepTrace(0, 1), replay.Options{Cluster: replay.Cluster{ZeroMin: true}}))
	require.ErrorContains(t, replay.Check(stepTrace(1, 0), replay.Options{Score: time.Hour, Cluster: replay.Cluster{ZeroMin: true}}),
		"want some load, or a minimum of 1", "nothing costs anything")

	s, err := replay.NewScenario(tr, replay.Options{})
	require.NoError(t, err)
	_, err = s.Run(t.Context(), script{})
	require.ErrorContains(t, err, "period")
	bad := -1.0
	_, err = s.Run(t.Context(), plainHPA{name: "x", hpa: replay.HPA{Settings: hpa.Settings{Tolerance: &bad}}})
	require.ErrorContains(t, err, "tolerance")
	_, err = s.Run(t.Context(), broken{})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Run(ctx, fixed(1))
	require.ErrorIs(t, err, context.Canceled)
}

// Pods that start slowly make a step last longer.
func TestSlowStart(t *testing.T) {
	quick := run(t, sudden(), rateHPA(70), replay.Options{})
	slow := run(t, sudden(), rateHPA(70), replay.Options{Cluster: replay.Cluster{SlowStart: replay.SlowStart{For: time.Minute, Share: 0.3}}})
	require.Greater(t, slow.Recovery[0], quick.Recovery[0]+20*time.Second)
	require.Less(t, slow.Recovery[0], quick.Recovery[0]+90*time.Second)
}

// A scenario can be run several times concurrently.
func TestRunsAreIndependent(t *testing.T) {
	s, err := replay.NewScenario(busy(3), replay.Options{Peak: 1500, Metric: replay.Metric{PerPod: true}})
	require.NoError(t, err)
	var results [4]replay.Result
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			r, err := s.Run(t.Context(), rateHPA(60+10*float64(i/2)))
			if err == nil {
				results[i] = r
			}
		})
	}
	group.Wait()
	require.Equal(t, results[0], results[1])
	require.Equal(t, results[2], results[3])
	require.NotEqual(t, results[0].ReplicaHours, results[2].ReplicaHours)
	require.Positive(t, results[3].ReplicaHours)
}

// Where pods wait for nodes, a reaction takes longer by that, and the nodes are paid for.
func TestNodesDelayTheAnswer(t *testing.T) {
	roomy := run(t, sudden(), rateHPA(70), replay.Options{})
	o := replay.Options{Cluster: replay.Cluster{Nodes: &replay.Nodes{Pods: 10}}}
	full := run(t, sudden(), rateHPA(70), o)
	require.Zero(t, roomy.NodeHours)
	require.Greater(t, full.NodeHours, full.ReplicaHours/10)
	require.Less(t, full.NodeHours, full.ReplicaHours/10+full.Length.Hours(), "less than one node of room on average")
	require.Greater(t, full.Recovery[0], roomy.Recovery[0]+20*time.Second)
	require.Less(t, full.Recovery[0], roomy.Recovery[0]+3*time.Minute)
}

package rival_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival"
	"github.com/forescale/forescale/bench/trace"
)

// step is four hours of 800 requests/s and two of 3200.
func step() trace.Trace {
	values := make([]float64, 6*240)
	for i := range values {
		values[i] = 800
		if i >= 4*240 {
			values[i] = 3200
		}
	}
	return trace.Trace{Name: "step", Start: epoch, Step: 15 * time.Second, Values: values}
}

// The time without the objective after a step to four times the load, with pods ready after about a
// minute, as the mean of five seeds. An independent simulator found 149, 121, 389, 174 and 50 s.
func TestRecoveryFromAStep(t *testing.T) {
	for name, want := range map[string]time.Duration{
		"hpa-rate-70": 149 * time.Second, // one round: metric, sync, start
		"hpa-rate-50": 121 * time.Second, // the headroom carries the first part
		"hpa-cpu-70":  389 * time.Second, // use saturates: ln(4)/ln(1/0.7) rounds
		"hpa-cpu-50":  174 * time.Second,
		"kpa":         50 * time.Second, // panics, overshoots, and the fastest pods suffice
	} {
		t.Run(name, func(t *testing.T) {
			const seeds = 5
			violating := 0.0 // seconds
			for seed := range uint64(seeds) {
				s, err := replay.NewScenario(step(), replay.Options{Seed: seed, Warmup: 3 * time.Hour})
				require.NoError(t, err)
				r, err := s.Run(t.Context(), start(t, name, config()))
				require.NoError(t, err)
				violating += r.ViolatingTime / 100 * r.Length.Seconds() / seeds
			}
			require.InEpsilon(t, want.Seconds(), violating, 0.15)
		})
	}
}

// On a smooth day the costs of the reactive rules are in the order of their set-points.
func TestSetPointsOrderTheCost(t *testing.T) {
	s, err := replay.NewScenario(trace.Synthetic(trace.Shape{Length: 3 * 24 * time.Hour, Day: 0.6, Noise: trace.Noise{Sigma: 0.02}}, 1), replay.Options{Peak: 2000})
	require.NoError(t, err)
	var costs []float64
	for _, name := range []string{"hpa-rate-90", "hpa-rate-80", "hpa-rate-70", "times-1.2", "hpa-rate-50"} {
		r, err := s.Run(t.Context(), start(t, name, config()))
		require.NoError(t, err)
		costs = append(costs, r.CostRatio)
	}
	require.IsIncreasing(t, costs, "%v", costs)
	require.InEpsilon(t, 1.2*costs[2], costs[3], 0.05, "the factor on top of the set-point is paid in full")
}

// After an hour without load, where zero replicas are allowed, the load is served again: no policy
// stays at zero, which an HPA would never leave by itself.
func TestNoPolicyStaysAtZero(t *testing.T) {
	values := make([]float64, 8*60)
	for i := range values {
		if i < 5*60 || i >= 6*60 {
			values[i] = 300
		}
	}
	idle := trace.Trace{Name: "idle", Start: epoch, Step: time.Minute, Values: values}
	s, err := replay.NewScenario(idle, replay.Options{Warmup: 4 * time.Hour, Timeline: time.Minute, Cluster: replay.Cluster{ZeroMin: true}})
	require.NoError(t, err)
	for _, name := range rival.Names() {
		if name == rival.Tuned {
			continue
		}
		r, err := s.Run(t.Context(), start(t, name, config()))
		require.NoError(t, err)
		for _, p := range r.Timeline[150:] { // half an hour later
			require.GreaterOrEqual(t, p.Ready, int32(3), "%s at %v", name, p.At)
		}
	}
}

// When idle for an hour, KEDA and Knative go to zero and come back, each after its own delays.
func TestToZeroAndBack(t *testing.T) {
	values := make([]float64, 8*60)
	for i := range values {
		if i < 5*60 || i >= 6*60 {
			values[i] = 300
		}
	}
	idle := trace.Trace{Name: "idle", Start: epoch, Step: time.Minute, Values: values}
	for name, until := range map[string]time.Duration{
		"keda": 9 * time.Minute, // the window of the rate, a poll, 300 s of cooldown
		"kpa":  4 * time.Minute, // the stable window, and 30 s of grace
	} {
		t.Run(name, func(t *testing.T) {
			s, err := replay.NewScenario(idle, replay.Options{
				Warmup: 4 * time.Hour, Timeline: time.Minute, Cluster: replay.Cluster{ZeroMin: true},
			})
			require.NoError(t, err)
			r, err := s.Run(t.Context(), start(t, name, config()))
			require.NoError(t, err)
			require.Len(t, r.Timeline, 240)
			gone, back := epoch.Add(5*time.Hour), epoch.Add(6*time.Hour)
			for _, p := range r.Timeline {
				switch {
				case p.At.Before(gone.Add(-time.Minute)):
					require.Positive(t, p.Replicas, "%v", p.At)
				case p.At.After(gone.Add(until)) && p.At.Before(back.Add(-2*time.Minute)):
					require.Zero(t, p.Replicas, "%v", p.At)
				case p.At.After(back.Add(3 * time.Minute)):
					require.GreaterOrEqual(t, p.Replicas, int32(3), "%v", p.At)
				}
			}
		})
	}
}

package forescale_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// fourfold is four hours of 800 requests/s and two of 3200.
func fourfold() trace.Trace {
	t := trace.Trace{Name: "fourfold", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 15 * time.Second, Values: make([]float64, 6*240)}
	for i := range t.Values {
		t.Values[i] = 800
		if i >= 4*240 {
			t.Values[i] = 3200
		}
	}
	return t
}

// An unpredictable step to four times the load, at several times between two scrapes: the seconds
// without the objective, of which the HPA at 70 % has 149. If the new level were known from the first
// sample that shows more than a tenth of the step, asking for two or three times what is missing
// would take 100 or 87 s. What is asked for beyond the need is not kept once the queue is gone,
// except what the HPA would have too, which is held for the first day.
func TestAStepThatNothingForetells(t *testing.T) {
	for policy, most := range map[string]float64{forescale.FloorName: 94, forescale.KedaName: 100} {
		t.Run(policy, func(t *testing.T) {
			const seeds, reactive = 8, 3200 / 70.0
			seconds := 0.0
			for seed := range uint64(seeds) {
				s, err := replay.NewScenario(fourfold(), replay.Options{Seed: seed, Warmup: 3 * time.Hour, Timeline: time.Minute})
				require.NoError(t, err)
				p, err := forescale.New(policy, api.Spec{})
				require.NoError(t, err)
				r, err := s.Run(t.Context(), p)
				require.NoError(t, err)
				seconds += r.ViolatingTime / 100 * r.Length.Seconds() / seeds
				for _, point := range r.Timeline {
					if since := point.At.Sub(fourfold().Start.Add(4 * time.Hour)); since > 3*time.Minute && since < 10*time.Minute {
						require.LessOrEqual(t, float64(point.Replicas), math.Ceil(reactive))
					}
				}
			}
			t.Logf("%.1f s", seconds)
			require.Less(t, seconds, most)
		})
	}
}

// heaps is a load of 800 that goes to twice to five times as much at times that nothing
// foretells, a few times a day, for half an hour to two; with noise.
func heaps(days int, seed uint64) trace.Trace {
	rng := rand.New(rand.NewPCG(seed, 41))
	t := trace.Trace{Name: "heaps", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 15 * time.Second, Values: make([]float64, days*5760)}
	level, left := 800.0, 0
	for i := range t.Values {
		if left--; left < 0 {
			if level > 800 {
				level, left = 800, 480+rng.IntN(1440)
			} else {
				level, left = 800*(2+3*rng.Float64()), 120+rng.IntN(360)
			}
		}
		t.Values[i] = level * (1 + 0.02*rng.NormFloat64())
	}
	return t
}

// morning is eight hours of a load that wanders about 1500, calmly for two hours and then five
// times as much, in steps of a minute.
func morning(seed uint64) trace.Trace {
	rng := rand.New(rand.NewPCG(seed, 43))
	t := trace.Trace{Name: "morning", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, 480)}
	away := 0.0
	for i := range t.Values {
		step := 0.02
		if i >= 120 {
			step = 0.1
		}
		away = 0.9*away + step*rng.NormFloat64()
		t.Values[i] = 1500 * math.Exp(away)
	}
	return t
}

// Without a history a forecast only adds to what the HPA would have: the hours in which it learns
// are no worse.
func TestTheFirstHoursAreNoWorse(t *testing.T) {
	for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
		t.Run(policy, func(t *testing.T) {
			ours, theirs, cost := 0.0, 0.0, 0.0
			for seed := range uint64(4) {
				s, err := replay.NewScenario(morning(seed), replay.Options{Warmup: 15 * time.Minute, Seed: seed})
				require.NoError(t, err)
				hpa, err := s.Run(t.Context(), plain(70))
				require.NoError(t, err)
				p, err := forescale.New(policy, api.Spec{})
				require.NoError(t, err)
				r, err := s.Run(t.Context(), p)
				require.NoError(t, err)
				ours, theirs = ours+r.ViolatingTime/4, theirs+hpa.ViolatingTime/4
				cost += r.CostRatio / hpa.CostRatio / 4
			}
			t.Logf("%.3f %%, the HPA %.3f %%, for %.3f of its cost", ours, theirs, cost)
			require.LessOrEqual(t, ours, theirs)
			require.Less(t, cost, 1.1)
		})
	}
}

// On a load that jumps at unpredictable times the objective is missed for less time than under the
// HPA, at no higher cost.
func TestLeapsThatNothingForetells(t *testing.T) {
	s, err := replay.NewScenario(heaps(6, 3), replay.Options{Warmup: 2 * 24 * time.Hour, Seed: 3})
	require.NoError(t, err)
	hpa, err := s.Run(t.Context(), plain(70))
	require.NoError(t, err)
	for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
		t.Run(policy, func(t *testing.T) {
			p, err := forescale.New(policy, api.Spec{})
			require.NoError(t, err)
			r, err := s.Run(t.Context(), p)
			require.NoError(t, err)
			t.Logf("%.3f %% at %.3f, the HPA %.3f %% at %.3f", r.ViolatingTime, r.CostRatio, hpa.ViolatingTime, hpa.CostRatio)
			require.Less(t, r.ViolatingTime, 0.8*hpa.ViolatingTime)
			require.Less(t, r.CostRatio, hpa.CostRatio)
		})
	}
}

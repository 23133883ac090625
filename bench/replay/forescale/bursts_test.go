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

// jobs are bursts upon a load with a daily rhythm and noise: at the multiples of a
// slot, each with a chance of its own.
type jobs struct {
	slot   time.Duration
	chance func(slot int) float64       // of a burst in it
	late   func(slot int) time.Duration // after its beginning; nil = at it
	lasts  time.Duration                // within a third
	high   func(base float64) float64   // demand in a burst; within a twentieth
}

// trace returns the load of a number of days in steps of a quarter of a minute.
func (j jobs) trace(days int, seed uint64) trace.Trace {
	const step = 15 * time.Second
	t := trace.Synthetic(trace.Shape{
		Step: step, Length: time.Duration(days) * 24 * time.Hour, Base: 800, Day: 0.3,
		Noise: trace.Noise{Sigma: 0.05, Memory: 3 * time.Minute},
	}, seed)
	rng := rand.New(rand.NewPCG(seed, 12))
	for s := range int(t.Span() / j.slot) {
		if rng.Float64() >= j.chance(s) {
			continue
		}
		at := time.Duration(s)*j.slot + time.Duration(10*rng.NormFloat64())*time.Second
		if j.late != nil {
			at += j.late(s)
		}
		end := at + time.Duration(float64(j.lasts)*(2+2*rng.Float64())/3)
		factor := 1 + 0.05*rng.NormFloat64()
		for i := max(int(at/step), 0); i < min(int(end/step), len(t.Values)); i++ {
			t.Values[i] = max(t.Values[i], factor*j.high(t.Values[i]))
		}
	}
	return t
}

func always(p float64) func(int) float64 { return func(int) float64 { return p } }

// times returns a burst that multiplies the load, plus one that adds to it.
func times(f float64) func(float64) float64 { return func(base float64) float64 { return f * base } }

func plus(d float64) func(float64) float64 { return func(base float64) float64 { return base + d } }

// At the cost of the HPA at 70 % more of the bursts that return by a clock are met, and no fewer of
// the others. None of the loads was chosen by its result.
func TestBurstsThatReturnAreMetForTheSameBill(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	busy := make([]float64, 24)
	for i := range busy {
		busy[i] = 0.1
		if rng.Float64() < 0.25 {
			busy[i] = 0.8
		}
	}
	for name, c := range map[string]struct {
		jobs
		most float64 // of what the HPA misses
	}{
		"half-hours, two of three are skipped": {jobs{30 * time.Minute, always(0.33), nil, 7 * time.Minute, times(4)}, 0.75},
		"hours, as much at night as at noon":   {jobs{time.Hour, always(0.5), nil, 8 * time.Minute, plus(2500)}, 0.75},
		"quarters of an hour":                  {jobs{15 * time.Minute, always(0.25), nil, 4 * time.Minute, times(3)}, 0.75},
		"a minute that drifts": {jobs{30 * time.Minute, always(0.33), func(s int) time.Duration {
			return time.Duration(60*math.Sin(float64(s)/60)) * time.Second
		}, 7 * time.Minute, times(4)}, 0.85},
		"some hours of the day": {jobs{time.Hour, func(s int) float64 { return busy[s%24] }, nil, 8 * time.Minute, times(4)}, 0.75},
		"no clock":              {jobs{time.Minute, always(12.0 / 1440), nil, 7 * time.Minute, times(4)}, 1},
	} {
		s, err := replay.NewScenario(c.trace(7, 1), replay.Options{Warmup: 4 * 24 * time.Hour, Peak: 3500, Seed: 1})
		require.NoError(t, err)
		hpa, err := s.Run(t.Context(), plain(70))
		require.NoError(t, err)
		for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				p, err := forescale.New(policy, api.Spec{})
				require.NoError(t, err)
				r, err := s.Run(t.Context(), p)
				require.NoError(t, err)
				t.Logf("%.3f %% at %.3f, the HPA %.3f %% at %.3f", r.ViolatingTime, r.CostRatio, hpa.ViolatingTime, hpa.CostRatio)
				require.LessOrEqual(t, r.ViolatingTime, c.most*hpa.ViolatingTime)
				require.LessOrEqual(t, r.CostRatio, 1.02*hpa.CostRatio)
			})
		}
	}
}

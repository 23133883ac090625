package accuracy_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/accuracy"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast/baseline"
)

const perDay = 288 // cells of five minutes

// family generates one kind of series that is known to break forecasters.
type family func(i int, rng *rand.Rand) float64

func wave(i int) float64 { return 1 + 0.6*math.Sin(2*math.Pi*float64(i)/perDay) }

func poisson(mean float64, rng *rand.Rand) float64 {
	n, p, limit := 0, rng.Float64(), math.Exp(-mean)
	for p > limit {
		p *= rng.Float64()
		n++
	}
	return float64(n)
}

var families = map[string]family{
	"constant": func(int, *rand.Rand) float64 { return 42 },
	"zero":     func(int, *rand.Rand) float64 { return 0 },
	"zero for a week, then traffic": func(i int, rng *rand.Rand) float64 {
		if i < 9*perDay {
			return 0
		}
		return 100 * wave(i) * (1 + 0.05*rng.NormFloat64())
	},
	"counts below one": func(i int, rng *rand.Rand) float64 { return poisson(0.3*wave(i), rng) },
	"closed at night": func(i int, rng *rand.Rand) float64 {
		if h := i % perDay / 12; h < 8 || h >= 20 || i/perDay%7 >= 5 {
			return 0
		}
		return 50 * (1 + 0.1*rng.NormFloat64())
	},
	"level shifts": func(i int, rng *rand.Rand) float64 {
		return 100 * (1 + 2*float64(i/(3*perDay)%2)) * wave(i) * (1 + 0.05*rng.NormFloat64())
	},
	"trend":        func(i int, rng *rand.Rand) float64 { return 10 + 0.05*float64(i) + rng.NormFloat64() },
	"random walk":  nil, // see generate
	"noise":        func(_ int, rng *rand.Rand) float64 { return math.Abs(rng.NormFloat64()) },
	"heavy tails":  func(i int, rng *rand.Rand) float64 { return wave(i) / math.Pow(1-rng.Float64(), 0.7) },
	"large scale":  func(i int, rng *rand.Rand) float64 { return 1e9 * wave(i) * (1 + 0.05*rng.NormFloat64()) },
	"small scale":  func(i int, rng *rand.Rand) float64 { return 1e-6 * wave(i) * (1 + 0.05*rng.NormFloat64()) },
	"growing wave": func(i int, rng *rand.Rand) float64 { return 10 + float64(i)*0.02*wave(i) + rng.NormFloat64() },
	"period grows": func(i int, rng *rand.Rand) float64 {
		return 100 * (1 + 0.5*math.Sin(float64(i)/40/(1+float64(i)/8000))) * (1 + 0.05*rng.NormFloat64())
	},
}

func generate(name string, days int) trace.Trace {
	rng := rand.New(rand.NewPCG(7, uint64(len(name))))
	t := trace.Trace{
		Name: name, Kind: trace.Rate, Step: 5 * time.Minute,
		Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Values: make([]float64, days*perDay),
	}
	level := 100.0
	for i := range t.Values {
		if f := families[name]; f != nil {
			t.Values[i] = max(0, f(i, rng))
			continue
		}
		level = max(1, level+rng.NormFloat64())
		t.Values[i] = level
	}
	return t
}

// The pool is never much worse than the better of the two naive rules, and no
// family makes its bounds explode.
func TestPoolSurvivesEveryFamily(t *testing.T) {
	for name := range families {
		t.Run(name, func(t *testing.T) {
			traces := []trace.Trace{generate(name, 16)}
			pool, err := accuracy.Run(t.Context(), traces, accuracy.Options{Workers: 1}, nil)
			require.NoError(t, err)
			daily, err := accuracy.Run(t.Context(), traces, accuracy.Options{Model: baseline.SeasonalNaive{}, Workers: 1}, nil)
			require.NoError(t, err)
			require.Empty(t, pool.Series[0].Error)
			for k, rung := range pool.Series[0].Rungs {
				naive := float64(rung.MAE / rung.MAERatio)
				best := min(naive, float64(daily.Series[0].Rungs[k].MAE))
				t.Logf("%4.0f s: pool %.4g, best naive %.4g, covered %v, pinball %v", rung.Horizon, float64(rung.MAE), best, rung.Coverage, rung.PinballRatio)
				if math.IsNaN(naive) || naive == 0 {
					best = 1e-6
				}
				require.LessOrEqual(t, float64(rung.MAE), 1.02*best+1e-12, "horizon %v s", rung.Horizon)
				if naive > 0 && name != "closed at night" { // whose closed hours are all covered
					require.InDelta(t, 0.95, float64(rung.Coverage["0.95"]), 0.03, "coverage at %v s", rung.Horizon)
					require.InDelta(t, 0.95, float64(rung.PeakCoverage["0.95"]), 0.04, "coverage of maxima at %v s", rung.Horizon)
				}
				require.False(t, math.IsNaN(float64(rung.WIS)) || math.IsInf(float64(rung.WIS), 0))
				require.LessOrEqual(t, float64(rung.WIS), 20*best+1e-4*42, "bounds of horizon %v s", rung.Horizon)
			}
		})
	}
}

func TestReportIsJSONOfItsSchema(t *testing.T) {
	report, err := accuracy.Run(t.Context(), []trace.Trace{generate("closed at night", 8)}, accuracy.Options{}, nil)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.WriteJSON(&text))
	var back struct {
		Schema string
		Series []struct {
			Name  string
			StepS float64 `json:"step_s"`
			Rungs []struct {
				HorizonS float64            `json:"horizon_s"`
				N        int                `json:"n"`
				MAE      float64            `json:"mae"`
				Ratio    float64            `json:"mae_ratio_naive"`
				Pinball  map[string]float64 `json:"pinball_ratio"`
				Coverage map[string]float64 `json:"coverage"`
				Worst    map[string]float64 `json:"worst_day_coverage"`
				Peaks    map[string]float64 `json:"peak_coverage"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &back))
	require.Equal(t, accuracy.Schema, back.Schema)
	require.InDelta(t, 300, back.Series[0].StepS, 0)
	rung := back.Series[0].Rungs[0]
	require.InDelta(t, 300, rung.HorizonS, 0)
	require.Equal(t, 4*perDay-1+1, rung.N, "every sample after a warm-up of four days is judged once")
	for _, level := range []string{"0.9", "0.95", "0.99"} {
		require.Contains(t, rung.Pinball, level)
		require.Contains(t, rung.Coverage, level)
		require.Contains(t, rung.Worst, level)
		require.Contains(t, rung.Peaks, level)
	}
	var table bytes.Buffer
	require.NoError(t, report.WriteTable(&table))
	require.Contains(t, table.String(), "closed at night")
}

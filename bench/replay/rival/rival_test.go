package rival_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/replaytest"
	"github.com/forescale/forescale/bench/replay/rival"
	"github.com/forescale/forescale/forecast"
)

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday

// config describes pods of 8 slots × 80 ms, 100 requests/s, of which rules use 70.
func config(history ...float64) replay.Config {
	return replay.Config{
		Start: epoch, Capacity: 100, Slots: 8, ServiceTime: 80 * time.Millisecond,
		Objective: replay.Objective{Quantile: 0.99, Latency: 500 * time.Millisecond},
		Min:       1, Max: 400, Replicas: 10, Startup: time.Minute, StartupP90: 83 * time.Second,
		ScrapeInterval: 15 * time.Second, RateWindow: time.Minute,
		History: forecast.Series{
			Start: epoch.Add(-time.Duration(len(history)) * time.Minute), Step: time.Minute, Values: history,
		},
	}
}

// days is a history of n days with 24 hourly levels given by f.
func days(n int, f func(hour int) float64) []float64 {
	values := make([]float64, n*24*60)
	for i := range values {
		values[i] = f(i / 60 % 24)
	}
	return values
}

func start(t *testing.T, name string, c replay.Config) replay.Policy {
	t.Helper()
	p, err := rival.ByName(name)
	require.NoError(t, err)
	require.Equal(t, name, p.Name())
	p.Reset(c)
	require.Positive(t, p.Period())
	return p
}

func at(minute int) time.Time { return epoch.Add(time.Duration(minute) * time.Minute) }

func seen(rate float64, replicas int32) replay.Observation {
	return replay.Observation{Rate: rate, RateOK: !math.IsNaN(rate), Replicas: replicas, Ready: replicas, CPU: math.NaN(), Latency: math.NaN()}
}

func over(t *testing.T, p replay.Policy) replay.HPA {
	t.Helper()
	o, ok := p.(replay.Over)
	require.True(t, ok, "%s has an HPA underneath", p.Name())
	return o.Underneath()
}

func TestNames(t *testing.T) {
	require.Equal(t, []string{
		"static-peak", "hpa-rate-50", "hpa-rate-60", "hpa-rate-70", "hpa-rate-80", "hpa-rate-90",
		"hpa-cpu-50", "hpa-cpu-60", "hpa-cpu-70", "hpa-cpu-80", "hpa-tuned", "keda", "kpa", "phpa", "phpa-intended", "phpa-linear", "crane",
		"times-1.2", "aws", "autopilot", "react", "hist", "reg", "adapt", "conpaas",
	}, rival.Names())
	for _, name := range []string{"hpa-rate-65", "hpa-rate-62.5", "hpa-rate-72.345", "hpa-rate-70.0", "hpa-cpu-95", "hpa-cpu-95.0", "times-1.25", "times-1.20"} {
		start(t, name, config())
	}
	for _, name := range []string{"", "hpa", "hpa-rate-", "hpa-rate-0", "hpa-cpu-70.5", "hpa-mem-70", "times-0.5", "times-NaN"} {
		_, err := rival.ByName(name)
		require.ErrorContains(t, err, "static-peak, hpa-rate-50", name)
	}
	_, err := rival.ByName(rival.Tuned)
	require.ErrorIs(t, err, rival.ErrHindsight)
}

// The contract of every rival: a missing metric does not count as zero, except for KEDA; the count
// is within its bounds; and the answers after a Reset are the same.
func TestEveryRivalKeepsTheContract(t *testing.T) {
	for _, name := range rival.Names() {
		if name == rival.Tuned {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := config(days(3, func(h int) float64 { return 500 + 50*float64(h) })...)
			p := start(t, name, c)
			run := func() []replay.Action {
				var all []replay.Action
				replicas := c.Replicas
				for i := range 200 {
					o := seen(700+300*math.Sin(float64(i)/20), replicas)
					if i%17 == 0 {
						o = seen(math.NaN(), replicas)
					}
					o.InFlight = 0.08 * 700
					a := p.Decide(epoch.Add(time.Duration(i)*p.Period()), o)
					if a.Replicas >= 0 {
						require.GreaterOrEqual(t, a.Replicas, c.Min)
						require.LessOrEqual(t, a.Replicas, c.Max)
						replicas = a.Replicas
					}
					a.Forecast, a.Low, a.High = 0, 0, 0 // may be NaN
					if math.IsNaN(a.Metric) {
						a.Metric = -1
					}
					all = append(all, a)
				}
				return all
			}
			first := run()
			p.Reset(c)
			require.Equal(t, first, run())
		})
	}
}

func TestSilenceMovesNoRule(t *testing.T) {
	for _, name := range []string{"phpa", "autopilot", "react", "reg", "adapt", "conpaas", "hist"} {
		p := start(t, name, config())
		a := p.Decide(at(1), seen(math.NaN(), 10))
		require.Contains(t, []int32{-1, 10}, a.Replicas, name)
	}
}

func TestStaticPeakIsOneFifthAboveTheHistory(t *testing.T) {
	p := start(t, "static-peak", config(100, math.NaN(), 700, 300))
	// 700 requests/s need 8 pods under the objective: 1.2 · 8 = 9.6
	require.Equal(t, int32(10), p.Decide(at(1), seen(1, 3)).Replicas)
}

func TestHPAsDescribeTheirMetric(t *testing.T) {
	require.InDelta(t, 60, over(t, start(t, "hpa-rate-60", config())).RatePerPod, 1e-9)
	require.Equal(t, int32(80), over(t, start(t, "hpa-cpu-80", config())).CPUPercent)
}

func TestTuneIsTheCheapestWithinTheBudget(t *testing.T) {
	frontier := []rival.Outcome{{"a", 0, 100}, {"b", 0.08, 80}, {"c", 0.2, 60}}
	best, ok := rival.Tune(frontier, 0.1)
	require.True(t, ok)
	require.Equal(t, "b", best.Policy)
	best, _ = rival.Tune(frontier[1:], 0.01)
	require.Equal(t, "b", best.Policy, "none within: the least violating")
	_, ok = rival.Tune(nil, 1)
	require.False(t, ok)
	require.Len(t, rival.Frontier(), 10)
}

func TestKEDAReadsAnEmptyResultAsZero(t *testing.T) {
	h := over(t, start(t, "keda", config()))
	require.True(t, h.EmptyIsZero)
	require.InDelta(t, 70, h.RatePerPod, 1e-9)
	require.Nil(t, h.Settings.Behavior)
}

func TestKEDAGoesToZeroAfterTheCooldownAndWakesAtOnce(t *testing.T) {
	c := config()
	c.Min = 0
	p := start(t, "keda", c)
	second := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
	require.Equal(t, int32(1), p.Decide(second(0), seen(5, 1)).Floor, "its HPA never goes below one")
	for s := 30; s < 300; s += 30 {
		require.Equal(t, int32(-1), p.Decide(second(s), seen(0, 1)).Replicas, "second %d", s)
	}
	require.Equal(t, int32(0), p.Decide(second(300), seen(0, 1)).Replicas)
	require.Equal(t, int32(-1), p.Decide(second(315), seen(9, 0)).Replicas, "between two polls")
	require.Equal(t, int32(1), p.Decide(second(330), seen(9, 0)).Replicas)
}

// An error neither scales the target to zero nor counts as activity: the first poll without an error
// scales to zero if the cooldown has passed.
func TestKEDADoesNothingOnAnError(t *testing.T) {
	c := config()
	c.Min = 0
	p := rival.NewKEDA(rival.KEDASettings{HonestNulls: true})
	p.Reset(c)
	decide := func(s int, rate float64) int32 {
		return p.Decide(epoch.Add(time.Duration(s)*time.Second), seen(rate, 1)).Replicas
	}
	require.Equal(t, int32(-1), decide(0, 5))
	for s := 30; s <= 600; s += 30 {
		require.Equal(t, int32(-1), decide(s, math.NaN()), "second %d", s)
	}
	require.Equal(t, int32(0), decide(630, 0))
}

func TestKEDAFallsBackAfterMoreThanItsThresholdOfFailures(t *testing.T) {
	p := rival.NewKEDA(rival.KEDASettings{HonestNulls: true, Fallback: &rival.Fallback{Failures: 2, Replicas: 6}})
	p.Reset(config())
	require.True(t, over(t, p).External)
	for s, want := range map[int]bool{0: true} {
		require.Equal(t, want, math.IsNaN(p.Decide(epoch.Add(time.Duration(s)*time.Second), seen(math.NaN(), 10)).Metric))
	}
	require.True(t, math.IsNaN(p.Decide(epoch.Add(15*time.Second), seen(math.NaN(), 10)).Metric))
	require.InDelta(t, 6*70, p.Decide(epoch.Add(30*time.Second), seen(math.NaN(), 10)).Metric, 1e-9)
	require.InDelta(t, 123, p.Decide(epoch.Add(45*time.Second), seen(123, 10)).Metric, 1e-9)
}

// By name the fallback comes after three failures; with no replicas to fall back to it holds.
func TestKEDAFallsBackByName(t *testing.T) {
	for name, want := range map[string]float64{"keda-fallback-6": 6 * 70, "keda-fallback-0": math.NaN()} {
		p := start(t, name, config())
		require.Equal(t, name, p.Name())
		for i := range 5 {
			got := p.Decide(epoch.Add(time.Duration(i)*15*time.Second), seen(math.NaN(), 10)).Metric
			if i < 3 {
				require.True(t, math.IsNaN(got), "%s after failure %d", name, i+1)
			} else {
				require.Equal(t, math.Float64bits(want), math.Float64bits(got), "%s after failure %d", name, i+1)
			}
		}
	}
}

func TestKPAPanicsOnTwiceTheLoad(t *testing.T) {
	p := start(t, "kpa", config())
	o := seen(0, 1)
	o.InFlight = 5.6 // the target of one pod
	n := int32(0)
	for i := range 60 {
		n = p.Decide(epoch.Add(time.Duration(i)*2*time.Second), o).Replicas
		if i <= 30 {
			require.Equal(t, int32(10), n, "a start with ten pods is a panic of a minute; tick %d", i)
		}
	}
	require.Equal(t, int32(1), n)
	o.Ready, o.InFlight = 10, 5.5*30 // ⌈29.5⌉ pods
	for i := 60; i < 63; i++ {       // a panic window
		n = p.Decide(epoch.Add(time.Duration(i)*2*time.Second), o).Replicas
	}
	require.Equal(t, int32(30), n)
}

func TestAutopilotForgetsAfterAnHour(t *testing.T) {
	p := start(t, "autopilot", config())
	p.Decide(at(0), seen(700, 10))
	require.Equal(t, int32(10), p.Decide(at(1), seen(700, 10)).Replicas) // 700/70
	for m := 2; m < 60; m++ {
		require.Equal(t, int32(10), p.Decide(at(m), seen(70, 10)).Replicas, "minute %d", m)
	}
	require.Equal(t, int32(1), p.Decide(at(60), seen(70, 10)).Replicas, "one high minute of 60 is beyond the percentile")
}

func TestReact(t *testing.T) {
	p := start(t, "react", config())
	require.Equal(t, int32(22), p.Decide(at(0), seen(1400, 10)).Replicas) // need 20: 10 + 1.2·10
	require.Equal(t, int32(12), p.Decide(at(1), seen(700, 20)).Replicas)  // need 10: 1.2·10
	require.Equal(t, int32(-1), p.Decide(at(2), seen(700, 11)).Replicas)  // 1.1·10 is no less than 11
}

func TestHistExpectsWhatTheHourHasSeen(t *testing.T) {
	level := func(h int) float64 {
		if h == 0 {
			return 1400
		}
		return 70
	}
	p := start(t, "hist", config(days(3, level)...))
	require.Equal(t, int32(20), p.Decide(at(0), seen(70, 10)).Replicas, "the first hour of each day saw 1400")
	require.Equal(t, int32(30), p.Decide(at(1), seen(1960, 10)).Replicas, "⌈1.05·28⌉ at once")
	require.Equal(t, int32(3), p.Decide(at(61), seen(70, 10)).Replicas, "70, and a fifth of the error of 1960 − 1400")
}

func TestRegShrinksByTheParabolaAndNeverGrowsByIt(t *testing.T) {
	p := start(t, "reg", config())
	for m := range 60 {
		p.Decide(at(m), seen(1400-10*float64(m), 100))
	}
	require.Equal(t, int32(14), p.Decide(at(60), seen(800, 100)).Replicas) // next 790: ⌈1.2·790/70⌉
	require.Equal(t, int32(12), p.Decide(at(61), seen(790, 12)).Replicas)  // capped at the current count
	require.Equal(t, int32(15), p.Decide(at(62), seen(980, 12)).Replicas)  // ⌈1.05·14⌉
}

func TestAdaptShrinksByAQuarterOfTheGap(t *testing.T) {
	p := start(t, "adapt", config())
	require.Equal(t, int32(18), p.Decide(at(0), seen(700, 20)).Replicas) // (10−20)/4 = −2.5, of which 2 whole
	p = start(t, "adapt", config())
	require.Equal(t, int32(32), p.Decide(at(0), seen(1400, 10)).Replicas) // ⌈1.1·20⌉ + 10
}

func TestConPaaSFollowsALine(t *testing.T) {
	p := start(t, "conpaas", config())
	var a replay.Action
	for m := range 40 {
		a = p.Decide(at(m), seen(700+10*float64(m), 10))
	}
	require.InDelta(t, 1100, a.Forecast, 5) // the line goes on
	require.Equal(t, int32(16), a.Replicas) // ⌈1100/70⌉
}

// The same in a whole replay: equal runs, nothing from the future, and each rival survives missing
// samples, no load, and bounds that are too tight.
func TestEveryRivalIsAPolicy(t *testing.T) {
	for _, name := range rival.Names() {
		if name == rival.Tuned || strings.HasPrefix(name, "hpa-") && !strings.HasSuffix(name, "-70") {
			continue // the targets of an HPA are alike
		}
		t.Run(name, func(t *testing.T) {
			replaytest.TestPolicy(t, func() replay.Policy {
				p, err := rival.ByName(name)
				require.NoError(t, err)
				return p
			})
		})
	}
}

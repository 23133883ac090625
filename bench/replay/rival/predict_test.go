package rival_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
)

// steps asks p once per period for n periods with a constant rate and ten pods.
func steps(p replay.Policy, n int, rate float64) replay.Action {
	var a replay.Action
	for i := range n {
		a = p.Decide(epoch.Add(time.Duration(i)*p.Period()), seen(rate, 10))
	}
	return a
}

func TestPHPAAddsNothingToAConstantLoad(t *testing.T) {
	for _, name := range []string{"phpa", "phpa-intended", "phpa-linear"} {
		require.Equal(t, int32(10), steps(start(t, name, config()), 60, 700).Replicas, name)
	}
}

func TestPHPAReadsTheLineOffTenSecondsAhead(t *testing.T) {
	p := start(t, "phpa", config())
	n := int32(10)
	var last replay.Action
	for i := range 6 { // 10, 20, … 60 pods by the HPA alone, 10 per sync
		last = p.Decide(epoch.Add(time.Duration(i)*p.Period()), seen(700*float64(i+1), n))
		n = int32(10 * (i + 1))
	}
	// 60 + 10·10/15 = 66.7; growth of at most 100 % from the start of the minute allows it
	require.Equal(t, int32(67), last.Replicas)
}

func TestPHPAOrderMattersOnlyToHoltWinters(t *testing.T) {
	run := func(name string) []int32 {
		p := start(t, name, config())
		var all []int32
		n := int32(20)
		for i := range 40 { // a season of six syncs, and a fall
			rate := 70 * (40 - 0.5*float64(i) + 8*math.Sin(float64(i)*math.Pi/3))
			if a := p.Decide(epoch.Add(time.Duration(i)*p.Period()), seen(rate, n)); a.Replicas >= 0 {
				n = a.Replicas
			}
			all = append(all, n)
		}
		return all
	}
	shipped, intended, linear := run("phpa"), run("phpa-intended"), run("phpa-linear")
	require.Equal(t, linear[:15], shipped[:15])
	require.NotEqual(t, linear, intended)
	require.Equal(t, intended[:15], shipped[:15], "Holt-Winters starts at sixteen counts")
	require.NotEqual(t, intended, shipped)
}

// daily is a day of four levels, six hours each.
func daily(h int) float64 { return []float64{140, 700, 1400, 280}[h/6] }

func TestCraneProvidesForTheComingHour(t *testing.T) {
	p := start(t, "crane", config(days(3, daily)...))
	require.True(t, over(t, p).External)
	// At 05:30 the level of 700, half an hour ahead, counts; the margin is at least 1 %
	// and at most 20 %, and the filter blurs the edge.
	var a replay.Action
	for m := range 331 {
		a = p.Decide(at(m), seen(daily(m/60), 10))
	}
	require.InDelta(t, 770, a.Metric, 130)
	require.InDelta(t, 70, a.Target, 1e-9)
	require.InDelta(t, a.Metric, math.Floor(a.Metric), 0, "cut to a whole number")
}

// A forecast made in an outage of the metric starts at the newest sample, so that its values are
// those of their own times, and not late by the length of the outage.
func TestCraneKeepsTimeInAnOutage(t *testing.T) {
	history := days(3, daily)
	for i := len(history) - 50; i < len(history); i++ {
		history[i] = math.NaN()
	}
	p := start(t, "crane", config(history...))
	p.Decide(at(0), seen(math.NaN(), 10))
	var a replay.Action
	for m := range 331 { // as above, the level of 700 comes at 06:00
		a = p.Decide(at(m), seen(daily(m/60), 10))
	}
	require.InDelta(t, 770, a.Metric, 130)
}

func TestCraneWithoutAPeriodAddsNothing(t *testing.T) {
	p := start(t, "crane", config(days(1, daily)...))
	require.Zero(t, steps(p, 10, 500).Metric, "one day is no period yet")
	ramp := make([]float64, 3*24*60)
	for i := range ramp {
		ramp[i] = 100 + float64(i)
	}
	require.Zero(t, steps(start(t, "crane", config(ramp...)), 10, 500).Metric)
}

func TestTimesWritesTheForecastTimesItsFactor(t *testing.T) {
	p := start(t, "times-1.2", config(days(3, func(int) float64 { return 700 })...))
	a := steps(p, 5, 700)
	require.InDelta(t, 700, a.Forecast, 1e-6)
	require.Equal(t, int32(12), a.Floor)
	require.InDelta(t, 70, over(t, p).RatePerPod, 1e-9, "the margin is paid a second time below")
}

func TestTimesKnowsTheDay(t *testing.T) {
	p := start(t, "times-1.2", config(days(4, daily)...))
	var a replay.Action
	for m := range 360 { // the last call is at 05:59; the lead time reaches past 06:00
		a = p.Decide(at(m), seen(daily(m/60), 10))
	}
	require.InDelta(t, 700, a.Forecast, 60)
}

func TestAWSLaunchesFiveMinutesBeforeTheHour(t *testing.T) {
	p := start(t, "aws", config(days(7, daily)...))
	var floors []int32
	for m := range 361 {
		floors = append(floors, p.Decide(at(m), seen(140, 2)).Floor)
	}
	require.Equal(t, int32(2), floors[354])  // 140/70 at 05:54
	require.Equal(t, int32(10), floors[355]) // 700/70 for 06:00
	require.Equal(t, int32(10), floors[360])
}

func TestAWSWithoutHistoryLeavesTheFloorAtTheMinimum(t *testing.T) {
	require.Equal(t, int32(1), steps(start(t, "aws", config()), 3, 7000).Floor)
}

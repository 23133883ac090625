package replay_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/trace"
)

func TestTheRateLags(t *testing.T) {
	var at []time.Duration
	var rates []float64
	noon := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	watch := script{period: time.Second, decide: func(now time.Time, o replay.Observation) replay.Action {
		if d := now.Sub(noon); d > -time.Minute && d < 3*time.Minute {
			at, rates = append(at, d), append(rates, o.Rate)
		}
		require.True(t, o.RateOK)
		return replay.Hold()
	}}
	run(t, stepTrace(1000, 2000), watch, replay.Options{})
	for i, d := range at {
		switch {
		case d < -20*time.Second: // the load is linear between the centres of 11:59 and 12:00
			require.InDelta(t, 1000, rates[i], 60, "%v", d)
		case d > 20*time.Second && d < 30*time.Second:
			require.Less(t, rates[i], 1600.0, "half of the window is old at %v", d)
		case d > 110*time.Second:
			require.InDelta(t, 2000, rates[i], 80, "%v", d)
		}
	}
	require.InDelta(t, 239.5, len(at), 0.5)
}

// The counter continues from the history into the run, which begins between two scrapes.
func TestTheRateIsKnownFromTheBeginOn(t *testing.T) {
	begin, seen := time.Time{}, 0
	watch := script{period: time.Second, reset: func(c replay.Config) { begin = c.Start }, decide: func(now time.Time, o replay.Observation) replay.Action {
		if d := now.Sub(begin); d < 2*time.Minute {
			require.InDelta(t, 1000, o.Rate, 25, "%v", d)
			seen++
		}
		return replay.Hold()
	}}
	for seed := range uint64(3) { // the phase of the scrapes is another for each
		run(t, stepTrace(1000, 1000), watch, replay.Options{Seed: seed})
	}
	require.Greater(t, seen, 300)
}

// What metrics-server reports of a pod: nothing at first, then its use.
func TestPodsAsTheApiShowsThem(t *testing.T) {
	begin := time.Time{}
	seen := map[string]bool{}
	p := script{period: 5 * time.Second, reset: func(c replay.Config) { begin = c.Start }, decide: func(now time.Time, o replay.Observation) replay.Action {
		pods := o.Pods()
		switch d := now.Sub(begin); {
		case d < 10*time.Minute: // ten pods, at 1000 requests/s: as many as their slots can take
			return replay.Scale(20)
		case d > 14*time.Minute && d < 15*time.Minute && !seen["busy"]:
			require.Len(t, pods, 20)
			require.InDelta(t, 0.5, o.CPU, 0.02)
			require.Equal(t, int64(8000), pods[19].Request)
			require.InDelta(t, 4000, pods[19].Value, 200)
			require.Less(t, now.Sub(pods[19].At), 16*time.Second)
			seen["busy"] = true
			return replay.Scale(22)
		case d > 14*time.Minute && d < 14*time.Minute+50*time.Second:
			require.Len(t, pods, 22)
			require.Equal(t, int32(20), o.Ready)
			if !pods[21].Sampled {
				seen["missing"] = true
			} else {
				require.Zero(t, pods[21].Value, "it starts")
				seen["starting"] = true
			}
		case d > 20*time.Minute && d < 20*time.Minute+30*time.Second:
			seen["terminating"] = seen["terminating"] || len(pods) == 22 && pods[0].Deleted
			return replay.Scale(18)
		}
		return replay.Hold()
	}}
	o := replay.Options{Cluster: replay.Cluster{Startup: replay.Startup{Fixed: true}}, Settle: time.Second}
	run(t, stepTrace(1000, 1000), p, o)
	require.Equal(t, map[string]bool{"busy": true, "missing": true, "starting": true, "terminating": true}, seen)
}

// Gaps of the trace are gaps for the policy and in the history.
func TestGapsReachThePolicy(t *testing.T) {
	tr := stepTrace(500, 500).WithGaps(trace.Gap{After: 2 * time.Hour, Length: time.Hour}, trace.Gap{After: 20 * time.Hour, Length: time.Hour})
	missing, history := 0, 0
	p := script{period: time.Minute, reset: func(c replay.Config) {
		require.NoError(t, c.History.Check())
		require.False(t, c.History.End().After(c.Start))
		history = c.History.Len() - c.History.Observed()
		odd := 0 // at the borders of a gap rate() sees too few samples to tell the truth
		for _, v := range c.History.Values {
			if math.Abs(v-500) > 30 {
				odd++
			}
		}
		require.LessOrEqual(t, odd, 3)
	}, decide: func(_ time.Time, o replay.Observation) replay.Action {
		if !o.RateOK {
			require.True(t, math.IsNaN(o.Rate))
			missing++
		}
		return replay.Hold()
	}}
	run(t, tr, p, replay.Options{})
	require.InDelta(t, 60, missing, 2)
	require.InDelta(t, 60, history, 2)
}

// Over-dispersed arrivals add noise to the metric, but do not change its mean.
func TestDispersion(t *testing.T) {
	spread := func(index float64) float64 {
		sum, squares, n := 0.0, 0.0, 0.0
		p := script{period: time.Second, decide: func(_ time.Time, o replay.Observation) replay.Action {
			sum, squares, n = sum+o.Arrivals, squares+o.Arrivals*o.Arrivals, n+1
			return replay.Hold()
		}}
		run(t, stepTrace(400, 400), p, replay.Options{Dispersion: index})
		mean := sum / n
		require.InDelta(t, 400, mean, 2)
		return (squares/n - mean*mean) / mean
	}
	// A call sees parts of two steps, whose variance is between half and all of one.
	one := spread(1)
	require.InDelta(t, 0.75, one, 0.26)
	require.InDelta(t, 5, spread(5)/one, 0.5)
}

// The sum of the rates of the pods follows the load like the counter of an ingress, except for a
// while around each change of the pods.
func TestRatesOfPodsAddUp(t *testing.T) {
	begin := time.Time{}
	worst, after := 0.0, 0.0
	p := script{period: 5 * time.Second, reset: func(c replay.Config) { begin = c.Start }, decide: func(now time.Time, o replay.Observation) replay.Action {
		d := now.Sub(begin)
		off := o.Rate/1000 - 1
		switch {
		case d > 10*time.Minute && d < 20*time.Minute || d > 30*time.Minute:
			worst = max(worst, math.Abs(off))
		case d > 21*time.Minute && d < 24*time.Minute: // eight of twenty pods are new
			after = min(after, off)
		}
		if d > 20*time.Minute {
			return replay.Scale(20)
		}
		return replay.Scale(12)
	}}
	run(t, stepTrace(1000, 1000), p, replay.Options{Metric: replay.Metric{PerPod: true}, Cluster: replay.Cluster{Startup: replay.Startup{Fixed: true}}})
	require.Less(t, worst, 0.08)
	require.Less(t, after, -0.05, "requests of the new pods are not seen until their second scrape")
}

func TestRatesOfPodsWithoutScrapesAreEmpty(t *testing.T) {
	blind, begin := 0, time.Time{}
	p := script{period: time.Minute, reset: func(c replay.Config) { begin = c.Start }, decide: func(_ time.Time, o replay.Observation) replay.Action {
		if !o.RateOK {
			blind++
		}
		return replay.Scale(5)
	}}
	o := replay.Options{Metric: replay.Metric{PerPod: true, Loss: 0.2, Outages: []replay.Outage{{From: time.Hour, Length: time.Hour}}}}
	run(t, stepTrace(300, 300).WithGaps(trace.Gap{After: 20 * time.Hour, Length: time.Hour}), p, o)
	require.False(t, begin.IsZero())
	require.InDelta(t, 120, blind, 4)
}

// An outage without an end is simulated too, although its end overflows a duration.
func TestAnOutageWithoutAnEnd(t *testing.T) {
	blind := 0
	p := script{period: time.Minute, decide: func(_ time.Time, o replay.Observation) replay.Action {
		if !o.RateOK {
			blind++
		}
		return replay.Hold()
	}}
	o := replay.Options{Score: time.Hour, Metric: replay.Metric{Outages: []replay.Outage{{From: 10 * time.Minute, Length: math.MaxInt64}}}}
	run(t, stepTrace(10, 10), p, o)
	require.InDelta(t, 50, blind, 2, "minutes of an hour")
}

// During ten minutes without scrapes an HPA holds because of the error, while KEDA by default reads
// a demand of zero and scales down after the window of 300 s. When scrapes are back, rate()
// extrapolates the first two samples to half of the load, and an HPA without recommendations of the
// last 300 s follows that.
func TestAnOutageOfTheMetric(t *testing.T) {
	o := replay.Options{Metric: replay.Metric{Outages: []replay.Outage{{From: 6 * time.Hour, Length: 10 * time.Minute}}}, Timeline: time.Minute}
	least := func(emptyIsZero bool, from, to int) int32 {
		r := run(t, stepTrace(2000, 2000), plainHPA{name: "x", hpa: replay.HPA{RatePerPod: 70, EmptyIsZero: emptyIsZero}}, o)
		n := int32(math.MaxInt32)
		for _, point := range r.Timeline[from:to] {
			n = min(n, point.Replicas)
		}
		return n
	}
	require.Equal(t, int32(29), least(false, 6*60-5, 6*60+10))
	require.Less(t, least(false, 6*60+10, 6*60+15), int32(29))
	require.Equal(t, int32(1), least(true, 6*60-5, 6*60+10))
}

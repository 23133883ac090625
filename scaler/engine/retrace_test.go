package engine_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// scraped is a load of some days as it is scraped four times a minute: a daily wave with
// noise that lasts for minutes. The last sample of each minute is the cell's.
func scraped(days int) (samples []collector.Sample, cells forecast.Series) {
	rng, noise := rand.New(rand.NewPCG(5, 6)), 0.0
	cells = forecast.Series{Start: monday, Step: time.Minute}
	for i := range days * 5760 {
		noise += 0.1*(0-noise) + 0.03*rng.NormFloat64()
		hours := float64(i) / 240
		v := (1000 - 600*math.Cos(hours/24*2*math.Pi) + 100*math.Sin(hours/5*2*math.Pi)) * math.Exp(noise)
		samples = append(samples, collector.Sample{Time: monday.Add(time.Duration(i+1) * 15 * time.Second), Value: v})
		if i%4 == 3 {
			cells.Values = append(cells.Values, v)
		}
	}
	return samples, cells
}

// A restart changes little: a process that ran on and one that was restarted decide alike, while one
// that starts without a retrace differs for hours. All three see the same target.
func TestARestartedProcessDecidesAsOneThatRanOn(t *testing.T) {
	const past, restart, end = 3 * 1440, 6 * 1440, 6*1440 + 6*60 // minutes
	s := paced()
	samples, cells := scraped(7)
	running := started(t, s, cells.Slice(0, past))
	var again, cold *engine.Workload
	had := make([]int32, 0, 4*end)
	var equal, equalCold, off, offCold int32
	for i := 4 * past; i < 4*end; i++ {
		if i == 4*restart {
			again, cold = started(t, s, cells.Slice(0, restart)), fittedTo(t, s, cells.Slice(0, restart))
		}
		target := engine.Target{Current: 70, Ready: 70, Min: 1, Max: 400, Missed: math.NaN()}
		if n := len(had); n >= 5 {
			target.Current, target.Ready = had[n-1], had[n-5]
		}
		decide := func(w *engine.Workload) int32 {
			if i%4 == 3 {
				require.NoError(t, w.Append(cells.Slice(i/4, i/4+1)))
			}
			w.Observe(samples[i])
			return w.Decide(samples[i].Time, target).Replicas
		}
		n := decide(running)
		had = append(had, n)
		if again == nil {
			continue
		}
		for w, sums := range map[*engine.Workload][2]*int32{again: {&equal, &off}, cold: {&equalCold, &offCold}} {
			m := decide(w)
			*sums[1] += max(m-n, n-m)
			if m == n {
				*sums[0]++
			}
		}
	}
	const ticks = 4 * (end - restart)
	t.Logf("of %d decisions %d are equal, without a retrace %d; %d replicas off, without %d", ticks, equal, equalCold, off, offCold)
	require.Greater(t, equal, int32(ticks/2))
	require.Less(t, off, offCold/2)
}

// A retrace imagines what would have been saved. At a level that the load has left, that may pay
// for no more than at the present one: each day weighs as much as the last one.
func TestTheLevelOfTheLastDayIsWhatARetraceSaves(t *testing.T) {
	const day = 1440
	_, cells := scraped(6) // half of a history is retraced
	fallen := slices.Clone(cells.Values)
	for i := 5 * day; i < 6*day; i++ {
		fallen[i] /= 30
	}
	cost := func(values []float64) float64 {
		return started(t, paced(), forecast.Series{Start: monday, Step: time.Minute, Values: values}).ReactiveCost() / 3600
	}
	alike, last := cost(cells.Values), cost(cells.Values[4*day:])
	require.InEpsilon(t, 2.7*last, alike, 0.1, "a day that is like the others takes nothing from them but what fades")
	low := cost(fallen)
	require.Less(t, low, 3.5*last/30*1.5, "what is rounded up to whole replicas aside")
	require.Greater(t, low, 2*last/30)

	_, cells = scraped(10)
	var hourly []float64
	for i := 59; i < len(cells.Values); i += 60 {
		hourly = append(hourly, cells.Values[i])
	}
	s := paced()
	s.Metric.Step = api.Duration(time.Hour)
	cost = func(values []float64) float64 {
		return started(t, s, forecast.Series{Start: monday, Step: time.Hour, Values: values}).ReactiveCost() / 3600
	}
	require.InEpsilon(t, 3.8*cost(hourly[8*24:]), cost(hourly), 0.1, "five days are retraced by the hour, of which none loses more than fades")
}

// Whatever the step and the gaps, a retrace ends where the history does, and leaves the same model
// as a fit without it.
func TestARetraceOfAnyHistory(t *testing.T) {
	_, minutely := scraped(2)
	hole := slices.Clone(minutely.Values)
	for i := 1500; i < 1700; i++ {
		hole[i] = math.NaN()
	}
	hole[len(hole)-1] = math.NaN()
	for name, c := range map[string]struct {
		step   time.Duration
		values []float64
	}{
		"seconds":   {5 * time.Second, minutely.Values[:600]},
		"minutes":   {time.Minute, minutely.Values[:600]},
		"hours":     {time.Hour, minutely.Values[:240]},
		"an outage": {time.Minute, hole},
		"silence":   {time.Minute, append(make([]float64, 600), hole[1500:1700]...)},
	} {
		t.Run(name, func(t *testing.T) {
			s := paced()
			s.Metric.Step, s.Metric.History = api.Duration(c.step), api.Duration(14*24*time.Hour)
			history := forecast.Series{Start: monday, Step: c.step, Values: c.values}
			again, cold := started(t, s, history), fittedTo(t, s, history)
			require.Equal(t, history.End(), again.Next())
			require.Equal(t, cold.Forecast(), again.Forecast())
			target := engine.Target{Current: 30, Ready: 30, Min: 1, Max: 400, Missed: math.NaN()}
			now := history.End()
			require.GreaterOrEqual(t, again.Decide(now, target).Replicas, int32(30), "nothing is observed yet")
		})
	}
}

// While it is unknown how much a replica can serve, there is no bill, and a retrace only shows
// whether the forecast is to be trusted.
func TestARetraceWithoutATarget(t *testing.T) {
	s := paced()
	s.Scale.TargetPerReplica = 0
	_, cells := scraped(2)
	again, cold := started(t, s, cells), fittedTo(t, s, cells)
	require.False(t, math.IsNaN(again.Skill()))
	now := cells.End()
	again.Demand(now)
	cold.Demand(now)
	require.InDelta(t, cold.Parts().Level, again.Parts().Level, 0)
}

// In its first day a forecast only adds to the 72 replicas of an autoscaler without one. With a
// history of two days that day is over, even with steps of seconds, of which a retrace covers hours.
func TestAForecastWithAHistoryMayLower(t *testing.T) {
	for _, step := range []time.Duration{10 * time.Second, time.Minute} {
		for hours, most := range map[int]int32{30: 72, 48: 60} {
			s := paced()
			s.Metric.Step, s.Metric.History = api.Duration(step), api.Duration(14*24*time.Hour)
			history := forecast.Series{Start: monday, Step: step, Values: make([]float64, hours*int(time.Hour/step))}
			for i := range history.Values {
				history.Values[i] = 1000 + 5*math.Sin(float64(i)*1.7)
			}
			w := started(t, s, history)
			var d scaler.Decision
			for i := range 10 {
				now := history.End().Add(time.Duration(i+1) * 15 * time.Second)
				w.Observe(collector.Sample{Time: now, Value: 1000})
				d = w.Decide(now, engine.Target{Current: 60, Ready: 60, Min: 1, Max: 400, Missed: 0})
			}
			require.Equal(t, most, d.Replicas, "after %d hours in steps of %v: %v", hours, step, d.Trail())
		}
	}
}

// A history that could only be read after thirteen hours counts as much as one read at the start,
// though its retrace with steps of ten seconds covers less than those hours.
func TestAForecastWithALateHistoryMayLowerToo(t *testing.T) {
	const live, hours = 13, 48
	s := paced()
	s.Metric.Step, s.Metric.History = api.Duration(10*time.Second), api.Duration(14*24*time.Hour)
	history := forecast.Series{Start: monday, Step: 10 * time.Second, Values: make([]float64, hours*360)}
	for i := range history.Values {
		history.Values[i] = 1000 + 5*math.Sin(float64(i)*1.7)
	}
	w, err := engine.New(s)
	require.NoError(t, err)
	var d scaler.Decision
	decide := func(now time.Time) {
		w.Observe(collector.Sample{Time: now, Value: 1000})
		d = w.Decide(now, engine.Target{Current: 60, Ready: 60, Min: 1, Max: 400, Missed: 0})
	}
	for i := range live * 240 {
		decide(history.End().Add(time.Duration(i-live*240) * 15 * time.Second))
	}
	require.Equal(t, int32(72), d.Replicas)
	again := w.Retrace()
	fit, err := again.Fit(t.Context(), history, nil)
	require.NoError(t, err)
	require.NoError(t, w.Start(fit, again))
	for i := range 40 {
		decide(history.End().Add(time.Duration(i+1) * 15 * time.Second))
	}
	require.Less(t, d.Replicas, int32(60), "%v", d.Trail()) // they go at no more than a tenth a minute
}

// What a process has observed for longer than a retrace covers takes precedence over the retrace.
func TestARetraceYieldsToLongerObservation(t *testing.T) {
	samples, cells := scraped(3)
	w, err := engine.New(paced())
	require.NoError(t, err)
	target := engine.Target{Current: 50, Ready: 50, Min: 1, Max: 400, Missed: math.NaN()}
	for _, s := range samples[:2*5760] {
		w.Observe(s)
		w.Decide(s.Time, target)
	}
	level := func(w *engine.Workload) float64 {
		w.Demand(samples[2*5760].Time)
		return w.Parts().Level
	}
	r := w.Retrace()
	fit, err := r.Fit(t.Context(), cells.Slice(0, 2*1440), nil)
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	kept := level(w)
	require.NoError(t, w.Start(fit, r))
	require.InDelta(t, kept, level(w), 0, "a day was gone over, two were seen")
}

// paced is a spec whose quantile is chosen by trials.
func paced() api.Spec {
	s := spec()
	s.Forecast.ViolationTarget = 0.001
	s.Scale.LatencyObjective = &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)}
	s.Scale.TargetPerReplica = 20
	return s
}

package engine_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// offices returns days of minutes that go from 100 to 400 within one of them at
// nine, and back at five, with the noise that such counts have.
func offices(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(11, 1))
	s := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range s.Values {
		level := 100.0
		if m := i % 1440; m >= 9*60 && m < 17*60 {
			level = 400
		}
		s.Values[i] = level * (1 + 0.02*rng.NormFloat64())
	}
	return s
}

// A rise by the clock is steeper than any burst, but known: the replicas for it are asked for one
// lead time before it.
func TestAStepByTheClockIsForecast(t *testing.T) {
	all := offices(8)
	nine := 7*1440 + 9*60
	w := installed(t, all.Slice(0, nine-10))
	for i := nine - 10; i < nine-1; i++ {
		require.NoError(t, w.Append(all.Slice(i, i+1)))
		w.Observe(collector.Sample{Time: all.At(i + 1), Value: all.Values[i]})
	}
	now := all.At(nine - 1) // the lead time is two minutes
	require.Greater(t, w.Demand(now).Predicted, 360.0)
	require.Less(t, w.Demand(all.At(nine-4)).Predicted, 360.0, "and not long before")
}

// jobs returns runs of a job that sleeps for so long that it begins every so many minutes
// and goes from 100 to 400 while it runs, with the noise that such counts have. The next
// one begins at its end.
func jobs(times, every, runs int) forecast.Series {
	rng := rand.New(rand.NewPCG(7, 1))
	s := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, times*every)}
	for i := range s.Values {
		level := 100.0
		if i%every < runs && i >= every {
			level = 400
		}
		s.Values[i] = level * (1 + 0.02*rng.NormFloat64())
	}
	return s
}

// A job that sleeps for an hour and runs for five minutes is nearly certain to come again. Its
// replicas are asked for ahead even where an idle one costs as much as a missing one: it needs them
// anyway, and only the cost of a hedge without a burst is lost.
func TestAForeseenBurstIsHedgedWhereReplicasAreExpensive(t *testing.T) {
	history := jobs(40, 65, 5)
	s := spec()
	s.Forecast.MissingReplicaCost = 1
	w, err := engine.New(s)
	require.NoError(t, err)
	fit, err := model.Fit(t.Context(), s, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))

	for _, c := range []struct {
		before time.Duration // the next one
		want   float64
	}{{30 * time.Minute, 0}, {time.Minute, 400}} {
		now := history.End().Add(-c.before)
		w.Observe(collector.Sample{Time: now, Value: 100})
		w.Demand(now)
		require.InDelta(t, c.want, w.Parts().Hedge, 60, c.before)
	}
}

// While there are no samples neither the begin nor the end of a burst can be seen: replicas hedged
// for minutes would be held until samples come again.
func TestNoBurstIsHedgedWithoutSamples(t *testing.T) {
	history := jobs(40, 65, 5)
	s := spec()
	w, err := engine.New(s)
	require.NoError(t, err)
	fit, err := model.Fit(t.Context(), s, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))

	due := history.End()
	w.Observe(collector.Sample{Time: due.Add(-2 * time.Minute), Value: 100})
	w.Demand(due.Add(-time.Minute))
	require.InDelta(t, 400, w.Parts().Hedge, 60, "a sample is a minute old")
	d := w.Demand(due)
	require.Zero(t, w.Parts().Hedge, "it is two minutes old")
	require.Less(t, d.Predicted, 200.0)
	w.Observe(collector.Sample{Time: due, Value: 100})
	w.Demand(due)
	require.InDelta(t, 400, w.Parts().Hedge, 60, "samples are back, and the burst is overdue")
}

// A hedge begins at a higher chance than it ends at. If computing an explanation began or ended
// one, it would change the next decision.
func TestAnExplanationDoesNotMoveAHedge(t *testing.T) {
	history := jobs(40, 65, 5)
	s := spec()
	s.Forecast.MissingReplicaCost = 1
	fit, err := model.Fit(t.Context(), s, history, model.Options{})
	require.NoError(t, err)
	target := engine.Target{Current: 2, Ready: 2, Min: 1, Max: 30, Missed: math.NaN()}
	hedges := func(look func(*engine.Workload)) (out []float64) {
		w, err := engine.New(s)
		require.NoError(t, err)
		require.NoError(t, w.Install(fit))
		for now := history.End().Add(-10 * time.Minute); now.Before(history.End()); now = now.Add(15 * time.Second) {
			w.Observe(collector.Sample{Time: now, Value: 100})
			w.Decide(now, target)
			w.Answer(now, w.Demand(now))
			out = append(out, w.Parts().Hedge)
			look(w)
			require.InDelta(t, out[len(out)-1], w.Parts().Hedge, 0, "the last decision is still shown")
		}
		return out
	}
	alone := hedges(func(*engine.Workload) {})
	require.Zero(t, alone[0])
	require.Positive(t, alone[len(alone)-1])
	due := history.End()
	for name, look := range map[string]func(*engine.Workload){
		"Look":           func(w *engine.Workload) { w.Look(due) },
		"Rehearse":       func(w *engine.Workload) { w.Rehearse(due) },
		"RehearseAnswer": func(w *engine.Workload) { w.RehearseAnswer(due) },
	} {
		require.Equal(t, alone, hedges(look), name)
	}
}

// weekends returns days of minutes from a Sunday on, at 60 on Saturdays and Sundays and at 100
// on the others, with the noise that such counts have.
func weekends(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(13, 1))
	s := forecast.Series{Start: monday.AddDate(0, 0, -1), Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range s.Values {
		level := 100.0
		if i/1440%7 == 0 || i/1440%7 == 6 {
			level = 60
		}
		s.Values[i] = level * (1 + 0.02*rng.NormFloat64())
	}
	return s
}

// The first minute of a Monday comes once a week: no model with a step of a minute learns it from
// its errors within a fortnight.
func TestTheEndOfAWeekendIsForeseen(t *testing.T) {
	all := weekends(16)
	end := 15 * 1440
	w := installed(t, all.Slice(1440/2, end-10))
	for i := end - 10; i < end-1; i++ {
		require.NoError(t, w.Append(all.Slice(i, i+1)))
		w.Observe(collector.Sample{Time: all.At(i + 1), Value: all.Values[i]})
		if i == end-8 {
			require.Less(t, w.Demand(all.At(i+1)).Predicted, 70.0, "not long before")
		}
	}
	now := all.At(end - 1) // the lead time is two minutes
	require.InDelta(t, 100, w.Demand(now).Predicted, 10)
	require.InDelta(t, 2./3, w.Parts().Chance, 1e-9, "the chance is shown")
}

// Who starts two minutes after a burst has begun, with a lead time of four minutes, does not take it
// for one that begins just then: that would start two or three replicas for each missing one again.
func TestAStartInABurstStartsNoSparesAgain(t *testing.T) {
	const onset = 2 * 1440
	s := paced()
	s.Scale.LeadTime.Value = 4 * time.Minute
	samples, cells := scraped(3)
	for i := 4 * onset; i < len(samples); i++ {
		samples[i].Value *= 3
	}
	for i := onset; i < cells.Len(); i++ {
		cells.Values[i] *= 3
	}
	w := started(t, s, cells.Slice(0, onset+2))
	target := engine.Target{Current: 60, Ready: 17, Min: 1, Max: 4000, Missed: math.NaN()}
	w.Decide(cells.At(onset+2), target) // before the first sample
	for i := 4 * (onset + 2); i < 4*(onset+10); i++ {
		if i%4 == 3 {
			require.NoError(t, w.Append(cells.Slice(i/4, i/4+1)))
		}
		if i >= 4*(onset+4) {
			target.Ready = 60 // they have started
		}
		w.Observe(samples[i])
		if n := w.Decide(samples[i].Time, target).Replicas; i > 4*(onset+5) {
			require.LessOrEqual(t, n, target.Current, "%v after the onset", samples[i].Time.Sub(cells.At(onset)))
		}
	}
}

package pacing_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/pacing"
	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/trial"
)

var (
	start  = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	alphas = [trial.Size]float64{0.5, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.002}
)

// steady is a target of ten replicas that need no more.
func steady(now time.Time, missed float64) reactive.Moment {
	return reactive.Moment{
		Now: now, Demand: 1000, Age: 30 * time.Second, Asked: 1000 / (reactive.Utilization * 100),
		Least: 1, Need: 10, Ready: 11, Count: 11, Missed: missed, Startup: time.Minute,
	}
}

// run books a day of quarters of a minute of which each missed so much.
func run(p *pacing.Pacer, missed float64, burst bool) time.Time {
	now := start
	for range 4 * 1440 {
		now = now.Add(15 * time.Second)
		i := pacing.Interval{End: now, Length: 15 * time.Second, Missed: missed, Burst: burst}
		p.Observe(steady(now, missed), i)
		p.Book(i)
	}
	return now
}

func TestWhatBurstsMissMovesTheOddsOfTheHedge(t *testing.T) {
	within, beyond := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	require.InDelta(t, pacing.HedgeOdds, within.HedgeOdds(1), 1e-9, "at first")
	run(within, 0, true)
	run(beyond, 0.01, true)
	require.Greater(t, within.HedgeOdds(1), pacing.HedgeOdds, "nothing was missed: fewer hedges")
	require.InDelta(t, pacing.HedgeOdds, beyond.HedgeOdds(1), 1e-9, "ten times the budget was missed: hedges at longer odds do not pay")
	require.InDelta(t, beyond.HedgeOdds(1), beyond.HedgeOdds(-5), 0, "one replica at least")
}

// What nobody measured is neither kept nor missed.
func TestUnknownMissesMoveNothing(t *testing.T) {
	p := pacing.New(0.001, alphas)
	run(p, math.NaN(), false)
	require.InDelta(t, pacing.HedgeOdds, p.HedgeOdds(1), 1e-9)
}

// Behind KEDA nothing is decided while samples stay away. That the first one after hours comes
// with too few replicas does not say that there were too few for hours.
func TestASilenceIsNotMissed(t *testing.T) {
	heard, silent := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	now := run(heard, 0, false)
	run(silent, 0, false)
	after := func(p *pacing.Pacer, gap time.Duration, missed float64) float64 {
		at := now.Add(gap)
		p.Book(pacing.Interval{End: at, Length: gap, Missed: missed})
		for range 4 * 10 { // until it is settled that no burst explains it
			at = at.Add(15 * time.Second)
			p.Observe(steady(at, 0), pacing.Interval{End: at, Length: 15 * time.Second})
			p.Book(pacing.Interval{End: at, Length: 15 * time.Second})
		}
		return p.Alpha()
	}
	require.InEpsilon(t, after(heard, 15*time.Second, 0), after(silent, 2*time.Hour, 1), 0.01)
}

// The guard holds what the autoscaler in the shadow would have, and all of it at most,
// once that misses less than the target: it has 15 replicas for a demand of 10 at 70 %.
func TestTheGuardHoldsOnlyAfterHarm(t *testing.T) {
	kept, harmed := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	now := run(kept, 0, false)
	require.Equal(t, int32(15), kept.Reactive(now, 5*time.Minute))
	require.Zero(t, kept.Guarded(now, 5*time.Minute))
	run(harmed, 1, false)
	require.Equal(t, int32(15), harmed.Guarded(now, 5*time.Minute))
}

// What was imagined harmed nobody; what it says of the autoscaler stays.
func TestAbsolvedOfHarm(t *testing.T) {
	p := pacing.New(0.001, alphas)
	now := run(p, 0.01, false)
	require.Positive(t, p.Guarded(now, 5*time.Minute))
	known, wants := p.Known(), p.Reactive(now, 5*time.Minute)
	require.Greater(t, known, 20*time.Hour)
	p.Absolve()
	require.Zero(t, p.Guarded(now, 5*time.Minute))
	require.Equal(t, known, p.Known())
	require.Equal(t, wants, p.Reactive(now, 5*time.Minute))
	require.InDelta(t, 0, p.Trials().Real, 0)
}

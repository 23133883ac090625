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

// steady is a moment of a target that needs 10 replicas and has 11.
func steady(now time.Time, missed float64) reactive.Moment {
	return reactive.Moment{
		Now: now, Demand: 1000, Age: 30 * time.Second, Asked: 1000 / (reactive.Utilization * 100),
		Least: 1, Need: 10, Ready: 11, Count: 11, Missed: missed, Startup: time.Minute,
	}
}

// run books a day in intervals of 15 s, each of which missed the given share.
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

// Hedges at other odds do not pay, and no quantile of the usual demand provides for a burst.
func TestMissesInBurstsMoveNothing(t *testing.T) {
	within, beyond := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	require.InDelta(t, pacing.HedgeOdds, within.HedgeOdds(1), 1e-9, "at first")
	run(within, 0, true)
	run(beyond, 0.01, true)
	for name, p := range map[string]*pacing.Pacer{"nothing was missed": within, "ten times the target was missed": beyond} {
		require.InDelta(t, pacing.HedgeOdds, p.HedgeOdds(1), 1e-9, name)
	}
	require.InDelta(t, within.Alpha(), beyond.Alpha(), 0)
	require.InDelta(t, beyond.HedgeOdds(1), beyond.HedgeOdds(-5), 0, "one replica at least")
}

// An interval whose misses are unknown counts neither as kept nor as missed.
func TestUnknownMissesMoveNothing(t *testing.T) {
	p := pacing.New(0.001, alphas)
	before := p.Alpha()
	run(p, math.NaN(), false)
	require.InDelta(t, before, p.Alpha(), 0)
}

// Behind KEDA nothing is decided while there are no samples. Too few replicas at the first sample
// after hours do not mean that there were too few for hours.
func TestATimeWithoutSamplesIsNotMissed(t *testing.T) {
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

// Once the target has missed more than the simulated autoscaler, the guard holds at most the
// count of that: 15 replicas for a demand of 10 at 70 %.
func TestTheGuardHoldsOnlyAfterHarm(t *testing.T) {
	kept, harmed := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	now := run(kept, 0, false)
	require.Equal(t, int32(15), kept.Reactive(now, 5*time.Minute))
	require.Zero(t, kept.Guarded(now, 5*time.Minute))
	run(harmed, 1, false)
	require.Equal(t, int32(15), harmed.Guarded(now, 5*time.Minute))
	after := func(burst bool) int32 {
		p := pacing.New(0.001, alphas)
		at := run(p, 0, false).Add(15 * time.Second)
		p.Observe(steady(at, 1), pacing.Interval{End: at, Length: 15 * time.Second, Missed: 1, Burst: burst})
		return p.Guarded(at, 5*time.Minute)
	}
	require.Equal(t, int32(15), after(false), "all of it right after a miss, however little is on the account")
	require.Zero(t, after(true), "a burst is met by other rules")
}

// Without a history the whole count of the simulated autoscaler is held for a day, which is none
// while that is at zero.
func TestTheFirstDayHoldsTheWholeCountOfTheAutoscaler(t *testing.T) {
	p, now := pacing.New(0.001, alphas), start
	book := func(m reactive.Moment) int32 {
		for range 4 * 10 {
			now = now.Add(15 * time.Second)
			m.Now = now
			p.Observe(m, pacing.Interval{End: now, Length: 15 * time.Second})
		}
		return p.Guarded(now, 5*time.Minute)
	}
	busy := steady(now, 0)
	require.Equal(t, int32(15), book(busy))
	idle := busy
	idle.Demand, idle.Asked, idle.Least, idle.Need = 0, 0, 0, 0
	require.Zero(t, book(idle))
	require.Equal(t, int32(15), book(busy))
	p.Grow()
	require.Zero(t, p.Guarded(now, 5*time.Minute), "a history of days is known")
}

// On the first day nothing has been saved yet, so that 16 replicas against the autoscaler's 15 are
// too many once ten minutes are known. With a history they are allowed: later days are presumed to save
// what they cost.
func TestTheFirstDayHasNoCredit(t *testing.T) {
	young, grown := pacing.New(0.001, alphas), pacing.New(0.001, alphas)
	grown.Grow()
	for _, p := range []*pacing.Pacer{young, grown} {
		now := start
		book := func(ready int32, minutes int) {
			for range 4 * minutes {
				now = now.Add(15 * time.Second)
				m := steady(now, 0)
				m.Ready, m.Count = ready, ready
				p.Observe(m, pacing.Interval{End: now, Length: 15 * time.Second})
			}
		}
		book(16, 9)
		require.False(t, p.Exceeded(), "less than ten minutes are no evidence")
		book(16, 2)
		require.Equal(t, p == young, p.Exceeded(), "they are, even where an hour is not known yet")
		book(16, 60)
		require.Equal(t, p == young, p.Exceeded())
		require.Equal(t, p == young, p.Overspent())
		book(14, 80)
		require.False(t, p.Exceeded())
	}
}

// After a replay of the past its misses are dropped from the account of harm; what it showed of the
// autoscaler stays.
func TestAbsolveDropsTheHarmOnly(t *testing.T) {
	p := pacing.New(0.001, alphas)
	now := run(p, 0.01, false)
	require.Positive(t, p.Guarded(now, 5*time.Minute))
	known, wants := p.Known(), p.Reactive(now, 5*time.Minute)
	require.Greater(t, known, 20*time.Hour)
	p.Absolve(math.Inf(1))
	require.Zero(t, p.Guarded(now, 5*time.Minute))
	require.Equal(t, known, p.Known())
	require.Equal(t, wants, p.Reactive(now, 5*time.Minute))
	require.InDelta(t, 0, p.Trials().Real, 0)
	cost := p.Cost()
	p.Absolve(cost / 2)
	require.InEpsilon(t, cost/2, p.Cost(), 1e-9)
}

// A burst is recognized only after its first minute, so that misses shortly before belong to it:
// no quantile of the usual demand covers them. Earlier misses do not.
func TestABurstExplainsWhatWasMissedBeforeIt(t *testing.T) {
	booked := func(before time.Duration) float64 {
		p := pacing.New(0.001, alphas)
		for second := 15; second <= 3600; second += 15 {
			i := pacing.Interval{End: start.Add(time.Duration(second) * time.Second), Length: 15 * time.Second}
			if second == 1800 {
				i.Missed = 1
			}
			i.Burst = second == 1800+int(before.Seconds())
			p.Book(i)
		}
		return p.Trials().Real
	}
	require.Zero(t, booked(0))
	require.Zero(t, booked(75*time.Second))
	require.InDelta(t, 15, booked(5*time.Minute), 0)
	require.InDelta(t, 15, booked(time.Hour), 0, "no burst at all")
}

// hours books n hours in intervals of 15 s, in which the target has count replicas and needs need,
// and the autoscaler without a forecast has 15.
func hours(p *pacing.Pacer, from time.Time, n int, count, need int32, missed float64) time.Time {
	for range n * 240 {
		from = from.Add(15 * time.Second)
		m := steady(from, missed)
		m.Ready, m.Count, m.Need = count, count, need
		i := pacing.Interval{End: from, Length: 15 * time.Second, Missed: missed}
		p.Observe(m, i)
		p.Book(i)
	}
	return from
}

// While the target costs more than the autoscaler without a forecast, it provides for the median
// and hedges only likely bursts: the more replicas one needs, the likelier it has to be.
func TestATargetThatCostsTooMuchProvidesForLess(t *testing.T) {
	p := pacing.New(0.001, alphas)
	cheap := p.Alpha()
	now := hours(p, start, 24, 20, 10, 0)
	require.True(t, p.Dear())
	require.InDelta(t, 0.5, p.Alpha(), 1e-12)
	require.InDelta(t, 0.5*trial.UsualMisses*8, p.HedgeOdds(8), 1e-12)
	require.InDelta(t, 0.5*trial.UsualMisses*2, p.HedgeOdds(2), 1e-12)
	hours(p, now, 72, 8, 8, 0)
	require.False(t, p.Dear(), "what was spent is saved again")
	require.Less(t, p.Alpha(), 2*cheap)
	require.InDelta(t, p.HedgeOdds(1), p.HedgeOdds(8), 1e-12, "a bill that leaves room sets no price")
}

// A target that misses nearly always, with more replicas than the autoscaler, which is computed
// never to miss, has a wrong capacity: a replica serves less than assumed. Then the bill must not
// lead to fewer replicas.
func TestABillIsIgnoredWhenTheMissesContradictIt(t *testing.T) {
	p := pacing.New(0.001, alphas)
	hours(p, start, 24, 20, 10, 1)
	require.False(t, p.Dear())
	require.Less(t, p.Alpha(), 0.01)
	both := pacing.New(0.001, alphas)
	hours(both, start, 24, 20, 30, 1)
	require.True(t, both.Dear(), "that autoscaler would have missed as much")
}

// A hedge raises the bill while it lasts, but its own cost does not end it at once.
func TestThePriceFollowsTheBillInHours(t *testing.T) {
	p := pacing.New(0.001, alphas)
	now := hours(p, start, 24, 14, 10, 0)
	now = hours(p, now, 1, 60, 10, 0)
	require.True(t, p.Exceeded())
	require.False(t, p.Dear())
	hours(p, now, 6, 15, 10, 0)
	require.True(t, p.Dear())
}

// Where the autoscaler without a forecast misses less than the target allows, the goal is 0.7 of
// what it misses; it is never more than the target.
func TestTheGoalFollowsTheAutoscaler(t *testing.T) {
	const target = 0.001
	goal := func(n int, need int32) float64 {
		p := pacing.New(target, alphas)
		for i := range n * 4 * 1440 {
			now := start.Add(time.Duration(i) * 15 * time.Second)
			m := steady(now, 0)
			m.Need = need
			p.Observe(m, pacing.Interval{End: now, Length: 15 * time.Second})
		}
		return p.Goal()
	}
	require.InDelta(t, 0.7*0.3*target, goal(0, 10), 1e-12, "presumed")
	require.InDelta(t, 0.7*0.3*target/2, goal(14, 10), 0.002*target, "it misses nothing, and what is known weighs as much as what is presumed, at most")
	require.InDelta(t, target, goal(1, 16), 1e-12, "it misses all the time")
}

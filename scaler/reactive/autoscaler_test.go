package reactive_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/reactive"
)

var start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// moment is one of a target whose replicas each serve a demand of 1.
func moment(now time.Time, need, ready int32, startup time.Duration) reactive.Moment {
	return reactive.Moment{Now: now, Demand: float64(need), Asked: float64(need * 10 / 7), Need: need, Ready: ready, Startup: startup}
}

// shadow updates r every ten seconds: each of counts is a number of replicas needed, and how many
// times in a row. The target has ready replicas.
func shadow(r *reactive.Autoscaler, from time.Time, startup time.Duration, ready int32, counts ...[2]int) time.Time {
	for _, c := range counts {
		for range c[1] {
			need := int32(c[0])
			r.Update(moment(from, need, ready, startup))
			from = from.Add(10 * time.Second)
		}
	}
	return from
}

func TestReactiveMissesWhatItsHeadroomDoesNotCover(t *testing.T) {
	const day = 8640 // ten seconds
	for _, c := range []struct {
		name        string
		low, high   int
		startup     time.Duration
		from, below float64 // missed seconds per rise
	}{
		{"steady", 20, 20, time.Minute, 0, 1e-9},
		{"a rise by a third is within 70 %", 21, 28, time.Minute, 0, 1e-9},
		{"a doubling waits for a start", 20, 40, time.Minute, 60, 100},
		{"and for a longer one", 20, 40, 3 * time.Minute, 180, 220},
	} {
		var r reactive.Autoscaler
		now := start
		const rises = 12
		for range rises { // two hours each
			now = shadow(&r, now, c.startup, 20, [2]int{c.low, day/24 - 60}, [2]int{c.high, 60}, [2]int{c.low, day / 24})
		}
		seconds := r.Short * 24 * 3600 / rises
		require.True(t, seconds >= 0.8*c.from && seconds <= 1.3*c.below+1e-9, "%s: %v s per rise", c.name, seconds)
	}
}

func TestOverspentIsSoonIfItIsMuch(t *testing.T) {
	for _, c := range []struct {
		ready   int32
		minutes int
		want    bool
	}{
		{29, 5, false},  // too soon to judge
		{29, 20, true},  // twice the fourteen of 70 %
		{17, 20, false}, // a fifth more may be an accident
		{17, 120, true},
		{14, 120, false},
		{-1, 120, false}, // unknown
	} {
		var r reactive.Autoscaler
		shadow(&r, start, time.Minute, c.ready, [2]int{10, 6 * c.minutes})
		require.Equal(t, c.want, r.Overspent(), "%d replicas for %d minutes", c.ready, c.minutes)
	}
}

// The bill presumed for the days before allows for an expensive start, but not for weeks of it.
func TestOverspentIsLittleInTheLongRun(t *testing.T) {
	for hours, want := range map[int]bool{2: false, 24: false, 4 * 7 * 24: true} {
		var r reactive.Autoscaler
		shadow(&r, start, time.Minute, 29, [2]int{20, 360 * hours})
		require.Equal(t, want, r.Overspent(), "29 where the shadow has 28, for %d hours", hours)
	}
}

// weeks is the time, in updates of 10 s, after which the bill presumed at the start has faded.
const weeks = 4 * 7 * 8640

func TestBillComparesWithWhatReactiveScalingCosts(t *testing.T) {
	for _, c := range []struct {
		ready int32
		bill  float64
	}{{14, 0.5}, {28, 1}, {56, 2}} {
		var r reactive.Autoscaler
		require.True(t, math.IsNaN(r.Bill()), "nothing is known yet")
		shadow(&r, start, time.Minute, c.ready, [2]int{20, weeks})
		require.InDelta(t, c.bill, r.Bill(), 0.01)
	}
	var blind reactive.Autoscaler
	shadow(&blind, start, time.Minute, -1, [2]int{20, weeks})
	require.True(t, math.IsNaN(blind.Bill()), "how many are ready is unknown")
}

// While the number of ready replicas is unknown, the bill does not change: otherwise what the
// simulated autoscaler costs meanwhile would count as saved.
func TestTheBillDoesNotChangeWhileReplicasAreUnknown(t *testing.T) {
	var r reactive.Autoscaler
	now := shadow(&r, start, time.Minute, 28, [2]int{20, weeks})
	before := r.Excess()
	require.InDelta(t, 0, before, 1e-3, "28 where the shadow has 28")
	now = shadow(&r, now, time.Minute, -1, [2]int{20, 2 * 8640})
	require.InDelta(t, before, r.Excess(), 1e-9, "two days of a week")
	shadow(&r, now, time.Minute, 28, [2]int{20, 360})
	require.InDelta(t, before, r.Excess(), 1e-3)
}

// Measured misses count even where the number of replicas is unknown.
func TestWhatIsMeasuredNeedsNoReplicas(t *testing.T) {
	for _, missed := range []float64{0, 0.4, 1} {
		var r reactive.Autoscaler
		now := shadow(&r, start, time.Minute, -1, [2]int{20, 60})
		m := moment(now, 20, -1, time.Minute)
		m.Missed = missed
		require.Equal(t, reactive.Missed{Ours: missed, Theirs: 0}, r.Update(m))
	}
	var r reactive.Autoscaler
	now := shadow(&r, start, time.Minute, -1, [2]int{20, 60})
	m := moment(now, 20, -1, time.Minute)
	m.Missed = math.NaN()
	require.True(t, math.IsNaN(r.Update(m).Ours), "neither is known")
}

// Zero ready replicas are a known count, not a gap: they miss whatever demand there is, and cost
// nothing.
func TestZeroReadyReplicasAreKnown(t *testing.T) {
	var r reactive.Autoscaler
	now := shadow(&r, start, time.Minute, 0, [2]int{20, 60})
	m := moment(now, 20, 0, time.Minute)
	m.Missed = math.NaN()
	require.Equal(t, reactive.Missed{Ours: 1, Theirs: 0}, r.Update(m))
	require.InDelta(t, -1, r.Excess(), 0)
	require.InDelta(t, 28*600, r.Cost, 20)
}

// An expensive first hour says little of a week: it only moves the bill.
func TestTheFirstHourOnlyMovesTheBill(t *testing.T) {
	var r reactive.Autoscaler
	now := shadow(&r, start, time.Minute, 34, [2]int{20, 370})
	require.Less(t, r.Bill(), 1.0, "34 where the shadow has 28")
	require.Greater(t, r.Bill(), 0.92)
	shadow(&r, now, time.Minute, 34, [2]int{20, weeks})
	require.InDelta(t, 34.0/28, r.Bill(), 0.01)
}

// Where Count is known, replicas that are not ready are paid for as well.
func TestReplicasThatStartAreOnTheBill(t *testing.T) {
	var ready, starting reactive.Autoscaler
	now := start
	for i := range weeks / 6 {
		m := moment(now, 20, 20, time.Minute)
		m.Count = 20
		ready.Update(m)
		if i%2 == 1 {
			m.Count = 40
		}
		starting.Update(m)
		now = now.Add(time.Minute)
	}
	// Each second minute twenty more are there, and half a minute longer until they end.
	require.InEpsilon(t, ready.Bill()*(20+10+20*30.0/120)/20, starting.Bill(), 0.01)
}

// Replicas that the guard holds cost, but do not count as overspent: else less would be provided
// while there is harm.
func TestReplicasHeldByTheGuardDoNotCountAsOverspent(t *testing.T) {
	var r reactive.Autoscaler
	now := start
	for range 4000 {
		m := moment(now, 20, 34, time.Minute)
		m.Held = 6
		r.Update(m)
		now = now.Add(time.Minute)
	}
	require.True(t, r.Exceeded(), "34 where the shadow has 28")
	require.False(t, r.Overspent())
	require.InDelta(t, 1, r.Bill(), 0.01, "28 without those held")
}

func TestStartsAreOnTheBill(t *testing.T) {
	var calm, restless reactive.Autoscaler
	now := start
	for i := range 4000 {
		flip := int32(28)
		if i%2 == 1 {
			flip = 24
		}
		calm.Update(moment(now, 20, 26, time.Minute))
		restless.Update(moment(now, 20, flip, time.Minute))
		now = now.Add(time.Minute)
	}
	// Each second minute four replicas start, a minute each, and end, half a minute.
	require.InDelta(t, calm.Bill()+4*90.0/120/28, restless.Bill(), 0.01)
}

func TestReactiveForgetsAcrossSilence(t *testing.T) {
	var r reactive.Autoscaler
	now := shadow(&r, start, time.Minute, 20, [2]int{20, 360})
	now = shadow(&r, now.Add(time.Hour), time.Minute, 20, [2]int{60, 1})     // it may have scaled meanwhile
	twice := r.Update(moment(now.Add(-10*time.Second), 60, 20, time.Minute)) // two at one instant
	require.True(t, math.IsNaN(twice.Ours) && math.IsNaN(twice.Theirs), "no time in which to miss")
	require.Zero(t, r.Short)
}

// An HPA's tolerance applies to the demand, not to the count that it is rounded up to: five
// replicas stay five at 8 % more demand.
func TestTheToleranceIsThatOfAnHPA(t *testing.T) {
	for name, c := range map[string]struct {
		then  float64 // demand in replicas, after five
		least int32
		want  int32
	}{
		"within a tenth more":  {5.4, 1, 5},
		"beyond":               {5.6, 1, 6},
		"within a tenth fewer": {4.6, 1, 5},
		"fewer":                {4.4, 1, 5},
		"far fewer":            {3.2, 1, 4},
		"idle":                 {0, 2, 2},
	} {
		var r reactive.Autoscaler
		now := start
		for i := range 60 {
			m := reactive.Moment{Now: now, Asked: 5, Least: c.least, Need: 4, Ready: 5, Startup: time.Minute}
			if i >= 30 {
				m.Asked = c.then
			}
			r.Update(m)
			now = now.Add(15 * time.Second)
		}
		require.Equal(t, c.want, r.WantsFor(now.Add(-15*time.Second), reactive.Stabilization), name)
	}
}

// A time without updates costs the replicas of its begin, starting ones included, and nothing if
// their number was unknown.
func TestATimeWithoutUpdatesCostsTheReplicasOfItsBegin(t *testing.T) {
	for name, c := range map[string]struct {
		ready, count, after int32
		want                float64 // replicas paid for in the silence
	}{
		"ready":                 {12, 0, 12, 12},
		"and starting":          {12, 15, 15, 15},
		"unknown at its begin":  {-1, 0, 12, 0},
		"unknown at its end":    {12, 0, -1, 0},
		"none":                  {0, 0, 0, 0},
		"none, the first start": {0, 3, 3, 3},
	} {
		var r reactive.Autoscaler
		m := moment(start, 7, c.ready, time.Minute)
		m.Count = c.count
		r.Update(m)
		m.Now, m.Ready, m.Count = start.Add(time.Hour), c.after, 0
		r.Update(m)
		require.InDelta(t, c.want*3600, r.Spent, 1e-6, name)
		require.Equal(t, c.ready >= 0 && c.after >= 0, r.Cost > 0, "%s: both or none", name)
	}
}

// A demand that is a mean over a minute is on average that of half a minute ago: it is compared
// with the replicas of that time.
func TestADemandIsJudgedByTheReplicasOfItsTime(t *testing.T) {
	missed := func(age time.Duration) (ours, theirs float64) {
		var r reactive.Autoscaler
		now := start
		for i := range 80 {
			need, ready := int32(10), int32(10)
			if i >= 40 { // demand leaps at minute ten, and the replicas with it
				need, ready = 20, 20
			}
			m := moment(now, need, ready, 0)
			m.Age = age
			if u := r.Update(m); i > 0 {
				ours, theirs = ours+15*u.Ours, theirs+15*u.Theirs
			}
			now = now.Add(15 * time.Second)
		}
		return ours, theirs
	}
	ours, theirs := missed(0)
	require.Zero(t, ours)
	require.Zero(t, theirs)
	ours, theirs = missed(30 * time.Second)
	require.InDelta(t, 30, ours, 0)
	require.InDelta(t, 30, theirs, 0)
}

// While there are no samples both the target and the simulated autoscaler keep their replicas, and
// pay for them.
func TestATimeWithoutSamplesIsOnBothBills(t *testing.T) {
	var r reactive.Autoscaler
	now := start
	for range 361 { // an hour in which the target has as many as the reactive autoscaler
		r.Update(moment(now, 7, 10, time.Minute))
		now = now.Add(10 * time.Second)
	}
	require.InDelta(t, 0, r.Excess(), 0.01)
	m := moment(now, 7, 10, time.Minute)
	m.Ready, m.Count = 15, 15
	r.Update(m)
	m.Silent, m.Asked = true, 3 // the window of the rate empties
	for range 60 {
		now = now.Add(5 * time.Second)
		m.Now = now
		r.Update(m)
	}
	require.Equal(t, int32(10), r.WantsFor(now, reactive.Stabilization), "an HPA without a metric holds")
	m.Silent, m.Asked = false, 10
	m.Now = now.Add(55 * time.Minute)
	r.Update(m)
	require.InDelta(t, 0.25, r.Excess(), 0.01, "half as much again for one hour of two")

	late := r
	m.Now = now.Add(75 * time.Hour)
	late.Update(m)
	require.Less(t, late.Excess(), 0.4, "of three days one hour counts, and the time before has faded")
}

// What was paid long ago weighs less where it is told so: the ratio of the bills stays, and what is
// left is no less than a new autoscaler with this count is presumed to have paid.
func TestBillsThatWeighLess(t *testing.T) {
	var r reactive.Autoscaler
	now, then := start, 0.0
	for i := range 2 * 1440 {
		if i == 1440 {
			then = r.Cost
		}
		r.Update(moment(now, 7, 8, time.Minute)) // the autoscaler has 10
		now = now.Add(time.Minute)
	}
	const hour = 3600.0
	require.InDelta(t, 240*hour, r.CostSince(then, 24*time.Hour), 20*hour, "24 hours, of which the first have faded")
	bill, excess := r.Bill(), r.Excess()
	r.Weigh(1000 * hour)
	require.InDelta(t, bill, r.Bill(), 0, "it is less already")
	r.Weigh(100 * hour)
	require.InDelta(t, 100*hour, r.Cost, 1)
	require.InDelta(t, excess, r.Excess(), 1e-9)
	require.InDelta(t, bill, r.Bill(), 1e-9)
	r.Weigh(0)
	require.InDelta(t, 60*hour, r.Cost, 1)
	require.InDelta(t, bill, r.Bill(), 1e-9)
}

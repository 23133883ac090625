package reactive_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/reactive"
)

// All is held after ten minutes of harm, not after two as formerly: on recorded loads
// two minutes, which one surprise can cost, kept the whole count for days, at a third
// more of the bill than the quantiles that keep as much. It ends: formerly the last
// seconds, which fade and are never gone, held three quarters for weeks after.
func TestTheGuardHoldsMoreTheMoreHarmIsDone(t *testing.T) {
	var g reactive.Guard
	require.Zero(t, g.Share())
	g.Book(1, 1, time.Hour)
	require.Zero(t, g.Share(), "what the other would have missed too is no harm")
	g.Book(math.NaN(), 0, time.Hour)
	g.Book(1, math.NaN(), time.Hour)
	require.Zero(t, g.Share(), "what nobody knows is none")
	g.Book(1, 0, 5*time.Minute)
	require.InDelta(t, 0.875, g.Share(), 1e-9, "half way from three quarters to all after five of ten minutes")
	g.Book(1, 0, 6*time.Minute)
	require.InDelta(t, 1, g.Share(), 1e-9)
	for range 12 * 24 {
		g.Book(0, 0, time.Hour)
	}
	require.InDelta(t, 0.76, g.Share(), 0.01, "660 s fade to 660·e^(−12/4) = 33 s in twelve days")
	for range 3 * 24 {
		g.Book(0, 0, time.Hour)
	}
	require.Zero(t, g.Share(), "and to 16 s in fifteen")
}

// One surprise of a scrape is met while it lasts, and is no reason to hold anything
// for days.
func TestASurpriseOfAScrapeIsNotOnTheAccount(t *testing.T) {
	var g reactive.Guard
	g.Book(1, 0, 15*time.Second)
	require.InDelta(t, 1, g.Holds(), 0)
	g.Book(0, 0, time.Hour)
	require.Zero(t, g.Holds())
	g.Book(1, 0, 15*time.Second)
	g.Book(0, 0, time.Hour)
	require.Positive(t, g.Holds(), "two of them are")
}

// What was missed less is credit, but little of it: a week of luck is no licence for
// a day of misses.
func TestCreditOfTheGuardIsSmall(t *testing.T) {
	var g reactive.Guard
	g.Book(0, 1, 20*time.Minute)
	g.Book(1, 0, 4*time.Minute)
	require.Zero(t, g.Share())
	g.Book(1, 0, 2*time.Minute)
	require.Positive(t, g.Share())
}

// Small is meant beside what is compared. Where the reactive autoscaler misses half an
// hour a day and ours a third of that, eight minutes more in one burst are no harm that
// would be worth its count for days; to miss as much as it for half a day more is.
func TestCreditOfTheGuardIsInProportion(t *testing.T) {
	var g reactive.Guard
	for range 14 * 24 {
		g.Book(10.0/24/60, 30.0/24/60, time.Hour)
	}
	g.Book(1, 0, 8*time.Minute)
	require.Zero(t, g.Share(), "a third of a day's is ten")
	g.Book(1, 0, 15*time.Minute)
	require.Positive(t, g.Share())
}

// What goes wrong now is met by all of the count, credit or not, and no longer than a
// quarter of an hour after it went right again.
func TestTheGuardHoldsAllWhileHarmIsDone(t *testing.T) {
	var g reactive.Guard
	g.Book(0, 1, 20*time.Minute)
	require.Zero(t, g.Holds(), "the other's misses are no harm")
	g.Book(1, 0, 5*time.Second)
	require.InDelta(t, 1, g.Holds(), 0)
	for range 14 * 60 {
		g.Book(0, 0, time.Second)
	}
	require.InDelta(t, 1, g.Holds(), 0)
	g.Book(0, 0, time.Minute)
	require.Zero(t, g.Holds(), "there is credit")
	g.Book(1, 0, 10*time.Minute)
	g.Book(0, 0, time.Hour)
	require.InDelta(t, g.Share(), g.Holds(), 0)
	require.InDelta(t, 0.87, g.Holds(), 0.01)
	g.Book(1, 0, 5*time.Second)
	require.InDelta(t, 1, g.Holds(), 0)
	g.Void()
	require.InDelta(t, g.Share(), g.Holds(), 0, "a burst was the reason")
	require.InDelta(t, 0.88, g.Holds(), 0.01, "the account stays")
}

// Who had as many replicas, and had them no later, missed nothing that the other kept:
// that its starts took longer than starts are supposed to is bad luck and no harm.
func TestSlowStartsAreNoHarm(t *testing.T) {
	for name, count := range map[string]int32{"as many": 40, "fewer": 30} {
		var r reactive.Autoscaler
		now, harm := start, 0.0
		for i := range 120 {
			need, ready := int32(20), int32(29)
			there := ready
			if i >= 60 { // a step at minute ten, and starts of two minutes where the shadow takes one
				need, there = 28, count
			}
			if i >= 72 {
				ready = count
			}
			m := moment(now, need, ready, time.Minute)
			m.Count, m.Missed = there, 0
			if need > 20 && i < 72 {
				m.Missed = 1
			}
			missed := r.Update(m)
			if i >= 60 {
				harm += 10 * max(missed.Ours-missed.Theirs, 0)
			}
			now = now.Add(10 * time.Second)
		}
		if name == "as many" {
			require.Zero(t, harm, name)
		} else {
			require.Greater(t, harm, 20.0, name)
		}
	}
}

// A target that asks for as many replicas as the reactive autoscaler, but only
// when demand has come, waits for their starts where that one has enough that are ready.
func TestLateReplicasAreHarm(t *testing.T) {
	var r reactive.Autoscaler
	now, harm := start, 0.0
	for i := range 120 {
		need, ready, there := int32(20), int32(22), int32(22)
		if i >= 60 { // what it asks for at minute ten, with a step to 28, starts for two minutes
			need, there = 28, 40
		}
		if i >= 72 {
			ready = 40
		}
		m := moment(now, need, ready, time.Minute)
		m.Count = there
		missed := r.Update(m)
		if i >= 60 {
			harm += 10 * max(missed.Ours-missed.Theirs, 0)
		}
		now = now.Add(10 * time.Second)
	}
	require.Greater(t, harm, 100.0, "29 were ready without it")
}

// Both services meet the same load, by the same means: a target that has what the
// reactive autoscaler has misses what that misses.
func TestMissesAreComparedAlike(t *testing.T) {
	var r reactive.Autoscaler
	now, ours, theirs := start, 0.0, 0.0
	for i := range 8640 {
		demand := 2000.0
		if i%720 > 700 { // three minutes and a half each two hours
			demand = 8000
		}
		need := int32(demand / 95)
		m := r.Update(reactive.Moment{
			Now: now, Demand: demand, Age: 30 * time.Second, Full: 100, Asked: demand / 70, Need: need,
			Ready: max(r.WantsFor(now, reactive.Stabilization), 1), Startup: 0,
		})
		if i > 0 {
			ours, theirs = ours+m.Ours, theirs+m.Theirs
		}
		now = now.Add(10 * time.Second)
	}
	require.Positive(t, theirs)
	require.InDelta(t, theirs, ours, 0.35*theirs, "but for the slot in which it is told")
}

// What a service could not serve waits, and is late when it is served.
func TestWhatQueuesUpIsMissedAfterTheLoadHasGone(t *testing.T) {
	late := func(full float64) (n float64) {
		var r reactive.Autoscaler
		now := start
		for i := range 200 {
			demand := 1000.0
			if i >= 100 && i < 106 { // a minute of twice what ten replicas serve
				demand = 2000
			}
			m := r.Update(reactive.Moment{Now: now, Demand: demand, Full: full, Asked: 15, Need: int32(demand / 100), Ready: 11, Startup: time.Minute})
			if i > 0 {
				n += m.Ours * 10
			}
			now = now.Add(10 * time.Second)
		}
		return n
	}
	require.InDelta(t, 60, late(0), 10, "without a queue the minute itself")
	// 60 s · 900 beyond the capacity of 1100, worked off at 100 a second.
	require.InDelta(t, 60+540, late(100), 30)
}

func TestTheReactiveAutoscalerIsForgottenInSilence(t *testing.T) {
	var r reactive.Autoscaler
	require.Zero(t, r.WantsFor(start, reactive.Stabilization))
	now := shadow(&r, start, time.Minute, 20, [2]int{40, 60}, [2]int{20, 18}) // three minutes ago it was 40
	require.Equal(t, int32(57), r.WantsFor(now, reactive.Stabilization))
	require.Equal(t, int32(57), r.WantsFor(now, 4*time.Minute))
	require.Equal(t, int32(28), r.WantsFor(now, 2*time.Minute), "somebody else holds the rest")
	require.Zero(t, r.WantsFor(now.Add(6*time.Minute), reactive.Stabilization), "nobody knows what it would have")
}

// An HPA syncs each quarter of a minute. What it will go up to then is known with the sample,
// and who decides more often has it at once; not for a change within its tolerance, and not
// on the word of a sample that is old.
func TestWhatComesAtTheNextSyncIsWantedAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		need   int32
		silent bool
		want   int32
	}{
		"a doubling":           {40, false, 57},
		"within the tolerance": {21, false, 28},
		"a fall waits":         {10, false, 28},
		"an old sample":        {40, true, 28},
	} {
		var r reactive.Autoscaler
		now := shadow(&r, start, time.Minute, 28, [2]int{20, 60}) // on a sync
		m := moment(now.Add(5*time.Second), c.need, 28, time.Minute)
		m.Silent = c.silent
		r.Update(moment(now, 20, 28, time.Minute))
		r.Update(m)
		require.Equal(t, c.want, r.WantsFor(m.Now, reactive.Stabilization), name)
		require.Equal(t, c.want, r.WantsFor(m.Now, time.Minute), name)
		later := m.Now.Add(time.Hour)
		r.Update(moment(later, 10, 28, time.Minute))
		require.Equal(t, int32(14), r.WantsFor(later, reactive.Stabilization), "%s, and it begins anew after a silence", name)
	}
}

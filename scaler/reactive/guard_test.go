package reactive_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/reactive"
)

// The whole count is held after ten minutes of harm. Were it two, which one surprise can cost, it
// would be held for days: on recorded loads that cost a third more than the quantiles that keep as
// much. Harm of some seconds holds nothing, since the account fades but never reaches zero.
func TestTheGuardHoldsMoreTheMoreHarmIsDone(t *testing.T) {
	var g reactive.Guard
	require.Zero(t, g.Share())
	g.Book(1, 1, time.Hour)
	require.Zero(t, g.Share(), "what both miss is no harm")
	g.Book(math.NaN(), 0, time.Hour)
	g.Book(1, math.NaN(), time.Hour)
	require.Zero(t, g.Share(), "an unknown miss is no harm")
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

// Harm of a single scrape is answered while it lasts, but nothing is held for days because of it.
func TestHarmOfASingleScrapeIsNotOnTheAccount(t *testing.T) {
	var g reactive.Guard
	g.Book(1, 0, 15*time.Second)
	require.InDelta(t, 1, g.Holds(), 0)
	g.Book(0, 0, time.Hour)
	require.Zero(t, g.Holds())
	g.Book(1, 0, 15*time.Second)
	g.Book(0, 0, time.Hour)
	require.Positive(t, g.Holds(), "two of them are")
}

// Having missed less than the autoscaler is credit, but only a little: a good week does not excuse
// a bad day.
func TestCreditOfTheGuardIsSmall(t *testing.T) {
	var g reactive.Guard
	g.Book(0, 1, 20*time.Minute)
	g.Book(1, 0, 4*time.Minute)
	require.Zero(t, g.Share())
	g.Book(1, 0, 2*time.Minute)
	require.Positive(t, g.Share())
}

// The credit is in proportion to what the reactive autoscaler misses. Where that is half an hour a
// day, and the target misses a third of it, eight minutes in one burst hold nothing for days;
// fifteen minutes more do.
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

// While there is harm, and for a quarter of an hour after it, the whole count is held, whatever the
// credit.
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

// A target that asked for as many replicas as the reactive autoscaler, and no later, did no harm,
// even if its starts took longer than those that are assumed.
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

// Both sides are computed alike: a target with the replicas of the reactive autoscaler misses what
// that misses.
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
	require.InDelta(t, theirs, ours, 0.35*theirs, "but for the slot in which the count is known")
}

// Requests that could not be served wait, and are late when they are served.
func TestAQueueIsMissedAfterTheLoadHasGone(t *testing.T) {
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

func TestTheReactiveAutoscalerIsForgottenWithoutUpdates(t *testing.T) {
	var r reactive.Autoscaler
	require.Zero(t, r.WantsFor(start, reactive.Stabilization))
	now := shadow(&r, start, time.Minute, 20, [2]int{40, 60}, [2]int{20, 18}) // three minutes ago it was 40
	require.Equal(t, int32(57), r.WantsFor(now, reactive.Stabilization))
	require.Equal(t, int32(57), r.WantsFor(now, 4*time.Minute))
	require.Equal(t, int32(28), r.WantsFor(now, 2*time.Minute), "the HPA holds the rest")
	require.Zero(t, r.WantsFor(now.Add(6*time.Minute), reactive.Stabilization), "its count is unknown by now")
}

// An HPA syncs every 15 s. The count that it will go up to is known with the sample, and is wanted
// at once; not within its tolerance, and not from an old sample.
func TestTheCountOfTheNextSyncIsWantedAtOnce(t *testing.T) {
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
		require.Equal(t, int32(14), r.WantsFor(later, reactive.Stabilization), "%s, and it starts anew after an hour without updates", name)
	}
}

package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// with is the manifest with another forecast and another lead time.
func (b *bench) with(forecast, leadTime string) string {
	return strings.NewReplacer(`forecast: {model: naive, buffer: "1"}`, "forecast: "+forecast, "leadTime: 5s", "leadTime: "+leadTime).Replace(b.autoscaler(""))
}

// A load that climbs without end: at every moment the floor carries what comes
// three quarters of the lead time later.
func TestARampIsMetAhead(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	begin := time.Now()
	ramp := func(t time.Time) float64 { return 150 + 0.2*t.Sub(begin).Seconds() } // a replica each 50 s
	b.series(ramp)
	b.start("a")
	b.apply(b.with(`{model: drift, risk: "0.5"}`, "100s"))
	need := func(t time.Time) int32 { return int32(math.Ceil(ramp(t) / 10)) }
	b.eventually(patience, func() bool { return b.floor() >= need(time.Now().Add(75*time.Second)) }, "the forecast leads")
	b.always(time.Minute, func() bool {
		before := time.Now()
		return b.floor() >= need(before.Add(75*time.Second))
	}, "and stays ahead")
	require.LessOrEqual(t, b.floor(), need(time.Now().Add(150*time.Second)), "by the lead time and not by much more")
}

// With a lead time that is measured, and so has the HPA's 15 s in it, small raises
// ahead of their load leave the count to the HPA: it is there in time all the same.
func TestSmallRaisesAheadAreLeftToTheHPA(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	begin := time.Now()
	ramp := func(t time.Time) float64 { return 150 + 0.2*t.Sub(begin).Seconds() } // a replica each 50 s
	b.series(ramp)
	c := b.start("a")
	b.apply(strings.Replace(b.with(`{model: drift, risk: "0.5"}`, "5s"), ", leadTime: 5s", "", 1))
	need := func(t time.Time) int32 { return int32(math.Ceil(ramp(t) / 10)) }
	b.eventually(patience, func() bool { return b.replicas() >= need(time.Now().Add(30*time.Second)) }, "the forecast leads")
	b.logged(c, "patient=true")
	b.always(70*time.Second, func() bool {
		before := time.Now()
		return b.replicas() >= need(before)
	}, "and the count is never late")
}

// A step that was announced: the replicas are there when it comes, and not a
// minute earlier.
func TestAnAnnouncedStepIsMetAhead(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(20)
	b.start("a")
	b.apply(b.with(`{model: naive, risk: "0.5"}`, "20s"))
	b.reason("web", "Forecasting", "ModelFitted")
	start := time.Now().Add(75 * time.Second).Truncate(time.Second)
	b.series(func(t time.Time) float64 {
		if t.Before(start) {
			return 20
		}
		return 80
	})
	b.apply(b.with(fmt.Sprintf(`{model: naive, risk: "0.5", events: [{name: sale, start: %q, duration: 10m, multiplier: "4"}]}`, start.UTC().Format(time.RFC3339)), "20s"))
	b.always(5*time.Second, func() bool { return b.floor() == 2 }, "it is too early")
	b.eventually(patience, func() bool { return b.replicas() >= 8 }, "four times as much needs 8")
	lead := time.Until(start)
	fmt.Printf("MEASURED replicas raised %.1f s before an announced step (lead time 20 s)\n", lead.Seconds())
	require.Positive(t, lead)
	b.always(time.Until(start)+20*time.Second, func() bool { return b.floor() >= 8 && b.replicas() >= 8 }, "and stays through it")
}

// A forecast of a load that comes every two minutes raises the floor before it
// arrives.
func TestTheForecastLeadsTheLoad(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	const period, rise = 120 * time.Second, 60 * time.Second
	b.series(func(t time.Time) float64 { // 15 to 95; on its way up it needs the sixth replica after 60 s
		x := float64(t.UnixNano()%int64(period)) / float64(time.Second)
		return (55 - 40*math.Cos(2*math.Pi*(x-30)/120)) * (1 + 0.01*math.Sin(x*7))
	})
	b.start("a")
	into := func() time.Duration { return time.Duration(time.Now().UnixNano()) % period }
	for x := into(); x < 10*time.Second || x > 20*time.Second; x = into() {
		time.Sleep(100 * time.Millisecond) // to the quiet part of a period
	}
	b.apply(b.with(`{model: seasonal-naive, seasons: "2m", risk: "0.5"}`, "20s"))
	var lead time.Duration
	for lead == 0 {
		x := into()
		require.Less(t, x, 100*time.Second, "the floor never came up (floor %d)", b.floor())
		if b.floor() >= 6 {
			lead = rise - x
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Printf("MEASURED floor raised to 6 %.1f s before the load needs it (lead time 20 s)\n", lead.Seconds())
	require.Positive(t, lead)
}

// A forecast that beats the simple rules on its own workload is called trusted;
// one that loses to them is not, and stands back.
func TestTrustIsEarnedAndLost(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.more(1, 2)
	b.series(func(t time.Time) float64 { // a gentle wave of a minute
		return 50 + 15*math.Sin(2*math.Pi*float64(t.UnixNano()%int64(time.Minute))/float64(time.Minute))
	})
	rumour := fmt.Sprintf(`{model: naive, risk: "0.9", events: [{name: rumour, start: %q, duration: 1h, multiplier: "3"}]}`, time.Now().UTC().Format(time.RFC3339))
	b.start("a")
	b.apply(b.with(`{model: seasonal-naive, seasons: "1m", risk: "0.9"}`, "5s"))
	b.apply(named(b.with(rumour, "5s"), 0)) // a rush that was announced and does not come
	b.reason("web", "Trusted", "Earned")    // at the start already, over the history
	b.reason("web-0", "Trusted", "WorseThanReactive")
}

// Without data the floor is held, and then comes down by itself, step by step, to
// what it was; with data it is back.
func TestSilenceHoldsAndThenReleases(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(35)
	b.start("a", "--hold-silence", "5s")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 4 }, "the floor is held")
	b.metrics.Down(b.query(), true)
	b.always(15*time.Second, func() bool { return b.floor() == 4 }, "silence lowers nothing")
	b.reason("web", "Forecasting", "NoData")
	b.eventually(patience, func() bool { return b.floor() == 3 }, "then a tenth, at least one, a minute")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "down to what it was")
	b.clean()
	b.metrics.Down(b.query(), false)
	b.eventually(patience, func() bool { return b.floor() == 4 }, "data bring it back")
}

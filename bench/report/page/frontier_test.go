package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/report"
)

// The policies for an HPA and for KEDA are often close together, with no room for a label at their
// points. Both are labelled, also on a phone.
func TestBothPoliciesOfForescaleAreLabelledInACrowd(t *testing.T) {
	r := &report.Report{Runs: []report.Run{{Policy: "hpa-rate-70"}}}
	r.Verdict.Policy = "forescale-keda"
	c := &canvas{width: 358, height: 430}
	p := plane{left: 52, right: c.width - 16, top: 44, bottom: c.height - 46, low: 1, high: 2, most: 1}
	var labels []label
	var taken []box
	for i, policy := range []string{"forescale-floor", "hpa-rate-80", "hpa-cpu-70", "aws", "crane", "kpa", "phpa", "forescale-keda"} {
		at := xy{190 + 3*float64(i%3), 200 + 4*float64(i/3)}
		f := report.Frontier{Points: []report.Point{{Policy: policy, CostRatio: 1.2, ViolatingTime: 0.1}}}
		labels = append(labels, name(r, f, 0, at))
		taken = append(taken, box{at.x - 4, at.y - 4, at.x + 4, at.y + 4})
	}
	place(c, labels, taken, p, screen{"phone", 358})
	drawn := c.done("")
	require.Contains(t, drawn, "forescale-keda")
	require.Contains(t, drawn, "forescale-floor")
}

// A budget far from all policies is drawn within the picture all the same.
func TestAWideBudgetIsWithinThePicture(t *testing.T) {
	r := &report.Report{Settings: report.Settings{BudgetPct: 20}}
	r.Aggregates = []report.Aggregate{{Class: report.All, Policy: "kpa", CostRatio: 1.4, ViolatingTime: 0.5}}
	p := newPlane(r, &canvas{width: 358, height: 430})
	require.GreaterOrEqual(t, p.y(20), p.top)
}

// The word at the end of the budget's line stays readable beside a policy that costs most and
// misses the objective for as long as the budget allows.
func TestNoPolicyIsLabelledOverTheBudget(t *testing.T) {
	r := &report.Report{Settings: report.Settings{BudgetPct: 0.1}, Runs: []report.Run{{Policy: "hpa-rate-70"}}}
	r.Aggregates = []report.Aggregate{{Class: report.All, Policy: "phpa", CostRatio: 2.2, ViolatingTime: 0.12}}
	r.Frontiers = []report.Frontier{{Class: report.All, Points: []report.Point{{Policy: "phpa", CostRatio: 2.2, ViolatingTime: 0.12}}}}
	text := frontier(r, screen{"phone", 358})
	at := func(word string) (x, y float64) {
		m := regexp.MustCompile(`x="([0-9.]+)" y="([0-9.]+)">` + word + `<`).FindStringSubmatch(text)
		require.Len(t, m, 3, word)
		x, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		y, err = strconv.ParseFloat(m[2], 64)
		require.NoError(t, err)
		return x, y
	}
	budget, line := at("budget") // where it ends
	phpa, own := at("phpa")      // where it begins
	require.True(t, phpa+27 <= budget-40 || math.Abs(line-own) >= 12, "phpa at %v, %v; budget at %v, %v", phpa, own, budget, line)
}

// The axis of a low load has marks below one request per second, that of pods has none below 1.
func TestMarksOfALowLoad(t *testing.T) {
	require.InDeltaSlice(t, []float64{0, 0.05, 0.1}, ticks(0.09, 0, 2), 1e-12)
	require.Equal(t, []float64{0, 1}, ticks(0.09, 1, 2))
	require.Equal(t, []float64{0, 1000, 2000, 3000, 4000}, ticks(3900, 0, 4))
}

// In a column of days a policy that always has a pod to spare is not drawn below what is needed,
// and one that lacks pods for a while is.
func TestPodsOfALongColumn(t *testing.T) {
	at := func(i int, demand, ready int32) replay.Point {
		return replay.Point{At: time.Unix(int64(60*i), 0), Demand: demand, Ready: ready}
	}
	points := []replay.Point{at(0, 1, 3), at(1, 10, 11), at(2, 2, 9), at(3, 4, 3), at(4, 9, 9), at(5, 3, 9)}
	scale := timeScale{from: points[0].At, to: points[5].At, width: 2, columns: 2}
	drawn := scale.ready(points, scale.fold(points, func(p replay.Point) float64 { return float64(p.Demand) }, highest))
	require.Len(t, drawn, 2)
	require.InDelta(t, 11, drawn[0].y, 0, "the fewest are 3, of the ten needed at the peak")
	require.InDelta(t, 8, drawn[1].y, 0, "one is missing, although not at the peak")
}

// On a phone the marks of a year are as far apart as those of a day.
func TestMarksOfAYearDoNotMeet(t *testing.T) {
	points := make([]replay.Point, 366*24)
	for i := range points {
		points[i].At = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
	}
	c := &canvas{width: 358}
	newTime([]line{{points: points}}, screen{"phone", 358}).axis(c, 0, 100)
	require.LessOrEqual(t, strings.Count(c.b.String(), "<text"), 5)
	require.GreaterOrEqual(t, strings.Count(c.b.String(), "<text"), 2)
}

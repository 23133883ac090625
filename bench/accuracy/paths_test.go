package accuracy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/auto"
)

// pathDays are the days of history from which paths of two days are judged.
var pathDays = [...]int{7, 10, 14, 28}

// shortPaths returns the error of paths of two days of hours, from histories of some days
// that begin on all days of the week and at all times of day, over that of the best in
// hindsight of three rules: as now, as on the last day, as a week ago.
func shortPaths(t *testing.T, at func(*course) float64, seed uint64, days int) float64 {
	t.Helper()
	const horizon = 48
	path, rules, load := 0.0, [3]float64{}, 0.0
	for weekday := range 7 {
		s := hourly(at, seed, weekday, days+3)
		first := 5 * weekday % 24
		n := first + days*24
		f, err := auto.Path(t.Context(), s.Slice(first, n), horizon, []float64{0.5}, auto.Options{})
		require.NoError(t, err)
		for h, y := range s.Values[n : n+horizon] {
			path += math.Abs(y - f.Values[h][0])
			load += y
			for r, rule := range []float64{s.Values[n-1], s.Values[n-24+h%24], s.Values[n-168+h]} {
				rules[r] += math.Abs(y - rule)
			}
		}
	}
	return path / max(min(rules[0], rules[1], rules[2]), 1e-3*load)
}

// The bounds are on the geometric mean over two seeds. Before a week ago was asked in the
// second week, a shop was at 9.3 and 5.2 times the best rule with 7 and 10 days, and dead
// Sundays at 8.2 and 1.15.
//
// What is left above 1.02: with 7 days nothing tells a weekend from a new level, so that
// what is won for all loads of weeks is lost for deploys, walks and the weather; where two
// single days are closed, most days are unlike the next, and no gap is unusual; an office
// whose second Friday is a holiday, a rota of two weeks, and outages at random are not in
// what was seen; and with 14 days a launch and outages are judged by origins of which half
// lie before them.
func TestPathsFromShortHistories(t *testing.T) {
	for name, c := range map[string]struct {
		at    func(*course) float64
		bound [len(pathDays)]float64
	}{
		"shop":                {shop, [...]float64{1.46, 1.72, 0.93, 0.99}},
		"office":              {office, [...]float64{2.63, 1.32, 1.34, 1}},
		"dead Sundays":        {sundays, [...]float64{1.17, 1.04, 0.98, 0.8}},
		"three shifts":        {threeShifts, [...]float64{1.17, 1.03, 0.88, 0.83}},
		"closed on Mondays":   {closed(0), [...]float64{1.13, 1.15, 0.85, 0.79}},
		"closed twice a week": {closed(2, 6), [...]float64{4.57, 1.96, 0.97, 0.98}},
		"half Saturdays":      {halfSaturday, [...]float64{1.36, 1.35, 0.8, 0.78}},
		"a rota of two weeks": {rota, [...]float64{0.87, 1.12, 2.92, 1.57}},
		"busy weekends":       {weekends(2), [...]float64{1.05, 1.01, 0.92, 0.8}},
		"quieter weekends":    {weekends(0.7), [...]float64{1.01, 1.01, 0.92, 0.82}},
		"open every day":      {nights, [...]float64{0.81, 0.84, 0.7, 0.98}},
		"steady":              {steady, [...]float64{0.84, 0.82, 0.87, 0.84}},
		"level shifts":        {shifts, [...]float64{0.9, 0.94, 1.06, 0.8}},
		"deploys":             {deploys, [...]float64{2.19, 1.17, 0.8, 1.59}},
		"bursts":              {bursts, [...]float64{0.99, 1.13, 0.73, 0.9}},
		"random walk":         {walk, [...]float64{0.94, 1.36, 1.28, 1.1}},
		"walk and wave":       {drifting, [...]float64{0.98, 0.97, 0.85, 0.78}},
		"heating":             {heating, [...]float64{1.21, 1.03, 0.88, 0.9}},
		"prices":              {price, [...]float64{0.94, 1.83, 0.9, 0.68}},
		"launch":              {launch, [...]float64{1.31, 0.23, 2.5, 0.83}},
		"outages of a day":    {outages, [...]float64{1.03, 1.28, 3.22, 1.36}},
	} {
		t.Run(name, func(t *testing.T) {
			for d, bound := range c.bound {
				sum := 0.0
				for seed := range uint64(2) {
					sum += math.Log(shortPaths(t, c.at, seed, pathDays[d])) / 2
				}
				ratio := math.Exp(sum)
				t.Logf("%2d days: %.3f", pathDays[d], ratio)
				require.LessOrEqual(t, ratio, bound, "%d days", pathDays[d])
			}
		})
	}
}

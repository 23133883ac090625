package auto_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// On the third and the fourth day of a series in steps of hours there are few errors yet to
// learn from, and none twelve hours ahead that do not overlap with others. The pool must not
// be far from the better one of the rules that anybody could follow, summed over horizons.
func TestThePoolIsNearTheRulesInItsFirstDays(t *testing.T) {
	for name, load := range map[string]func(hour int) float64{
		"a smooth day":  func(hour int) float64 { return 1000 * (1 + 0.5*math.Sin(2*math.Pi*float64(hour)/24)) },
		"closed nights": func(hour int) float64 { return 1000 * max(0, math.Sin(math.Pi*float64(hour%24-8)/12)) },
		"three shifts":  func(hour int) float64 { return []float64{300, 900, 600}[hour%24/8] },
		"a season that grows": func(hour int) float64 {
			return 1000 * (1 + float64(hour)/120*math.Sin(2*math.Pi*float64(hour)/24))
		},
		"a job every six hours": func(hour int) float64 { return []float64{1700, 200, 200, 200, 200, 200}[hour%6] },
	} {
		t.Run(name, func(t *testing.T) {
			pool, rules := 0.0, [2]float64{}
			for seed := range uint64(6) {
				losses, naive := firstDays(t, load, seed)
				pool += losses
				for k, l := range naive {
					rules[k] += l
				}
			}
			best := min(rules[0], rules[1])
			t.Logf("%.3f of the error of the better rule", pool/best)
			require.Less(t, pool, 1.1*best, "up to 2.6 of it if the pool begins by regrets, 1.18 if the start ends as the gate opens")
		})
	}
}

// firstDays returns the sums of the errors of the pool, and of the last value and a day ago,
// one, two, six and twelve hours ahead.
func firstDays(t *testing.T, load func(hour int) float64, seed uint64) (pool float64, rules [2]float64) {
	t.Helper()
	const warm, n, day = 48, 96, 24
	rng := rand.New(rand.NewPCG(seed, 12))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range n {
		s.Values = append(s.Values, load(i)*(1+0.05*rng.NormFloat64()))
	}
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, warm))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm))
	require.NoError(t, err)
	f := forecast.New(12, 0.5)
	for i := warm; i < n; i++ {
		filter.Forecast(f)
		for _, h := range []int{1, 2, 6, 12} {
			if at := i + h - 1; at < n {
				y := s.Values[at]
				pool += math.Abs(y - f.Values[h-1][0])
				rules[0] += math.Abs(y - s.Values[i-1])
				rules[1] += math.Abs(y - s.Values[at-day])
			}
		}
		filter.Update(s.Values[i])
	}
	return pool, rules
}

package ensemble_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ensemble"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// families are series that break forecasters: value of cell i of an hourly series.
var families = map[string]func(i int, rng *rand.Rand) float64{
	"constant":           func(int, *rand.Rand) float64 { return 42 },
	"zero":               func(int, *rand.Rand) float64 { return 0 },
	"a week of zeros":    func(i int, r *rand.Rand) float64 { return on(i >= 168, day(i)*noise(r, 0.1)) },
	"rare counts":        func(_ int, r *rand.Rand) float64 { return poisson(r, 0.2) },
	"counts below one":   func(i int, r *rand.Rand) float64 { return poisson(r, 0.8*day(i)/100) },
	"closed at night":    func(i int, r *rand.Rand) float64 { return on(i%24 >= 8 && i%24 < 20, day(i)*noise(r, 0.1)) },
	"closed at weekends": func(i int, r *rand.Rand) float64 { return on(i/24%7 < 5, day(i)*noise(r, 0.1)) },
	"level shift":        func(i int, r *rand.Rand) float64 { return day(i)*noise(r, 0.05) + on(i > 500, 300) },
	"fall of the level":  func(i int, r *rand.Rand) float64 { return day(i)*noise(r, 0.05) + on(i < 500, 300) },
	"trend":              func(i int, r *rand.Rand) float64 { return 50 + float64(i)/2 + 10*noise(r, 0.3) },
	"growing season":     func(i int, r *rand.Rand) float64 { return 100 + (day(i)-100)*float64(i)/400 + 5*r.NormFloat64() },
	"changing period": func(i int, r *rand.Rand) float64 {
		return 100 + 50*math.Sin(float64(i)/(3+float64(i)/400)) + 5*r.NormFloat64()
	},
	"ten-hour period": func(i int, r *rand.Rand) float64 {
		return 100 + 50*math.Sin(2*math.Pi*float64(i)/10) + 5*r.NormFloat64()
	},
	"clocks change": func(i int, r *rand.Rand) float64 { return day(i+i/500) * noise(r, 0.05) },
	"heavy tails":   func(i int, r *rand.Rand) float64 { return day(i) * math.Pow(r.Float64(), -0.6) },
	"a billion":     func(i int, r *rand.Rand) float64 { return 1e9 * day(i) * noise(r, 0.05) },
	"a millionth":   func(i int, r *rand.Rand) float64 { return 1e-6 * day(i) * noise(r, 0.05) },
	"white noise":   func(_ int, r *rand.Rand) float64 { return 100 * noise(r, 0.3) },
}

func on(yes bool, v float64) float64 {
	if yes {
		return v
	}
	return 0
}

func day(i int) float64 { return 100 + 50*math.Sin(2*math.Pi*float64(i)/24) }

func noise(r *rand.Rand, sd float64) float64 { return max(0, 1+sd*r.NormFloat64()) }

func poisson(r *rand.Rand, mean float64) float64 {
	n, p := 0.0, r.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

// TestNoFamilyBreaksTheCombination compares with the best in hindsight of three
// rules: as now, as a day ago, as a week ago. Origins differ by 31 hours, so that
// they fall on all times of the day.
func TestNoFamilyBreaksTheCombination(t *testing.T) {
	const horizon, runs = 24, 24
	for name, family := range families {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 5))
			s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
			for i := range 600 + 31*runs + horizon {
				s.Values = append(s.Values, max(0, family(i, rng)))
			}
			own, top, rules := 0.0, 0.0, [3]float64{}
			for k := range runs {
				origin := 600 + 31*k
				f, err := ensemble.Forecast(t.Context(), s.Slice(max(0, origin-700), origin), horizon, levels, ensemble.Options{})
				require.NoError(t, err)
				forecasttest.Sane(t, f)
				for h := range horizon {
					y := s.Values[origin+h]
					own += math.Abs(y - f.Values[h][2])
					top = max(top, f.Values[h][4])
					for r, back := range []int{1, 24, 168} {
						rules[r] += math.Abs(y - s.Values[origin-back+h%back])
					}
				}
			}
			best := min(rules[0], rules[1], rules[2])
			t.Logf("%.3f of the best rule (%.3g)", own/best, best)
			require.LessOrEqual(t, own, 1.02*best+1e-9)
			peak := 0.0
			for _, v := range s.Values {
				peak = max(peak, v)
			}
			require.LessOrEqual(t, top, 3*peak, "bounds do not explode")
		})
	}
}

// TestAWeekOfZerosThenTraffic looks at the first hours and days after the start.
func TestAWeekOfZerosThenTraffic(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range 168 + 24*7 {
		s.Values = append(s.Values, families["a week of zeros"](i, rng))
	}
	for n := 168; n <= s.Len(); n += 5 {
		f, err := ensemble.Forecast(t.Context(), s.Slice(0, n), 24, levels, ensemble.Options{})
		require.NoError(t, err)
		forecasttest.Sane(t, f)
		for h := range 24 {
			require.Lessf(t, f.Values[h][4], 600.0, "%d hours after the start", n-168)
		}
	}
}

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

// The load of a night is a tenth of that of noon. Its noise is the same all day, or in
// proportion to the load. An interval is held against the one that knows the course of the
// day and the noise, 3.92 deviations wide: by its score, and by what lies beyond each end.
// In logarithms alone, the score under steady noise was 2.0 times the best.
func TestIntervalsFitTheNoiseTheyAreOf(t *testing.T) {
	course := func(i int) float64 { return 110 - 90*math.Cos(2*math.Pi*float64(i)/24) }
	for name, deviation := range map[string]func(load float64) float64{
		"the same all day":          func(float64) float64 { return 6 },
		"in proportion to the load": func(load float64) float64 { return load / 10 },
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 17))
			s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
			for i := range 24 * 60 {
				load := course(i)
				s.Values = append(s.Values, max(0, load+deviation(load)*rng.NormFloat64()))
			}
			score, best, above, below, n := 0.0, 0.0, 0.0, 0.0, 0.0
			for origin := 24 * 25; origin+48 <= s.Len(); origin += 31 {
				f, err := ensemble.Forecast(t.Context(), s.Slice(0, origin), 48, levels, ensemble.Options{})
				require.NoError(t, err)
				forecasttest.Sane(t, f)
				for h, y := range s.Values[origin : origin+48] {
					load := course(origin + h)
					wide := 1.96 * deviation(load)
					score += interval(f.Values[h][0], f.Values[h][4], y)
					best += interval(load-wide, load+wide, y)
					n++
					if y > f.Values[h][4] {
						above++
					}
					if y < f.Values[h][0] {
						below++
					}
				}
			}
			t.Logf("score %.3f of the best, %.1f %% above, %.1f %% below", score/best, 100*above/n, 100*below/n)
			require.Less(t, score, 1.15*best)
			require.InDelta(t, 0.025, above/n, 0.02)
			require.InDelta(t, 0.025, below/n, 0.02)
		})
	}
}

// interval is the score of a 95 % interval.
func interval(low, high, y float64) float64 {
	return high - low + 40*(max(0, low-y)+max(0, y-high))
}

// Hours that are always without load are no errors to learn from: 95 % intervals held 77 % of
// what a shop sells by day if it is closed at night, and 82 % if it is at weekends too.
func TestIntervalsByDayDoNotRestOnClosedHours(t *testing.T) {
	for name, open := range map[string]func(i int) bool{
		"at night":              func(i int) bool { return i%24 >= 8 && i%24 < 20 },
		"at night and weekends": func(i int) bool { return i%24 >= 8 && i%24 < 20 && i/24%7 < 5 },
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(8, 2))
			s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
			for i := range 24 * 50 {
				s.Values = append(s.Values, on(open(i), 100*(1+0.3*math.Sin(float64(i%24)))*(1+0.08*rng.NormFloat64())))
			}
			within, n := 0.0, 0.0
			for origin := 24 * 21; origin+48 <= s.Len(); origin += 31 {
				f, err := ensemble.Forecast(t.Context(), s.Slice(origin-24*21, origin), 48, levels, ensemble.Options{})
				require.NoError(t, err)
				forecasttest.Sane(t, f)
				for h, y := range s.Values[origin : origin+48] {
					if low, high := f.Values[h][0], f.Values[h][4]; y > 0 {
						n++
						within += on(low <= y && y <= high, 1)
					}
				}
			}
			t.Logf("%.1f %% of %v values within", 100*within/n, n)
			require.InDelta(t, 0.95, within/n, 0.04)
		})
	}
}

// What nights without load leave is exactly nothing.
func TestNoLoadIsForecastAsZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range 24 * 20 {
		s.Values = append(s.Values, families["closed at night"](i, rng))
	}
	f, err := ensemble.Forecast(t.Context(), s, 48, []float64{0.5}, ensemble.Options{})
	require.NoError(t, err)
	for h, row := range f.Values {
		if hour := h % 24; hour < 8 || hour >= 20 {
			require.Zero(t, row[0], h)
		}
	}
}

// Noise in what rests at night, a level of its own at weekends and a rush at six leave a
// thousandth of the load, which is nothing; what stirs at night stays.
func TestARestIsForecastAsZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	guests := s
	for i := range 24 * 14 {
		load := poisson(rng, 40) + on(i%24 == 6 && i/24%7 < 5, 1500+poisson(rng, 100)*3)
		s.Values = append(s.Values, on(i%24 >= 6 && i%24 < 23, load))
		guests.Values = append(guests.Values, s.Values[i]+on(i%24 == 2 && i/24%3 == 0, 1))
	}
	for name, s := range map[string]forecast.Series{"closed": s, "a guest every third night": guests} {
		f, err := ensemble.Forecast(t.Context(), s, 48, []float64{0.5}, ensemble.Options{})
		require.NoError(t, err)
		for h, row := range f.Values {
			switch hour := h % 24; {
			case hour >= 6 && hour < 23:
				require.Greater(t, row[0], 10.0, "%s: hour %d", name, h)
			case hour != 2:
				require.Zero(t, row[0], "%s: hour %d", name, h)
			}
		}
	}
}

package season_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

func TestAnOddSeasonIsFoundBesideTheDay(t *testing.T) {
	s := forecasttest.Hourly(24*30, 100, 1)
	for i := range s.Values {
		s.Values[i] += 30 * math.Sin(2*math.Pi*float64(i)/10)
	}
	found := season.Find(s)
	require.NotEmpty(t, found)
	require.Equal(t, 10*time.Hour, found[0])
}

func TestADayAloneIsNoNews(t *testing.T) {
	require.Empty(t, season.Find(forecasttest.Hourly(24*30, 100, 1)))
	require.Empty(t, season.Find(forecast.Series{Step: time.Hour}))
	require.Empty(t, season.Find(forecast.Series{Step: time.Hour, Values: make([]float64, 100)}), "constant")
}

// What repeats a known season is no other one: two days, or twice ten hours. What is no multiple
// of a day is one.
func TestMultiplesAreLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		hours float64 // period of a wave on top of the day
		want  []time.Duration
	}{
		"two days":        {48, nil},
		"three days":      {72, nil},
		"half a week":     {84, []time.Duration{84 * time.Hour}},
		"ten hours, once": {10, []time.Duration{10 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			s := forecasttest.Hourly(24*30, 100, 1)
			for i := range s.Values {
				s.Values[i] += 30 * math.Sin(2*math.Pi*float64(i)/c.hours)
			}
			require.Equal(t, c.want, append([]time.Duration(nil), season.Find(s)...))
		})
	}
}

// Gaps say nothing: the season beside them is found all the same.
func TestASeasonIsFoundBesideGaps(t *testing.T) {
	s := forecasttest.Hourly(24*30, 100, 1)
	rng := rand.New(rand.NewPCG(1, 3))
	for i := range s.Values {
		s.Values[i] += 30 * math.Sin(2*math.Pi*float64(i)/10)
		if rng.IntN(7) == 0 {
			s.Values[i] = math.NaN()
		}
	}
	found := season.Find(s)
	require.NotEmpty(t, found)
	require.Equal(t, 10*time.Hour, found[0])
}

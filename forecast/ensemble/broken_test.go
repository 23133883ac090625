package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// datesOf returns those of n cells from midnight on.
func datesOf(n, day int) []int {
	dates := make([]int, n)
	for i := range dates {
		dates[i] = i / day
	}
	return dates
}

// A week whose level changed once is no proof of a weekend where the change came at once, at
// an hour at which no other day has one; where it came with a day, it may be.
func TestABreakIsNoWeekend(t *testing.T) {
	const day = 24
	wave := func(i int) float64 {
		return 100 + 30*math.Sin(2*math.Pi*float64(i%day)/day) + float64((7*i+3*(i/day))%5)
	}
	once := func(at int, share float64) func(i int) float64 {
		return func(i int) float64 {
			if i < at {
				return share * wave(i)
			}
			return wave(i)
		}
	}
	open := func(i int) bool { return i%day >= 8 && i%day < 20 }
	for name, c := range map[string]struct {
		value  func(i int) float64
		broken bool
	}{
		"an outage ends at ten":       {once(2*day+10, 0.01), true},
		"half of the load moves away": {once(day+14, 2), true},
		"a weekend ends at midnight":  {once(2*day, 0.2), false},
		"all days alike":              {wave, false},
		"a weekend is flat": {func(i int) float64 {
			if i < 2*day {
				return 40
			}
			return wave(i)
		}, false},
		"a shop opens on Monday": {func(i int) float64 {
			if i < 2*day || !open(i) {
				return 0
			}
			return wave(i)
		}, false},
		"a shop closes on Saturday at noon": {func(i int) float64 {
			if i > 5*day+13 || !open(i) {
				return 0
			}
			return wave(i)
		}, false},
		"a batch of four hours ends on the first day": {func(i int) float64 {
			if i >= 3 && i < 7 {
				return 10 * wave(i)
			}
			return wave(i)
		}, false},
		"the level comes back": {func(i int) float64 {
			if i > day+10 && i < 4*day+15 {
				return 0.3 * wave(i)
			}
			return wave(i)
		}, false},
	} {
		values := make([]float64, 7*day)
		for i := range values {
			values[i] = c.value(i)
		}
		w := newWitness(values, day, 7*day)
		w.findSteps(datesOf(len(values), day))
		got := false
		for h := range 2 * day {
			cell := 7*day + h
			got = got || w.broken(7*day, cell, values[cell-day*(1+h/day)]-values[h])
		}
		require.Equal(t, c.broken, got, name)
	}
}

// A week ago from a cell on that lies behind the step, the level is the new one already.
func TestABreakEndsWithItsStep(t *testing.T) {
	const day = 24
	values := make([]float64, 7*day)
	for i := range values {
		values[i] = 10
		if i < day+10 {
			values[i] = 20
		}
	}
	w := newWitness(values, day, 7*day)
	w.findSteps(datesOf(len(values), day))
	require.True(t, w.broken(7*day, 8*day+9, -10))
	require.False(t, w.broken(7*day, 8*day+9, 10), "it fell")
	require.False(t, w.broken(7*day, 8*day+10, -10), "the first hour after it")
	require.False(t, w.broken(2*day+10, 7*day+9, -10), "seen for a day only")
}

// Of a week that begins with an outage, paths of two days are those of the last days. With
// the outage in them their error was 75, as much as the load itself on its first day.
func TestAPathForgetsAnOutage(t *testing.T) {
	s := forecast.Series{Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range 9 * 24 {
		v := 100 + 30*math.Sin(2*math.Pi*float64(i%24)/24) + float64((7*i+3*(i/24))%5)
		if i < 34 {
			v *= 0.02
		}
		s.Values = append(s.Values, v)
	}
	f, err := Forecast(t.Context(), s.Slice(0, 7*24), 48, []float64{0.5}, Options{})
	require.NoError(t, err)
	sum := 0.0
	for h, y := range s.Values[7*24:] {
		sum += math.Abs(y-f.Values[h][0]) / 48
	}
	t.Logf("%.2f", sum)
	require.Less(t, sum, 3.0)
}

// A weekend that ends at midnight does so where the clocks are changed on its Sunday, or where a
// day is no whole number of cells, too.
func TestAWeekendEndsAtMidnightByTheClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		first time.Time // a Saturday
		step  time.Duration
	}{
		"an hour less":              {time.Date(2026, time.March, 28, 0, 0, 0, 0, berlin), time.Hour},
		"an hour more":              {time.Date(2026, time.October, 24, 0, 0, 0, 0, berlin), time.Hour},
		"no change":                 {time.Date(2026, time.May, 2, 0, 0, 0, 0, berlin), time.Hour},
		"in cells of seven minutes": {time.Date(2026, time.May, 2, 0, 0, 0, 0, berlin), 7 * time.Minute},
	} {
		s := forecast.Series{Start: c.first, Step: c.step}
		for i := range int(7 * 24 * time.Hour / c.step) {
			at := s.At(i)
			v := 100 + 30*math.Sin(2*math.Pi*(float64(at.Hour())+float64(at.Minute())/60)/24)
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				v *= 0.2
			}
			s.Values = append(s.Values, v)
		}
		r := run{history: s, day: int(24 * time.Hour / c.step), opts: Options{Zone: berlin}}
		w := newWitness(s.Values, r.day, int(7*24*time.Hour/c.step))
		w.findSteps(r.dates())
		require.Empty(t, w.steps, name)
	}
}

func TestSteepest(t *testing.T) {
	const span = 3
	rng := rand.New(rand.NewPCG(4, 2))
	values := make([]float64, 60)
	for i := range values {
		values[i] = float64(rng.IntN(9))
	}
	w := newWitness(values, 24, 50)
	for _, sign := range []float64{1, -1} {
		for at, got := range w.steepest(span, sign) {
			want := 0.0
			for i := max(span, at-span); i <= min(at+span, len(values)-1); i++ {
				want = max(want, sign*(values[i]-values[i-span]))
			}
			require.InDelta(t, want, got, 0, at)
		}
	}
	require.Equal(t, []float64{0, 0}, newWitness([]float64{1, 5}, 24, 50).steepest(span, 1), "too short for a step")
}

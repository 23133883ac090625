package burst_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// week returns seven days of minutes, 100 with 3 % of noise, where high says so
// four times as much.
func week(high func(day, minute int) bool) []float64 {
	rng := rand.New(rand.NewPCG(2, 3))
	values := make([]float64, 7*1440)
	for i := range values {
		values[i] = 100 + 3*rng.NormFloat64()
		if high(i/1440, i%1440) {
			values[i] *= 4
		}
	}
	return values
}

func TestDailyTellsTheClockFromChance(t *testing.T) {
	const nine = 9 * 60
	late := rand.New(rand.NewPCG(4, 4))
	slots := map[int]bool{}
	for d := range 7 {
		for range 12 {
			slots[d*48+late.IntN(48)] = true // a quarter of the half-hours, others each day
		}
	}
	for name, tt := range map[string]struct {
		high func(day, minute int) bool
		at   int // minute of the fourth day
		want bool
	}{
		"office hours":        {func(_, m int) bool { return m >= nine && m < 17*60 }, nine, true},
		"a nightly job":       {func(_, m int) bool { return m >= 120 && m < 125 }, 120, true},
		"weekdays only":       {func(d, m int) bool { return d < 5 && m >= nine && m < 17*60 }, nine, true},
		"every two hours":     {func(_, m int) bool { return m%120 < 6 }, 600, true},
		"a minute late or so": {func(d, m int) bool { return m >= nine+d%2 && m < nine+30 }, nine, true},
		"once":                {func(d, m int) bool { return d == 3 && m >= nine && m < nine+10 }, nine, false},
		"every other day":     {func(d, m int) bool { return d%2 == 1 && m >= nine && m < nine+10 }, nine, false},
		"half-hours by lot":   {func(d, m int) bool { return slots[d*48+m/30] && m%30 < 8 || d == 3 && m >= 600 && m < 608 }, 600, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, burst.Daily(week(tt.high), 3*1440+tt.at, start, time.Minute))
		})
	}
}

// If a gap begins with the third minute after a rise, the rise itself is known, though not the one
// of the minute after it.
func TestADayWithAGapAfterItsRiseCounts(t *testing.T) {
	values := week(func(_, m int) bool { return m >= 540 && m < 600 })
	for d := range 7 {
		if d != 3 {
			values[d*1440+543] = math.NaN()
		}
	}
	require.True(t, burst.Daily(values, 3*1440+540, start, time.Minute))
}

func TestDailyNeedsOtherDays(t *testing.T) {
	values := week(func(_, m int) bool { return m >= 540 && m < 600 })
	require.False(t, burst.Daily(values[:1440], 540, start, time.Minute), "there is no other day")
	require.False(t, burst.Daily(values[:2*1440], 540, start, time.Minute), "one other day may be chance")
	require.True(t, burst.Daily(values[:3*1440], 540, start, time.Minute))
	for i := range values {
		if i/1440 != 3 {
			values[i] = math.NaN()
		}
	}
	require.False(t, burst.Daily(values, 3*1440+540, start, time.Minute), "nothing is known of them")
	require.False(t, burst.Daily(values, 0, start, time.Minute), "nothing before it")
	require.False(t, burst.Daily(values, 5, start, 7*time.Minute), "days are no whole number of cells")
}

// When the clocks change, a rise by the wall clock moves by sixty cells. It is still found to be
// daily, on either side of the change, and expected.
func TestARiseByTheWallClockSurvivesAChangeOfTheClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, first := range map[string]time.Time{ // a Wednesday; the clocks are changed on the Sunday
		"forward": time.Date(2026, 3, 25, 0, 0, 0, 0, berlin),
		"back":    time.Date(2026, 10, 21, 0, 0, 0, 0, berlin),
	} {
		rng := rand.New(rand.NewPCG(5, 5))
		values := make([]float64, 8*1440)
		for i := range values {
			values[i] = 100 + 3*rng.NormFloat64()
			if h := first.Add(time.Duration(i) * time.Minute).Hour(); h >= 9 && h < 17 {
				values[i] *= 4
			}
		}
		for _, day := range []int{2, 5} { // two and five of the others are on the same side
			nine := time.Date(first.Year(), first.Month(), first.Day()+day, 9, 0, 0, 0, berlin)
			i := int(nine.Sub(first) / time.Minute)
			require.True(t, burst.Daily(values, i, nine, time.Minute), "%s, day %d", name, day)
			require.False(t, burst.Daily(values, i, nine.UTC(), time.Minute), "%s, day %d: or this would prove nothing", name, day)
			d := burst.Detector{Zone: berlin}
			d.Expect(nine)
			for _, other := range []int{1, 3, 4, 7} {
				require.True(t, d.Expected(nine.AddDate(0, 0, other-day), time.Minute), "%s, day %d", name, other)
				require.True(t, d.ExpectedWithin(nine.AddDate(0, 0, other-day).Add(-time.Minute), nine.AddDate(0, 0, other-day)))
			}
		}
	}
}

func TestExpectedPhasesAreTimesOfDay(t *testing.T) {
	var d burst.Detector
	midnight := start
	d.Expect(midnight.Add(30 * time.Second))
	d.Expect(midnight.Add(time.Minute)) // the same
	require.Len(t, d.Phases, 1)
	require.True(t, d.Expected(midnight.Add(72*time.Hour-time.Minute), time.Minute), "on the other side of midnight")
	require.False(t, d.Expected(midnight.Add(72*time.Hour-9*time.Minute), time.Minute))
	require.True(t, d.Expected(midnight.Add(72*time.Hour-9*time.Minute), 5*time.Minute), "two long cells")
	at := midnight.Add(30*time.Second + 72*time.Hour) // what was expected
	require.True(t, d.ExpectedWithin(at.Add(-time.Minute), at), "up to its end")
	require.False(t, d.ExpectedWithin(at, at.Add(time.Hour)), "it has passed")
	require.False(t, d.ExpectedWithin(at.Add(-2*time.Minute), at.Add(-time.Minute)))
	require.True(t, d.ExpectedWithin(at.Add(-2*time.Hour), at.Add(time.Hour)), "across midnight")
	var other burst.Detector
	other.Remember(&d)
	require.True(t, other.Expected(midnight, time.Minute))
}

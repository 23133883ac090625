package accuracy

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ets"
)

// The worst day is one of which at least half was scored: the first day is scored from its middle
// on, the last one ends early, and a gap leaves few values of a day.
func TestADayWithFewValuesIsNotTheWorst(t *testing.T) {
	const perDay = 24 // by the hour
	start := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		from, to int // hours of the first day whose truths lie above all bounds
		want     float64
	}{
		"all of it":              {0, 24, 0},
		"half of it":             {12, 24, 0},
		"less than half of it":   {13, 24, 1},
		"one truth of it":        {23, 24, 1},
		"a morning, then a gap":  {0, 11, 1},
		"no truth, but the next": {24, 24, 1},
	} {
		r := newRungScore(1, time.Hour)
		for i := c.from; i < 2*perDay+1; i++ {
			y := 1.0
			switch {
			case i >= 2*perDay: // the first hour of the third day
				y = 3
			case i >= perDay:
			case i < c.to:
				y = 3
			default:
				y = math.NaN()
			}
			r.waiting[0] = []float64{1, 1, 1, 2, 2, 2, 2}
			r.reference.update(1)
			r.judge(i, y, start.Add(time.Duration(i)*time.Hour))
		}
		r.closeDay()
		require.InDelta(t, c.want, r.worst[0], 0, name)
	}
}

// With steps of days the worst day would be one value, which a bound either covers or not.
func TestNoDayOfOneValueIsTheWorst(t *testing.T) {
	for step, want := range map[time.Duration]bool{time.Hour: true, 6 * time.Hour: true, 12 * time.Hour: false, 24 * time.Hour: false} {
		r := newRungScore(1, step)
		r.waiting[0] = []float64{1, 1, 1, 2, 2, 2, 2}
		r.reference.update(1)
		for i := range int(48 * time.Hour / step) {
			r.judge(i, 3, time.Unix(0, 0).Add(time.Duration(i)*step))
		}
		r.closeDay()
		require.Equal(t, want, !math.IsNaN(r.worst[0]), "%v", step)
	}
}

// With steps of days or weeks the warm-up is half of the series: in one of weeks, eight days would
// be a single sample.
func TestTheWarmUpOfDaysAndWeeksIsHalf(t *testing.T) {
	for step, want := range map[time.Duration]int{
		time.Hour: 8 * 24, 12 * time.Hour: 16, 24 * time.Hour: 150, 7 * 24 * time.Hour: 150,
	} {
		require.Equal(t, want, warmup(forecast.Series{Step: step, Values: make([]float64, 300)}), "%v", step)
	}
}

// Two seasons of a week are more than the warm-up of eight days, which no series would ever be
// long enough for.
func TestAModelThatNeedsMoreThanTheWarmUpGetsUpToHalf(t *testing.T) {
	for days, want := range map[int]int{
		60: 16, // twice eight
		30: 15, // half of them
		20: 0,  // half of them are no two weeks
	} {
		s := hourly(office, 1, 0, days)
		_, warm, err := fit(t.Context(), ets.Model{Seasons: ets.Two}, s)
		if want == 0 {
			require.ErrorIs(t, err, forecast.ErrShortHistory)
			continue
		}
		require.NoError(t, err, "%d days", days)
		require.Equal(t, want*24, warm, "%d days", days)

		scores, err := evaluate(t.Context(), ets.Model{Seasons: ets.Two}, s)
		require.NoError(t, err)
		require.Equal(t, s.Len()-want*24, scores[0].n, "an hour ahead, every later sample is judged once")
	}
}

func TestEveryStepHasHorizons(t *testing.T) {
	for step, want := range map[time.Duration][]int{
		time.Minute:        {1, 5, 15, 30, 60},
		15 * time.Second:   {1, 4, 20, 60, 120, 240},
		5 * time.Minute:    {1, 3, 6, 12},
		7 * time.Minute:    {1, 2, 6, 12}, // divides none of them
		45 * time.Second:   {1, 20, 40, 80},
		time.Hour:          {1, 2, 6, 12},
		7 * 24 * time.Hour: {1, 2, 6, 12},
	} {
		require.Equal(t, want, horizons(step), step)
	}
}

// An hour of steps under a second would be tens of thousands of forecasts for each sample.
func TestFineStepsAreAveraged(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		step time.Duration
		n    int
		want time.Duration
	}{
		"a tenth of a second":     {100 * time.Millisecond, 3600, time.Second},
		"a third, of which three": {300 * time.Millisecond, 3600, 900 * time.Millisecond},
		"more than half a second": {700 * time.Millisecond, 3600, 700 * time.Millisecond}, // two would be more than one
		"seconds":                 {time.Second, 3600, time.Second},
		"two days of seconds":     {time.Second, 48 * 3600, time.Minute},
		"two days of tenths":      {100 * time.Millisecond, 48 * 36000, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := prepare(trace.Trace{Start: begin, Step: c.step, Values: make([]float64, c.n)})
			require.Equal(t, c.want, s.Step)
			require.Equal(t, time.Duration(c.n)*c.step, time.Duration(s.Len())*s.Step)
		})
	}
}

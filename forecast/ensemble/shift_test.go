package ensemble

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/space"
)

// hours returns n hours of a load with a course of the day, before a change by which at
// says what becomes of the value of hour i.
func hours(n int, at func(i int, v float64) float64) []float64 {
	rng := rand.New(rand.NewPCG(8, 3))
	out := make([]float64, n)
	for i := range out {
		v := (100 + 50*math.Sin(2*math.Pi*float64(i)/24)) * (1 + 0.05*rng.NormFloat64())
		out[i] = max(0, at(i, v))
	}
	return out
}

func TestFindShift(t *testing.T) {
	const n = 336
	from := func(start int, change func(v float64) float64) func(int, float64) float64 {
		return func(i int, v float64) float64 {
			if i >= start {
				return change(v)
			}
			return v
		}
	}
	times := func(k float64) func(float64) float64 { return func(v float64) float64 { return k * v } }
	for name, c := range map[string]struct {
		change  func(i int, v float64) float64
		shifted int // hours since the shift; 0 = none
		adds    bool
	}{
		"twice the load for a day and a half":  {from(n-36, times(2)), 36, false},
		"two fifths of it for three days":      {from(n-72, times(0.4)), 72, false},
		"a batch job since five days":          {from(n-120, func(v float64) float64 { return v + 200 }), 120, true},
		"nothing happened":                     {from(n, nil), 0, false},
		"one day may be a holiday":             {from(n-24, times(0.4)), 0, false},
		"three hot days":                       {from(n-72, times(1.08)), 0, false},
		"a shift so long ago that it is usual": {from(n-180, times(2)), 0, false},
		"it grows by three percent a day": {func(i int, v float64) float64 {
			return v * math.Pow(1.03, float64(i)/24)
		}, 0, false},
		"it began to grow five days ago": {func(i int, v float64) float64 {
			return v * math.Pow(1.4, max(0, float64(i-n+120)/24))
		}, 0, false},
		"a weekend, of which one was seen": {func(i int, v float64) float64 {
			if i/24%7 >= 5 {
				return 0.3 * v
			}
			return v
		}, 0, false},
		"a few spikes": {func(i int, v float64) float64 {
			if i > n-30 && i%9 == 0 {
				return 8 * v
			}
			return v
		}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			values := hours(n, c.change)
			found := findShift(values, space.Log(values), 24, leastShift)
			if c.shifted == 0 {
				require.Zero(t, found)
				return
			}
			require.InDelta(t, n-c.shifted, found.At, 1)
			require.Equal(t, c.adds, found.adds)
			require.Positive(t, found.unsure)
		})
	}
}

func TestShiftNeedsEveryDayOfAWeekBefore(t *testing.T) {
	double := func(_ int, v float64) float64 { return v }
	values := hours(216, double)
	for i := 180; i < len(values); i++ {
		values[i] *= 2
	}
	require.Zero(t, findShift(values, space.Log(values), 24, leastShift), "seven and a half days before it")
	require.Zero(t, findShift(values[:20], space.Log(values), 24, leastShift), "not even a day")
	require.NotZero(t, findShift(slices.Concat(values[:48], values), space.Log(values), 24, leastShift), "nine and a half")
}

// An outage looks like a shift to nothing, and does not move the history there.
func TestZerosAreNoShift(t *testing.T) {
	s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Hour, Values: hours(336, func(i int, v float64) float64 {
		if i >= 300 {
			return 0
		}
		return v
	})}
	before := slices.Clone(s.Values)
	r := &run{history: s, day: 24}
	r.rebase()
	require.Equal(t, before, r.history.Values)
	require.Zero(t, r.unsure)
}

// TestForecastAfterAShift compares with the best of the rules as now and as a day ago, in
// hindsight. Without the move the path was up to five times as far off.
func TestForecastAfterAShift(t *testing.T) {
	for _, since := range []int{30, 48, 80, 120, 160} {
		for name, change := range map[string]func(v float64) float64{
			"twice":       func(v float64) float64 { return 2 * v },
			"half":        func(v float64) float64 { return v / 2 },
			"300 on top":  func(v float64) float64 { return v + 300 },
			"a bit, 30 %": func(v float64) float64 { return 1.3 * v },
		} {
			values := hours(400+48, func(i int, v float64) float64 {
				if i >= 400-since {
					return change(v)
				}
				return v
			})
			s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Hour, Values: values[:400]}
			f, err := Forecast(t.Context(), s, 48, []float64{0.025, 0.5, 0.975}, Options{})
			require.NoError(t, err)
			own, now, day, covered := 0.0, 0.0, 0.0, 0
			for h, y := range values[400:] {
				own += math.Abs(y - f.Values[h][1])
				now += math.Abs(y - values[399])
				day += math.Abs(y - values[376+h%24])
				if y >= f.Values[h][0] && y <= f.Values[h][2] {
					covered++
				}
			}
			require.LessOrEqualf(t, own, 1.02*min(now, day), "%s, %d hours ago", name, since)
			require.GreaterOrEqualf(t, covered, 40, "of 48 hours: %s, %d hours ago", name, since)
			require.Equal(t, values[:400], s.Values, "the history is the caller's")
		}
	}
}

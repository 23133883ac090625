package auto

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// noisyWeeks is a load by the hour with a wave a day, a little quieter on weekends, and noise
// of 5 %; change says what becomes of a value.
func noisyWeeks(days int, change func(i int, v float64) float64) forecast.Series {
	rng := rand.New(rand.NewPCG(4, 21))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range days * 24 {
		v := 100 * (1 + 0.6*math.Sin(2*math.Pi*float64(i)/24)) * (1 + 0.05*rng.NormFloat64())
		if i/24%7 > 4 {
			v *= 0.9
		}
		s.Values = append(s.Values, max(0, change(i, v)))
	}
	return s
}

// A load that doubles on a Friday is forecast two days later as one that has always been so
// large; bounds and times are as they should be throughout.
func TestThePoolFollowsAShift(t *testing.T) {
	const shifted, judged = 25*24 + 7, 27 * 24
	for name, c := range map[string]struct {
		change func(v float64) float64
		gaps   bool
		bound  float64
	}{
		"twice the load":   {func(v float64) float64 { return 2 * v }, false, 0.97},
		"a third of it":    {func(v float64) float64 { return v / 3 }, false, 0.88},
		"another tenant's": {func(v float64) float64 { return v + 150 }, false, 0.72},
		"and with gaps":    {func(v float64) float64 { return v + 150 }, true, 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			s := noisyWeeks(31, func(i int, v float64) float64 {
				if i < shifted {
					return v
				}
				return c.change(v)
			})
			if c.gaps {
				for i := 5; i < s.Len(); i += 29 {
					s.Values[i] = math.NaN()
				}
			}
			var errs [2]float64
			for k, forgets := range []bool{false, true} {
				f, dst := filterOf(t, s.Slice(0, 24*8), Options{}), forecast.New(12, 0.1, 0.5, 0.9)
				for i, v := range s.Values[24*8:] {
					if forgets {
						f.past = past{}
					}
					f.Update(v)
					now := 24*8 + i
					f.Forecast(dst)
					forecasttest.Sane(t, dst)
					require.Equal(t, s.Start.Add(time.Duration(now+1)*time.Hour), dst.Start)
					for _, h := range []int{3, 6, 12} {
						if now < judged || now+h >= s.Len() || math.IsNaN(s.Values[now+h]) {
							continue
						}
						errs[k] += math.Abs(s.Values[now+h] - dst.Values[h-1][1])
					}
				}
			}
			t.Logf("%.2f of the error of a pool that keeps no past", errs[0]/errs[1])
			require.Less(t, errs[0], c.bound*errs[1])
		})
	}
}

// What goes as it came, what comes every week, and what is no level is no reason to begin
// anew.
func TestThePoolBeginsAnewForShiftsAlone(t *testing.T) {
	within := func(from, to int) func(i int) bool {
		return func(i int) bool { return i >= from*24+7 && i < to*24+7 }
	}
	for name, c := range map[string]struct {
		when  func(i int) bool
		times float64
		anew  bool
	}{
		"nothing":           {within(0, 0), 1, false},
		"a holiday":         {within(24, 25), 0.3, false},
		"a warm spell":      {within(22, 27), 1.15, false},
		"an outage":         {within(24, 27), 0, false},
		"quiet weekends":    {func(i int) bool { return i/24%7 >= 5 }, 0.2, false},
		"twice the load":    {within(20, 40), 2, true},
		"two fifths of it":  {within(20, 40), 0.4, true},
		"twice for a while": {within(20, 25), 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := noisyWeeks(35, func(i int, v float64) float64 {
				if c.when(i) {
					return c.times * v
				}
				return v
			})
			f, anew := filterOf(t, s.Slice(0, 24*8), Options{}), false
			for _, v := range s.Values[24*8:] {
				before := f.guard
				f.Update(v)
				anew = anew || f.guard != before
			}
			require.Equal(t, c.anew, anew)
		})
	}
}

// Two holidays in a row look like a shift, until the load is what it was: then the past is
// what was seen.
func TestAShiftIsTakenBack(t *testing.T) {
	s := noisyWeeks(28, func(i int, v float64) float64 {
		if i >= 24*24+7 && i < 26*24+7 {
			return 0.4 * v
		}
		return v
	})
	s.Values[2] = math.NaN()
	back := 26*24 + 7 + 6
	f := filterOf(t, s.Slice(0, back-6), Options{})
	require.Positive(t, f.past.shift.At)
	require.InEpsilon(t, 0.4, f.past.at(20*24)/s.Values[20*24], 0.1)
	for _, v := range s.Values[back-6 : back] {
		f.Update(v)
	}
	require.Zero(t, f.past.shift.At)
	require.Len(t, f.past.cells, back)
	for i, v := range f.past.cells {
		if i != 2 {
			require.Equal(t, s.Values[i], v, i) //nolint:testifylint // the same, to the bit
		}
	}
	dst := forecast.New(12, 0.5)
	f.Forecast(dst)
	require.Equal(t, s.Start.Add(time.Duration(back)*time.Hour), dst.Start)
	for h, row := range dst.Values {
		require.InEpsilon(t, s.Values[back+h], row[0], 0.4, h)
	}
}

// At shorter steps nothing is kept, and at hourly steps four weeks are.
func TestAPastIsForHours(t *testing.T) {
	s := noisyWeeks(35, func(_ int, v float64) float64 { return v })
	require.Len(t, filterOf(t, s, Options{}).past.cells, 28*24)
	for _, step := range []time.Duration{30 * time.Minute, time.Minute} {
		s.Step = step
		require.Nil(t, filterOf(t, s, Options{}).past.cells)
	}
}

// In the week after a shift, while it may be taken back, no cell allocates either.
func TestAPastDoesNotAllocate(t *testing.T) {
	s := noisyWeeks(35, func(i int, v float64) float64 {
		if i >= 29*24+7 {
			return 2 * v
		}
		return v
	})
	f, next := filterOf(t, s.Slice(0, 32*24), Options{}), 32*24
	require.Positive(t, f.past.shift.At)
	f.models[0] = nil // it may be due for a fit
	require.Zero(t, testing.AllocsPerRun(60, func() {
		f.Update(s.Values[next])
		next++
	}))
	require.Positive(t, f.past.shift.At)
	require.Len(t, f.past.cells, 28*24)
}

// A load that jumps every few hours or days, with gaps, lets the filter begin anew no more
// than once in a quarter of a day, each time at the right time; and the cells one by one make
// the same filter as all of them at once.
func TestJumpsLetThePoolBeginAnewNowAndThen(t *testing.T) {
	for _, seed := range []uint64{1, 3, 5} {
		rng := rand.New(rand.NewPCG(seed, 11))
		level, home, next := 1.0, 1.0, 0
		s := noisyWeeks(50, func(i int, v float64) float64 {
			if next--; next < 0 && i >= 12*24 {
				next = 6 + rng.IntN(60)
				switch rng.IntN(4) {
				case 0:
					level = home
				case 1:
					home *= math.Exp(0.7 * rng.NormFloat64())
					level = home
				default:
					level *= math.Exp(rng.NormFloat64())
				}
			}
			if rng.IntN(50) == 0 {
				return math.NaN()
			}
			return level * v
		})
		f, dst := filterOf(t, s.Slice(0, 24*10), Options{}), forecast.New(12, 0.1, 0.5, 0.9)
		times, last := 0, 0
		for i, v := range s.Values[24*10:] {
			before := f.guard
			f.Update(v)
			if f.guard != before {
				require.True(t, times == 0 || i-last >= 6, "after %d hours", i-last)
				times, last = times+1, i
			}
			f.Forecast(dst)
			forecasttest.Sane(t, dst)
			require.Equal(t, s.At(24*10+i+1), dst.Start)
		}
		t.Logf("%d times", times)
		require.Positive(t, times)
		all, err := f.fitted.Filter(s)
		require.NoError(t, err)
		at := forecast.New(12, 0.1, 0.5, 0.9)
		all.Forecast(at)
		require.Equal(t, dst, at)
	}
}

// A value that is infinite is a gap like any other.
func TestAShiftIsFoundBesideWhatIsNoValue(t *testing.T) {
	s := noisyWeeks(28, func(i int, v float64) float64 {
		if i >= 24*24+7 {
			return 2 * v
		}
		return v
	})
	f := filterOf(t, s.Slice(0, 24*8), Options{})
	f.Update(math.Inf(1))
	f.Update(math.Inf(1)) // the second in a day is no fault of the measurement
	for _, v := range s.Values[24*8+2:] {
		f.Update(v)
	}
	require.Positive(t, f.past.shift.At)
}

// In the week after a shift a series of hours takes no more room than at any other time.
func TestAFilterIsSmallAfterAShift(t *testing.T) {
	s := noisyWeeks(33, func(i int, v float64) float64 {
		if i >= 31*24 {
			return 2 * v
		}
		return v
	})
	f := filterOf(t, s.Slice(0, 14*24), Options{})
	for _, v := range s.Values[14*24:] {
		f.Update(v)
	}
	require.Positive(t, f.past.shift.At)
	all, bytes := accountOf(f)
	t.Logf("%d bytes, by parts:\n%v", bytes, all)
	require.Less(t, bytes, 64<<10)
}

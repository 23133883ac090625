package burst

import (
	"math"
	"slices"
	"time"
)

// halfHour is how long the two means are that tell a ramp. Chance seldom raises one by half over
// the one before, and a ramp that is slower is followed by a forecast in time.
const halfHour = 30 * time.Minute

// ExpectRamps adds to the weekly rises those that take minutes to an hour, as where people come
// to work. They are too slow for a burst, and on the first day of a week too fast for a forecast
// whose last days were those of a weekend. In a ramp the mean of half an hour exceeds that of the
// one before by half, at the same time of both of the last weeks but not of the day before: what
// rises from day to day is known to a season. Every three cells of a ramp become a rise. None do
// where more than a tenth of what rises in both weeks could do so by chance, in cells too coarse
// to tell, or where they would be more than are remembered, as in cells of a few seconds.
//
// values are cells of length step, oldest first, NaN where there is no sample; the first one starts
// at start. Call it after [Detector.ExpectWeekly].
func (d *Detector) ExpectRamps(values []float64, start time.Time, step time.Duration) {
	if max(nearPhase, 2*step) > coarsest || day%step != 0 {
		return
	}
	s, n := newSums(values), int(halfHour/step)
	last := max(len(values)-int(week/step), 0)
	var ramps []Weekly
	both := 0 // times at which demand rises in both weeks
	for i := last; i+n <= len(values); i += rises {
		at := d.local(start.Add(time.Duration(i) * step))
		former := i + cellsTo(at, -7, step)
		if !(s.growth(i, n) >= leastRise && s.growth(former, n) >= leastRise) {
			continue
		}
		both++
		if !(s.growth(i+cellsTo(at, -1, step), n) < leastRise) || s.growth(i+cellsTo(at, -8, step), n) >= leastRise {
			continue
		}
		if a, b := rise(values, i), rise(values, former); min(a, b) > 1 && max(a, b) < math.Inf(1) {
			top := max(slices.Max(values[i:i+rises]), slices.Max(values[former:former+rises]))
			ramps = append(ramps, Weekly{At: d.wall(at.Add(step)) % week, Height: max(a, b), Top: top, Early: step, Ramp: true})
		}
	}
	byChance := s.risen(last, len(values), n) * s.risen(last-int(week/step), last, n) * float64(rises) / float64(week/step)
	if byChance <= mostChance*float64(both) && len(d.Weekly)+len(ramps) <= maxBursts {
		d.Weekly = append(d.Weekly, ramps...)
	}
}

// sums are the sums of the first cells of a series, and how many of those are known.
type sums struct{ of, known []float64 }

func newSums(values []float64) sums {
	s := sums{make([]float64, len(values)+1), make([]float64, len(values)+1)}
	for i, v := range values {
		s.of[i+1], s.known[i+1] = s.of[i], s.known[i]
		if !math.IsNaN(v) {
			s.of[i+1] += v
			s.known[i+1]++
		}
	}
	return s
}

// risen returns how many times in [from, to), three cells apart, lie in a ramp.
func (s sums) risen(from, to, n int) (times float64) {
	for i := from; i < to; i += rises {
		if s.growth(i, n) >= leastRise {
			times++
		}
	}
	return times
}

// growth returns the mean of the n cells from i on over that of the n before: 1 if both are 0, NaN
// unless at least half of either are known.
func (s sums) growth(i, n int) float64 {
	if i < n || i+n >= len(s.of) {
		return math.NaN()
	}
	known, knownAfter := s.known[i]-s.known[i-n], s.known[i+n]-s.known[i]
	before, after := (s.of[i]-s.of[i-n])/known, (s.of[i+n]-s.of[i])/knownAfter
	switch {
	case 2*min(known, knownAfter) < float64(n):
		return math.NaN()
	case before == after:
		return 1
	}
	return after / before
}

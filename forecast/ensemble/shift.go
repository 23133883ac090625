package ensemble

import (
	"math"
	"slices"

	"github.com/forescale/forescale/forecast/space"
)

// A Shift is a lasting change of the level: a tenant moved in, or a batch job was added to
// the load of users. Until all seasonal cells are from after it, every expert that looks a
// day or a week back forecasts the old level, and no earlier origin tells of the new one.
// So the history before a shift of the last days is moved to the new level, and the experts
// see one series.
//
// A window at the end of the history is compared with the same hours of the week before
// it, in logarithms. It is a shift if three conditions hold. The deviation is a tenth or
// more, and two and a half times as large as that of any earlier window of the same length.
// Four fifths of its cells lie beyond all that was ever seen at their hour. Both its halves
// deviate by about as much. So a weekend is no shift once one was seen, nor is a trend, nor
// growth that has just begun. Zeros are no shift either: they are more likely an outage.
//
// It is a plain value. The zero Shift means that there is none.
type Shift struct {
	At int // first cell of the new level; 0 = there is no shift

	space  space.Space
	ratio  float64 // new level over the old one, as a difference of logarithms
	step   float64 // new level less the old one, in the unit of the series
	adds   bool    // whether the step fits better than the ratio
	unsure float64 // mean size of the deviation of a window as long, in logarithms
}

const (
	reference   = 7    // days before a window that it is compared with
	leastDays   = 9    // before a shift: each day of the week, and two to compare
	latestShift = 1.25 // days that a shift must have lasted: one day may be a holiday
	oldestShift = 7    // days after which a shift is no longer looked for: the seasonal cells are then new
	leastShift  = 0.1  // of the logarithm: a smaller change may be the weather
	unusual     = 2.5  // its deviation at least, over the largest of any window before it
	beyond      = 0.8  // share of its cells that lie beyond all before at their hour
	uneven      = 0.25 // share of the deviation by which its halves may differ
	mostSilent  = 0.1  // share of its cells that may be zero or missing
)

// rebase moves what lies before a shift to the new level.
func (r *run) rebase() {
	found := FindShift(r.history.Values, r.day, leastShift)
	if r.unsure = found.unsure; found.At == 0 {
		return
	}
	r.history.Values = slices.Clone(r.history.Values)
	for i, v := range r.history.Values[:found.At] {
		r.history.Values[i] = found.Move(v)
	}
}

// FindShift returns the shift within the last days of values, which have day cells each.
// NaN means no sample; the first value must be observed. Least is the smallest difference of
// logarithms that counts as a shift.
func FindShift(values []float64, day int, least float64) Shift {
	whole := filled(values, day)
	found := findShift(whole, space.Log(whole), day, least)
	if found.At == 0 || silent(values[found.At:]) {
		return Shift{}
	}
	return found
}

// silent reports whether values are an outage rather than a level.
func silent(values []float64) bool {
	n := 0
	for _, v := range values {
		if !(v > 0) {
			n++
		}
	}
	return float64(n) > mostSilent*float64(len(values))
}

// Move returns v, a value from before s, at the new level; NaN stays NaN.
func (s Shift) Move(v float64) float64 {
	if s.adds {
		return max(0, v+s.step)
	}
	return max(0, s.space.Back(s.space.Forward(v)+s.ratio))
}

// findShift returns the shift within the last days of values, which have no gaps, if it is
// at least so large.
func findShift(values []float64, s space.Space, day int, least float64) Shift {
	n := len(values)
	first, last := max(leastDays*day, n-oldestShift*day), n-max(1, day/4)
	if first > last {
		return Shift{}
	}
	z := make([]float64, n)
	for i, v := range values {
		z[i] = s.Forward(v)
	}
	logs, found, best := newWindows(z, day), Shift{}, 0.0
	for at := first; at <= last; at++ {
		ratio := logs.deviation(at, n-at)
		if score := math.Abs(ratio) * math.Sqrt(float64(n-at)); score > best {
			best, found = score, Shift{At: at, space: s, ratio: ratio}
		}
	}
	var most float64
	most, found.unsure = logs.before(found.At, n-found.At)
	if lasts := float64(n - found.At); found.At == 0 || lasts < latestShift*float64(day) ||
		math.Abs(found.ratio) < max(least, unusual*most) || !logs.isBeyond(found.At) || !logs.isEven(found.At, found.ratio) {
		return Shift{}
	}
	found.step = newWindows(values, day).deviation(found.At, n-found.At)
	byRatio, byStep := 0.0, 0.0
	for i := found.At; i < n; i++ {
		usual := logs.usual(found.At, i)
		byRatio += math.Abs(values[i] - s.Back(usual+found.ratio))
		byStep += math.Abs(values[i] - s.Back(usual) - found.step)
	}
	found.adds = byStep < byRatio
	return found
}

// windows compares windows of a series with the week before them.
type windows struct {
	z    []float64
	sums []float64 // sums[i] of the cells before i
	day  int       // cells
}

func newWindows(z []float64, day int) *windows {
	w := &windows{z: z, sums: make([]float64, len(z)+1), day: day}
	for i, v := range z {
		w.sums[i+1] = w.sums[i] + v
	}
	return w
}

// deviation returns how far the mean of length cells from start on lies above that of the
// same hours of the week before.
func (w *windows) deviation(start, length int) float64 {
	whole, rest := length/w.day, length%w.day
	usual := float64(whole) * (w.sums[start] - w.sums[start-reference*w.day])
	for k := 1; k <= reference; k++ {
		from := start - k*w.day
		usual += w.sums[from+rest] - w.sums[from]
	}
	return (w.sums[start+length] - w.sums[start] - usual/reference) / float64(length)
}

// usual returns the mean of the week before start at the hour of cell i, from start on.
func (w *windows) usual(start, i int) float64 {
	sum := 0.0
	for k := 1; k <= reference; k++ {
		sum += w.z[start-k*w.day+(i-start)%w.day]
	}
	return sum / reference
}

// before returns the largest and the mean size of the deviations of windows before at:
// of length cells, or of those that are left, a quarter of a day at least.
func (w *windows) before(at, length int) (most, mean float64) {
	n := 0.0
	for start := reference * w.day; start+max(1, w.day/4) <= at; start++ {
		size := math.Abs(w.deviation(start, min(length, at-start)))
		most = max(most, size)
		mean += size
		n++
	}
	return most, mean / max(n, 1)
}

// isBeyond reports whether most cells from at on lie all above, or all below, what was seen
// at their hour before.
func (w *windows) isBeyond(at int) bool {
	above, below := 0, 0
	for i := at; i < len(w.z); i++ {
		low, high := math.Inf(1), math.Inf(-1)
		for j := at - w.day + (i-at)%w.day; j >= 0; j -= w.day {
			low, high = min(low, w.z[j]), max(high, w.z[j])
		}
		if w.z[i] > high {
			above++
		}
		if w.z[i] < low {
			below++
		}
	}
	return float64(max(above, below)) >= beyond*float64(len(w.z)-at)
}

// isEven reports whether both halves of the window from at on deviate by about as much as
// all of it does.
func (w *windows) isEven(at int, deviation float64) bool {
	n := len(w.z)
	middle, first, second := (at+n)/2, 0.0, 0.0
	for i := at; i < n; i++ {
		if over := w.z[i] - w.usual(at, i); i < middle {
			first += over / float64(middle-at)
		} else {
			second += over / float64(n-middle)
		}
	}
	return math.Abs(second-first) <= uneven*math.Abs(deviation)
}

// filled returns values with gaps filled by the cell of a day before, and at first by the
// last one.
func filled(values []float64, day int) []float64 {
	out := slices.Clone(values)
	last := values[0]
	for i, v := range out {
		switch {
		case v >= 0:
		case i >= day:
			v = out[i-day]
		default:
			v = last
		}
		out[i], last = v, v
	}
	return out
}

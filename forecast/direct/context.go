package direct

import "math"

// A Context is what came around the same time of day before: a day ago, a week ago,
// and on the eve of that, a day and a week ago. NaN = not known.
type Context struct{ Before, After Around }

// An Around holds medians over the hours up to a time, or from it on: at an edge, as
// when a shop opens, one of the two lies on one side of it alone.
type Around struct{ Day, Week, Eve float64 }

// aroundDay is the share of a day that a median is of.
const aroundDay = 6

// Context returns the context of the sample ahead after the newest, 0 ≤ ahead ≤ Reach.
// It needs Lags.Eve.
func (m *Memory) Context(ahead int) Context {
	span, shift := m.lags.Day/aroundDay, back(m.lags.Day, max(ahead, 1))
	at := m.wall.at(m.n - 1 + ahead)
	day, week, eve := at-shift, at-m.lags.Week, at-m.lags.Week-shift
	later := min(span, shift-max(ahead, 1)) // not beyond the newest
	return Context{
		Before: Around{m.day.median(day-span, day), m.week.median(week-span, week), m.week.median(eve-span, eve)},
		After:  Around{m.day.median(day, day+later), m.week.median(week, week+later), m.week.median(eve, eve+later)},
	}
}

// mostOf bounds the values that a median is of: of more, every second, third … counts.
const mostOf = 9

// median returns the median of the samples from first to last that are known, NaN if
// none is.
func (c *cells) median(first, last int) float64 {
	var sorted [mostOf]float64
	n := 0
	for i := first; i <= last; i += (last-first)/mostOf + 1 {
		v := c.at(i)
		if v != v { // NaN
			continue
		}
		k := n
		for ; k > 0 && sorted[k-1] > v; k-- {
			sorted[k] = sorted[k-1]
		}
		sorted[k] = v
		n++
	}
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

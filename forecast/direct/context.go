package direct

import (
	"math"

	"github.com/forescale/forescale/forecast/calendar"
)

// aroundDay is the number of parts of a day, one of which a median spans.
const aroundDay = 6

// Context returns the context of the sample ahead after the newest, 0 ≤ ahead ≤ Reach.
// It needs Lags.Eve.
func (m *Memory) Context(ahead int) calendar.Context {
	span, shift := m.lags.Day/aroundDay, back(m.lags.Day, max(ahead, 1))
	at := m.wall.at(m.n - 1 + ahead)
	day, week, eve := at-shift, at-m.lags.Week, at-m.lags.Week-shift
	later := min(span, shift-max(ahead, 1)) // not beyond the newest
	return calendar.Context{Before: m.around(day, week, eve, span, 0), After: m.around(day, week, eve, 0, later)}
}

// around returns the medians from before samples before three positions to after them.
func (m *Memory) around(day, week, eve, before, after int) calendar.Around {
	return calendar.Around{
		Day:  m.day.median(day-before, day+after),
		Week: m.week.median(week-before, week+after),
		Eve:  m.week.median(eve-before, eve+after),
	}
}

// mostOf bounds the values of a median: if there are more, every second, third … counts.
const mostOf = 9

// median returns the median of the samples from first to last that are known, NaN if
// none is.
func (c *cells) median(first, last int) float64 {
	var sorted [mostOf]float64
	n := 0
	for i := first; i <= last; i += (last-first)/mostOf + 1 {
		v := c.at(i)
		if math.IsNaN(v) {
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

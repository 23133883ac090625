package collector

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
)

// The bounds within which nanoseconds since the epoch, which int64 counts up to
// the year 2262, cannot wrap around, and within which a series fits in memory.
const (
	maxStep   = 366 * 24 * time.Hour
	firstYear = 1678
	lastYear  = 2259
	maxCells  = 1 << 26 // two years in seconds
)

// Resample cuts samples, oldest first, into the cells that lie wholly within
// start and end. end is the instant up to which the samples are complete: a cell
// that ends after it is left out. Values is empty if no cell fits. refused counts
// the values that are no demand, see the package documentation.
//
// Resample returns an error unless step is positive and at most 366 days, start and
// end lie in the years 1678 to 2259, and there are at most 2²⁶ cells. The samples are
// neither changed nor kept.
func Resample(samples []Sample, start, end time.Time, step time.Duration) (series forecast.Series, refused int, err error) {
	if step <= 0 || step > maxStep {
		return series, 0, fmt.Errorf("collector: step is %v, want a duration above 0 and up to %v", forecast.Span(step), forecast.Span(maxStep))
	}
	if err := cmp.Or(checkYear("start", start), checkYear("end", end)); err != nil {
		return series, 0, err
	}
	// Cells are counted since the epoch. That of (a, b] has the number of a.
	first := ceilDiv(start.UnixNano(), int64(step))
	cells := max(-ceilDiv(-end.UnixNano(), int64(step))-first, 0)
	if cells > maxCells {
		return series, 0, fmt.Errorf("collector: %d cells of %v from %s to %s, want at most %d",
			cells, step, start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339), maxCells)
	}
	series = forecast.Series{
		Start: time.Unix(0, first*int64(step)).UTC(), Step: step,
		Values: slices.Repeat([]float64{math.NaN()}, int(cells)),
	}
	last, open, n := series.Start, int64(-1), 0.0 // of the newest sample: its time, its cell and the samples of that
	for _, s := range samples {
		if !(s.Value >= 0) || math.IsInf(s.Value, 1) {
			refused++
			continue
		}
		if !s.Time.After(last) || s.Time.After(end) {
			continue
		}
		last = s.Time
		cell := ceilDiv(s.Time.UnixNano(), int64(step)) - 1 - first
		if cell >= cells {
			continue
		}
		mean := &series.Values[cell]
		if cell != open {
			open, n, *mean = cell, 0, 0
		}
		n++
		*mean += (s.Value - *mean) / n // a sum would overflow with two large values
	}
	return series, refused, nil
}

// ceilDiv returns the smallest integer that is not below a/b, for b > 0.
func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}

func checkYear(name string, t time.Time) error {
	if y := t.Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("collector: %s is %s, want a time in the years %d to %d", name, t.UTC().Format(time.RFC3339), firstYear, lastYear)
	}
	return nil
}

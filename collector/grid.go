package collector

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
)

// A Grid cuts a stream of samples into cells, one after the other. Add takes
// samples in the order of their times; Next hands out each closed cell once. It
// keeps only the cells that are still open, and does not allocate once warm.
//
// A Grid is not safe for concurrent use.
type Grid struct {
	step     time.Duration
	first    time.Time // start of the cell that Next hands out next
	open     []mean    // ascending by index, none before next
	next     int64     // index of that cell since the epoch
	last     Sample    // newest accepted sample; zero before the first
	rejected Rejected
}

// mean is the running mean of one cell. It is updated in place of a sum, which
// two large values would overflow.
type mean struct {
	index int64 // of the cell since the epoch
	n     int64
	value float64
}

func (m *mean) add(v float64) {
	m.n++
	// Two roundings may carry the mean of equal values past them by one bit.
	m.value += (v - m.value) / float64(m.n)
}

// The bounds within which nanoseconds since the epoch, which int64 counts up to
// the year 2262, cannot wrap around, and within which a series fits in memory.
const (
	maxStep   = 366 * 24 * time.Hour
	firstYear = 1678
	lastYear  = 2259
	maxCells  = 1 << 26 // two years in seconds
)

// NewGrid returns a grid whose first cell is the first one that starts at or
// after start. A grid that goes on after a [forecast.Series] starts at its End.
// It returns an error unless step is positive and at most 366 days, and start
// lies in the years 1678 to 2259.
func NewGrid(start time.Time, step time.Duration) (*Grid, error) {
	if step <= 0 || step > maxStep {
		return nil, fmt.Errorf("collector: step is %v, want a duration above 0 and up to %v", forecast.Span(step), forecast.Span(maxStep))
	}
	if err := checkYear("start", start); err != nil {
		return nil, err
	}
	next := ceilDiv(start.UnixNano(), int64(step))
	return &Grid{step: step, next: next, first: border(next, step)}, nil
}

// Start returns the start of the cell that Next hands out next, which is the end
// of the last one it handed out.
func (g *Grid) Start() time.Time { return g.first }

// Rejected returns how many samples were refused, and why.
func (g *Grid) Rejected() Rejected { return g.rejected }

// Add takes one sample and reports whether it was accepted; a refused one is
// counted. now bounds the time of a sample: one from the future would make all
// samples that come in time look late.
func (g *Grid) Add(s Sample, now time.Time) bool {
	switch {
	case g.rejected.refuse(s.Value):
		return false
	case s.Time.After(now):
		g.rejected.Future++
		return false
	case !s.Time.After(g.first):
		g.rejected.Late++
		return false
	case !s.Time.After(g.last.Time):
		g.rejected.OutOfOrder++
		return false
	}
	// The cell of (a, b] has the index of a: a sample on a border closes the cell before it.
	index := ceilDiv(s.Time.UnixNano(), int64(g.step)) - 1
	if k := len(g.open); k == 0 || g.open[k-1].index != index {
		g.open = append(g.open, mean{index: index})
	}
	g.open[len(g.open)-1].add(s.Value)
	g.last = s
	return true
}

// Next hands out the value of the next cell if it ends at or before until: the
// mean of its samples, or NaN if it has none. Samples of that cell that come
// later are refused; a caller whose source lags therefore passes an instant
// before now. Call it until ok is false:
//
//	for v, ok := g.Next(until); ok; v, ok = g.Next(until) {
//		filter.Update(v)
//	}
func (g *Grid) Next(until time.Time) (value float64, ok bool) {
	end := border(g.next+1, g.step)
	if end.After(until) {
		return 0, false
	}
	value = math.NaN()
	if len(g.open) > 0 && g.open[0].index == g.next {
		value = g.open[0].value
		g.open = g.open[:copy(g.open, g.open[1:])]
	}
	g.next++
	g.first = end
	return value, true
}

// Due returns the number of cells that Next would hand out for until, so that a
// caller can see a long silence before walking it cell by cell.
func (g *Grid) Due(until time.Time) int {
	if !until.After(g.first) {
		return 0
	}
	return int(until.Sub(g.first) / g.step)
}

// Resample cuts samples, oldest first, into the cells that lie wholly within
// start and end, and tells what it refused. end is the instant up to which the
// samples are complete: a cell that ends after it is left out. Values is empty if
// no cell fits. Samples before start are refused as late and those after end as
// future. It returns an error for the bounds that [NewGrid] refuses and for more
// than 2²⁶ cells. The samples are neither changed nor kept.
func Resample(samples []Sample, start, end time.Time, step time.Duration) (forecast.Series, Rejected, error) {
	g, err := NewGrid(start, step)
	if err != nil {
		return forecast.Series{}, Rejected{}, err
	}
	if err := checkYear("end", end); err != nil {
		return forecast.Series{}, Rejected{}, err
	}
	cells := g.Due(end)
	if cells > maxCells {
		return forecast.Series{}, Rejected{}, fmt.Errorf("collector: %d cells of %v from %s to %s, want at most %d",
			cells, step, start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339), maxCells)
	}
	series := forecast.Series{Start: g.Start(), Step: step, Values: make([]float64, 0, cells)}
	for _, s := range samples {
		if !g.Add(s, end) {
			continue
		}
		// Cells before that of s are complete: samples come in order.
		for s.Time.After(border(g.next+1, step)) {
			v, _ := g.Next(end)
			series.Values = append(series.Values, v)
		}
	}
	for v, ok := g.Next(end); ok; v, ok = g.Next(end) {
		series.Values = append(series.Values, v)
	}
	return series, g.Rejected(), nil
}

// border returns the start of the cell with the given index since the epoch.
func border(index int64, step time.Duration) time.Time {
	return time.Unix(0, index*int64(step)).UTC()
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

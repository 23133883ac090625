package export

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
)

// The bounds of a table: what fits in memory, and times that are no mistake of
// their unit and do not wrap around in nanoseconds.
const (
	maxCells = 1 << 26
	maxStep  = 366 * 24 * time.Hour
	firstMS  = 0                     // 1970
	lastMS   = 9_000_000_000 * 1_000 // 2255
)

// The columns of a table.
const (
	rate = iota
	latency
	replicas
	desired
	columns
)

// A row is what a source says of one interval; NaN is nothing.
type row struct {
	at     int64 // start of the interval, ms since the epoch
	values [columns]float64
}

func unknown() (values [columns]float64) {
	for c := range values {
		values[c] = math.NaN()
	}
	return values
}

// A table is what a source says, before it is cut to cells.
type table struct {
	rows  []row // ascending
	step  time.Duration
	rough bool // step is a guess: the rows keep none
	loose bool // step is such a guess, and not one that was asked for

	typical time.Duration // median distance of the rows

	has    [columns]bool
	change bool // the rate is one by its query: no note that it could be a counter
	notes  []string

	average  bool             // of what the rows of one time say; otherwise they must say the same
	told     [columns]float64 // rows that said something of the newest time, where average is set
	repeated int              // rows that said the same as the one before
	mixed    int              // rows that said something else
	firstMix int              // line of the first of them
}

// push appends a row. A row that repeats the last one, as at the seam of two exports,
// counts once, and each of the two fills the empty fields of the other. A row with other
// values for the same time is averaged with it, if t says so. The error names the times
// or the values that do not go together.
func (t *table) push(r row) error {
	n := len(t.rows)
	switch {
	case n >= maxCells:
		return fmt.Errorf("more than %d rows", maxCells)
	case n == 0 || r.at > t.rows[n-1].at:
		t.rows = append(t.rows, r)
		for c := range t.told {
			t.told[c] = 1
		}
		return nil
	case r.at < t.rows[n-1].at:
		return fmt.Errorf("time %s comes after a later one, %s: want them ascending, sort the file by time",
			moment(r.at), moment(t.rows[n-1].at))
	}
	return t.merge(r)
}

// merge puts a row into the newest, which has its time.
func (t *table) merge(r row) error {
	before, same := &t.rows[len(t.rows)-1].values, true
	for c, v := range r.values {
		switch old := before[c]; {
		case math.IsNaN(v):
		case math.IsNaN(old):
			before[c] = v
		case t.average:
			t.told[c]++
			before[c] += (v - old) / t.told[c]
			same = same && old == v
		case old != v:
			return fmt.Errorf("time %s comes twice, with the values %s and %s: want one for each time",
				moment(r.at), number(old), number(v))
		}
	}
	if same {
		t.repeated++
	} else {
		t.mixed++
	}
	return nil
}

// measure finds the interval of the rows and notes those that came twice. The
// error says that there are too few to tell it.
func (t *table) measure() error {
	if len(t.rows) < 2 {
		return fmt.Errorf("%d rows with a time of their own, want at least 2, which tell the interval", len(t.rows))
	}
	t.step, t.typical, t.rough = interval(t.rows)
	t.loose = t.rough
	if t.repeated > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%d rows repeat the one before and count once", t.repeated))
	}
	if t.mixed > 0 {
		t.notes = append(t.notes, fmt.Sprintf("rows with the time of the one before and another value: %d, the first in line %d; their mean counts",
			t.mixed, t.firstMix))
	}
	return nil
}

// moment writes milliseconds since the epoch as files have them: in seconds, and as a date.
func moment(ms int64) string {
	return number(float64(ms)/1e3) + " (" + time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) + ")"
}

// checkTime refuses times that are most likely given in another unit.
func checkTime(ms float64) error {
	if ms >= firstMS && ms <= lastMS {
		return nil
	}
	hint := ""
	for _, unit := range []struct {
		perSecond float64
		name      string
	}{{1e3, "milliseconds"}, {1e6, "microseconds"}, {1e9, "nanoseconds"}} {
		// From 1990 on: what is less is no timestamp of that unit.
		if s := ms / 1e3 / unit.perSecond; s > 6e8 && s <= lastMS/1e3 {
			hint = "; it looks like " + unit.name
		}
	}
	return fmt.Errorf("time %s, want unix seconds from 1970 to 2255%s", brief(number(ms/1e3)), hint)
}

// data puts the rows on the grid of the epoch and cuts it as o says.
func (t table) data(o Options) (Data, error) {
	if !slices.ContainsFunc(t.rows, func(r row) bool { return !math.IsNaN(r.values[rate]) }) {
		return Data{}, fmt.Errorf("none of the %d rows has a value, want at least one: a row without a value is a gap, not a zero", len(t.rows))
	}
	t.rows = slices.DeleteFunc(t.rows, func(r row) bool {
		at := time.UnixMilli(r.at)
		return !o.From.IsZero() && at.Before(o.From) || !o.To.IsZero() && at.Add(t.step).After(o.To)
	})
	if len(t.rows) == 0 {
		return Data{}, fmt.Errorf("no cell from %s to %s", bound(o.From, "the first"), bound(o.To, "the last"))
	}
	if err := t.fit(o.Step); err != nil {
		return Data{}, err
	}
	first, last := t.rows[0].at, t.rows[len(t.rows)-1].at
	ms := t.step.Milliseconds()
	if t.loose {
		first = regular(t.rows, ms)
	}
	// A wrong timestamp is to be an error and not gigabytes of gap.
	most := min(maxCells, max(1<<20, 1000*int64(len(t.rows))))
	if cells := (last - first) / ms; cells >= most {
		return Data{}, fmt.Errorf("%d rows make %d cells of %v from %s to %s, want at most %d",
			len(t.rows), cells, forecast.Span(t.step), stamp(time.UnixMilli(first)), stamp(time.UnixMilli(last)), most)
	}
	start := t.border(first)
	if t.rough {
		first = start.UnixMilli() + ms/2 // the nearest to the middle of a cell are those within
	}
	cells := t.cells(first, last)
	if per := int(o.Step / t.step); per > 1 {
		start, cells = coarsen(start, t.step, cells, per)
		t.step = o.Step
	}
	return t.trim(start, cells)
}

// fit takes the step that was asked for where the rows keep none of their own, whose mean
// distance is not better; t.rough says from then on that it did. The error is that of a
// step that cannot be made of the rows'.
func (t *table) fit(step time.Duration) error {
	switch whole := step%t.step == 0; {
	case !whole && t.rough && step > t.step:
		t.step, t.loose = step, false
	case !whole:
		return fmt.Errorf("step %v is no multiple of the file's own, %v", forecast.Span(step), forecast.Span(t.step))
	default:
		if off := t.typical - t.step; t.rough && step == 0 && (10*off > t.step || -10*off > t.step) {
			t.notes = append(t.notes, fmt.Sprintf("the rows keep no interval: half of them are within %v of the next, and %v is used; state another with --step",
				forecast.Span(t.typical.Round(time.Second)), forecast.Span(t.step)))
		}
		t.rough = false
	}
	return nil
}

// border returns the start of the cell of the first row: the border before it, or
// the one after it if that is so near that the row came early and the rows keep a step. How far
// rows stand after their borders is told, unless they jitter around these.
func (t *table) border(first int64) time.Time {
	ms := t.step.Milliseconds()
	switch off := first % ms; {
	case off == 0, t.rough, t.loose && off < ms/20:
	case off > ms-ms/20:
		first += ms
	default:
		t.notes = append(t.notes, fmt.Sprintf("the rows stand %v after the borders of their cells and were moved back to them",
			forecast.Span(time.Duration(off)*time.Millisecond)))
	}
	return time.UnixMilli(first - first%ms).UTC()
}

// cells returns the mean of the rows of each interval, by column.
func (t table) cells(first, last int64) [columns][]float64 {
	ms := t.step.Milliseconds()
	n := int((last-first+ms/2)/ms) + 1
	var cells [columns][]float64
	counts := make([]int, n)
	for c := range cells {
		if !t.has[c] {
			continue
		}
		clear(counts)
		values := make([]float64, n)
		for _, r := range t.rows {
			if v := r.values[c]; !math.IsNaN(v) {
				i := (r.at - first + ms/2) / ms // the nearest: rows jitter
				counts[i]++
				values[i] += (v - values[i]) / float64(counts[i])
			}
		}
		for i, k := range counts {
			if k == 0 {
				values[i] = math.NaN()
			}
		}
		cells[c] = values
	}
	return cells
}

// coarsen averages per cells at a time, from the first border on. The ends that
// do not fill a cell are left out.
func coarsen(start time.Time, step time.Duration, fine [columns][]float64, per int) (time.Time, [columns][]float64) {
	index := start.UnixNano() / int64(step)
	skip := (per - int(index%int64(per))) % per
	var cells [columns][]float64
	for c, values := range fine {
		if values == nil {
			continue
		}
		cells[c] = []float64{}
		for i := skip; i+per <= len(values); i += per {
			cells[c] = append(cells[c], mean(values[i:i+per]))
		}
	}
	return start.Add(time.Duration(skip) * step), cells
}

// mean returns the mean of the values that are not NaN, and NaN without any.
func mean(values []float64) float64 {
	m, n := math.NaN(), 0.0
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case n == 0:
			m, n = v, 1
		default:
			n++
			m += (v - m) / n
		}
	}
	return m
}

// trim leaves out the ends at which the demand is not known.
func (t table) trim(start time.Time, cells [columns][]float64) (Data, error) {
	known := func(v float64) bool { return !math.IsNaN(v) }
	from := slices.IndexFunc(cells[rate], known)
	if from < 0 {
		return Data{}, fmt.Errorf("no whole cell of %v with a value", forecast.Span(t.step))
	}
	to := len(cells[rate])
	for !known(cells[rate][to-1]) {
		to--
	}
	series := func(c int) forecast.Series {
		s := forecast.Series{Start: start.Add(time.Duration(from) * t.step), Step: t.step}
		if t.has[c] {
			s.Values = cells[c][from:to]
		}
		return s
	}
	if !t.change && collector.LooksLikeCounter(cells[rate]) {
		t.notes = append(t.notes, collector.CounterNote)
	}
	return Data{Rate: series(rate), Latency: series(latency), Replicas: series(replicas), Desired: series(desired), Notes: t.notes}, nil
}

func bound(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return stamp(t)
}

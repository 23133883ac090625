package trace

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forescale/forescale/collector"
)

// maxIntervals bounds the grid of a trace, so that one wrong time stamp is an
// error and not gigabytes of gap.
const maxIntervals = 50_000_000

// Read reads a trace from a file of [ReadCSV], compressed if its name ends in
// .gz. The trace bears the name of the file without its endings.
func Read(path string) (Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return Trace{}, fmt.Errorf("trace: %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	name := filepath.Base(path)
	if strings.HasSuffix(name, ".gz") {
		zip, err := gzip.NewReader(f)
		if err != nil {
			return Trace{}, fmt.Errorf("trace: %s: %w", path, err)
		}
		r, name = zip, strings.TrimSuffix(name, ".gz")
	}
	t, err := ReadCSV(r, strings.TrimSuffix(name, ".csv"))
	if err != nil {
		return Trace{}, fmt.Errorf("trace: %s: %w", path, err)
	}
	return t, nil
}

type row struct {
	at, value float64
	n         int // lines of this time stamp
}

// table is the rows of a file, each with a time stamp of its own.
type table struct {
	rows  []row
	mixed int // lines with the time stamp of the one before and another value
	first int // line of the first of them
}

// ReadCSV reads rows "timestamp,value" after a header of these words: unix
// seconds, ascending, and a value that is not negative. Of several rows with one
// time stamp the mean counts, which a note says if they differ; a row without a value,
// empty or NaN, is left out. The step is the smallest distance of two rows that occurs
// in at least one of twenty distances, or the usual one that they jitter around; rows
// are put on that grid from the first one on, the mean of several that share an
// interval. An interval without a row is a gap.
func ReadCSV(r io.Reader, name string) (Trace, error) {
	read, err := readRows(r)
	if err != nil {
		return Trace{}, err
	}
	rows := read.rows
	step := stepOf(rows)
	span := (rows[len(rows)-1].at - rows[0].at) / step.Seconds()
	if span > maxIntervals {
		return Trace{}, fmt.Errorf("rows from %.0f to %.0f are %.0f intervals of %v, want at most %d",
			rows[0].at, rows[len(rows)-1].at, span, step, maxIntervals)
	}
	t := Trace{
		Name: name, Kind: Rate, Step: step,
		Start:  time.UnixMilli(int64(math.Round(rows[0].at * 1000))).UTC(),
		Values: make([]float64, int(math.Round(span))+1),
		Notes:  read.notes(),
	}
	counts := make([]int, len(t.Values))
	for _, row := range rows {
		i := min(int(math.Round((row.at-rows[0].at)/step.Seconds())), len(counts)-1)
		t.Values[i] += row.value
		counts[i]++
	}
	for i, n := range counts {
		t.Values[i] /= float64(n) // 0/0 is NaN: a gap
	}
	if collector.LooksLikeCounter(t.Values) {
		t.Notes = append(t.Notes, collector.CounterNote)
	}
	return t, nil
}

// notes says which rows are odd.
func (t table) notes() []string {
	if t.mixed == 0 {
		return nil
	}
	return []string{fmt.Sprintf("rows with the time of the one before and another value: %d, the first in line %d; their mean counts", t.mixed, t.first)}
}

func readRows(r io.Reader) (table, error) {
	lines := bufio.NewScanner(r)
	var t table
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if n == 1 {
			if text = strings.TrimPrefix(text, "\ufeff"); text != "timestamp,value" {
				return table{}, fmt.Errorf("line 1 is %q, want the header timestamp,value", text)
			}
			continue
		}
		if text == "" {
			continue
		}
		row, err := parseRow(text)
		if err == nil && len(t.rows) > 0 && row.at < t.rows[len(t.rows)-1].at {
			err = fmt.Errorf("time stamp %v after %v, want them ascending", row.at, t.rows[len(t.rows)-1].at)
		}
		if err != nil {
			return table{}, fmt.Errorf("line %d: %w", n, err)
		}
		t.add(row, n)
	}
	if err := lines.Err(); err != nil {
		return table{}, fmt.Errorf("after %d rows: %w", len(t.rows), err)
	}
	if len(t.rows) < 2 {
		return table{}, fmt.Errorf("%d rows, want at least 2", len(t.rows))
	}
	return t, nil
}

// add appends r of a line, unless it has no value; of several with one time stamp the
// mean is kept.
func (t *table) add(r row, line int) {
	last := len(t.rows) - 1
	switch {
	case math.IsNaN(r.value):
	case last >= 0 && r.at == t.rows[last].at:
		same := &t.rows[last]
		if r.value != same.value {
			t.mixed++
			if t.first == 0 {
				t.first = line
			}
		}
		same.n++
		same.value += (r.value - same.value) / float64(same.n)
	default:
		t.rows = append(t.rows, r)
	}
}

func parseRow(text string) (row, error) {
	at, value, ok := strings.Cut(text, ",")
	if !ok {
		return row{}, fmt.Errorf("%q, want timestamp,value", text)
	}
	t, errAt := strconv.ParseFloat(strings.TrimSpace(at), 64)
	v, errValue := math.NaN(), error(nil)
	if value = strings.TrimSpace(value); value != "" {
		v, errValue = strconv.ParseFloat(value, 64)
	}
	if err := errors.Join(errAt, errValue); err != nil {
		return row{}, err
	}
	// The bounds are the years 1 and 9999, beyond which time stamps are not seconds.
	if !(t > -62135596800 && t < 253402300800) {
		return row{}, fmt.Errorf("time stamp %v, want unix seconds", at)
	}
	if v < 0 || math.IsInf(v, 0) {
		return row{}, fmt.Errorf("value %v, want a finite number that is not negative (leave a gap out)", v)
	}
	return row{t, v, 1}, nil
}

// stepOf returns the 5 % quantile of the distances: the grid, unless more than
// one row in twenty comes twice within an interval. Where distances only jitter, it
// is the usual interval nearest to their median.
func stepOf(rows []row) time.Duration {
	distances := make([]float64, len(rows)-1)
	for i := range distances {
		distances[i] = rows[i+1].at - rows[i].at
	}
	slices.Sort(distances)
	low, median := distances[len(distances)/20], distances[len(distances)/2]
	if low < median && low > median/2 {
		for _, usual := range usualSteps {
			if math.Abs(median-usual) <= 0.1*usual {
				return time.Duration(usual) * time.Second
			}
		}
	}
	return time.Duration(max(1, int64(math.Round(1000*low)))) * time.Millisecond
}

// usualSteps are the intervals, in seconds, at which people record.
var usualSteps = [...]float64{1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600} //nolint:gochecknoglobals // a constant table

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

// ReadCSV reads rows "timestamp,value" after a header of these words: unix
// seconds, ascending, and a value that is not negative. Of several rows with one
// time stamp the mean counts; a row without a value, empty or NaN, is left out.
// The step is the smallest distance of two rows that occurs in at least one of
// twenty distances, or the usual one that they jitter around; rows are put on that grid from the first one on, the mean of
// several that share an interval. An interval without a row is a gap.
func ReadCSV(r io.Reader, name string) (Trace, error) {
	rows, err := readRows(r)
	if err != nil {
		return Trace{}, err
	}
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
	return t, nil
}

func readRows(r io.Reader) ([]row, error) {
	lines := bufio.NewScanner(r)
	var rows []row
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if n == 1 {
			if text = strings.TrimPrefix(text, "\ufeff"); text != "timestamp,value" {
				return nil, fmt.Errorf("line 1 is %q, want the header timestamp,value", text)
			}
			continue
		}
		if text == "" {
			continue
		}
		row, err := parseRow(text)
		if err == nil && len(rows) > 0 && row.at < rows[len(rows)-1].at {
			err = fmt.Errorf("time stamp %v after %v, want them ascending", row.at, rows[len(rows)-1].at)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rows = add(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d rows: %w", len(rows), err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%d rows, want at least 2", len(rows))
	}
	return rows, nil
}

// add appends r, unless it has no value; of several with one time stamp the mean
// is kept.
func add(rows []row, r row) []row {
	last := len(rows) - 1
	switch {
	case math.IsNaN(r.value):
	case last >= 0 && r.at == rows[last].at:
		rows[last].n++
		rows[last].value += (r.value - rows[last].value) / float64(rows[last].n)
	default:
		rows = append(rows, r)
	}
	return rows
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

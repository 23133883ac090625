package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// forExcel is the first line of a file that Grafana writes for Excel.
const forExcel = "sep=,"

// longestLine bounds the lines, in bytes.
const longestLine = 1 << 16

// readCSV reads rows after a header, or without one where the first row tells the columns.
func readCSV(r io.Reader, o Options) (Data, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	t := table{average: o.AverageRepeated}
	l := layout{wanted: o.queries()}
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || l.words == nil && beforeHeader(text) {
			continue
		}
		if err := t.line(n, text, &l); err != nil {
			return Data{}, err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Data{}, fmt.Errorf("after %d rows: a line of more than %d bytes, want one row in each", len(t.rows), longestLine)
	case err != nil:
		return Data{}, fmt.Errorf("after %d rows: %w", len(t.rows), err)
	}
	if err := t.measure(); err != nil {
		return Data{}, err
	}
	for c := range t.has {
		t.has[c] = slices.Contains(l.order, c)
	}
	if l.millis {
		t.notes = append(t.notes, "the times are read as milliseconds since 1970")
	}
	if l.local {
		t.notes = append(t.notes, "the times name no zone and are read as UTC")
	}
	return t.data(o)
}

// beforeHeader reports whether a line that is not empty may stand before the header: a
// comment, or what a spreadsheet is told.
func beforeHeader(text string) bool { return text[0] == '#' || text == forExcel }

// line takes line n, which is the header or a row. The error names the line that is at fault.
func (t *table) line(n int, text string, l *layout) error {
	if l.words == nil {
		if isHeader, err := l.begin(n, text, t); err != nil || isHeader {
			return err
		}
	}
	fields, err := l.fields(text)
	if err == nil && l.order == nil {
		if err := l.resolve(fields, t); err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	if err == nil {
		err = t.add(n, fields, l)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

// add appends the row of line n.
func (t *table) add(n int, fields []string, l *layout) error {
	if len(t.rows) == 0 {
		l.millis = inMillis(fields[l.at])
	}
	r, err := l.record(fields)
	if err != nil {
		return err
	}
	again := l.local && len(t.rows) > 0 && r.at <= t.rows[len(t.rows)-1].at
	err = t.push(r)
	if t.mixed > 0 && t.firstMix == 0 {
		t.firstMix = n
	}
	if err != nil && again {
		return fmt.Errorf("%w; times without a zone come twice where clocks go back: export them in UTC", err)
	}
	return err
}

// split returns the fields of a line, of which each may stand in quotes (RFC 4180),
// without them.
func split(text string) ([]string, error) {
	if !strings.Contains(text, `"`) {
		return strings.Split(text, ","), nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	fields, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%q: unpaired quotes", brief(text))
	}
	return fields, nil
}

// fields returns the fields of a row, as many as the header has, without space around them.
func (l *layout) fields(text string) ([]string, error) {
	fields, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(fields) != len(l.words) {
		return nil, fmt.Errorf("%q has %d fields, want %d as the header", brief(text), len(fields), len(l.words))
	}
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
	}
	return fields, nil
}

// record reads one row.
func (l *layout) record(fields []string) (row, error) {
	at, err := l.instant(fields[l.at])
	if err != nil {
		return row{}, err
	}
	r := row{at: at, values: unknown()}
	for i, c := range l.order {
		field := fields[i]
		if c < 0 || isGap(field) {
			continue
		}
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsInf(v, 0) || v < 0 {
			hint := ""
			if errors.Is(err, strconv.ErrSyntax) && hasUnit(field) {
				hint = ": without a unit (in Grafana, \"Formatted data\" off)"
			}
			return row{}, fmt.Errorf("value %q, want a finite number that is not negative%s, or nothing for a gap", brief(field), hint)
		}
		r.values[c] = v
	}
	return r, nil
}

// isGap reports whether a field says that there is no value, as Grafana, pandas, R, Python and
// load generators (the quantiles of a second without requests) write it.
func isGap(field string) bool {
	switch strings.ToLower(field) {
	case "", "nan", "null", "na", "n/a", "none":
		return true
	}
	return false
}

// hasUnit reports whether a field is a number with something after it, as 1.2 K or 5 %.
func hasUnit(field string) bool {
	unit := strings.TrimLeft(field, "0123456789.")
	return len(unit) > 0 && len(unit) < len(field) && strings.IndexByte(",-", unit[0]) < 0
}

// inMillis reports whether a time can only be milliseconds since the epoch: as such it is
// one after 1990, and as seconds it would lie beyond the year 2255.
func inMillis(at string) bool {
	ms, err := strconv.ParseFloat(at, 64)
	return err == nil && ms > 6e11 && ms <= lastMS
}

// zoneless are the ways to write a time without a zone, of spreadsheets, Grafana and pandas.
var zoneless = [...]string{ //nolint:gochecknoglobals // a constant table
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02 15:04:05", "2006/01/02 15:04",
}

// dates are the ways to write the midnight with which a day begins, in a file of daily values.
var dates = [...]string{"2006-01-02", "2006/01/02"} //nolint:gochecknoglobals // a constant table

// instant reads a time of any of the ways that files have, as milliseconds since the epoch.
func (l *layout) instant(text string) (int64, error) {
	number, err := strconv.ParseFloat(text, 64)
	if err == nil {
		if !l.millis {
			number *= 1e3
		}
		return int64(math.Round(number)), checkTime(number)
	}
	for _, zoned := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 UTC"} {
		if t, err := time.Parse(zoned, text); err == nil {
			return t.UnixMilli(), checkTime(float64(t.UnixMilli()))
		}
	}
	for _, local := range append(zoneless[:], dates[:]...) {
		if t, err := time.Parse(local, text); err == nil {
			l.local = true
			return t.UnixMilli(), checkTime(float64(t.UnixMilli()))
		}
	}
	return 0, fmt.Errorf("time %q, want unix seconds, or RFC 3339 such as 2026-11-21T09:00:00Z", brief(text))
}

// Write writes d as CSV that [Read] reads back, bit for bit: the header
// timestamp,value if only the rate is known, and otherwise timestamp,rate and the
// columns that are. A cell without any value has no row, a value that is not
// known is an empty field. The error is that of w, or that the series of d differ
// in length.
func Write(w io.Writer, d Data) error {
	all := [columns][]float64{d.Rate.Values, d.Latency.Values, d.Replicas.Values, d.Desired.Values}
	head := []string{"timestamp", "value"}
	for c, name := range []string{"rate", "latency", "replicas", "desired"} {
		if c == rate || all[c] == nil {
			continue
		}
		if len(all[c]) != len(all[rate]) {
			return fmt.Errorf("export: %d cells of %s and %d of rate, want as many", len(all[c]), name, len(all[rate]))
		}
		head[1] = "rate"
		head = append(head, name)
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(strings.Join(head, ",") + "\n") // kept by the writer, returned by Flush
	var line []byte
	for i := range all[rate] {
		line = append(line[:0], number(float64(d.Rate.At(i).UnixMilli())/1e3)...)
		empty := len(line)
		for _, values := range all {
			if values == nil {
				continue
			}
			line = append(line, ',')
			if !math.IsNaN(values[i]) {
				line = strconv.AppendFloat(line, values[i], 'g', -1, 64)
			}
		}
		if len(bytes.Trim(line[empty:], ",")) == 0 {
			continue
		}
		_, _ = out.Write(append(line, '\n'))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// number writes v without an exponent.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// brief keeps a line that is no line from filling the screen.
func brief(text string) string {
	const limit = 80
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}

package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const wantHeader = "want the header timestamp,value or timestamp,rate,latency,replicas (the last two as known)"

// readCSV reads rows after a header of known words.
func readCSV(r io.Reader, o Options) (Data, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<16)
	var t table
	var order []int
	for n := 1; lines.Scan(); n++ {
		var err error
		switch text := strings.TrimSpace(lines.Text()); {
		case text == "", order == nil && text[0] == '#': // a comment before the header
		case order == nil:
			order, err = header(text)
		default:
			err = t.add(text, order)
		}
		if err != nil {
			return Data{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Data{}, fmt.Errorf("after %d rows: %w", len(t.rows), err)
	}
	if err := t.measure(); err != nil {
		return Data{}, err
	}
	for c := range t.has {
		t.has[c] = slices.Contains(order, c)
	}
	return t.data(o)
}

// add appends the row of a line.
func (t *table) add(text string, order []int) error {
	r, err := record(text, order)
	if err != nil {
		return err
	}
	return t.push(r)
}

// column returns the column of a word of the header, −1 for the time stamp.
func column(word string) (int, bool) {
	switch word {
	case "timestamp":
		return -1, true
	case "value", "rate":
		return rate, true
	case "latency":
		return latency, true
	case "replicas":
		return replicas, true
	default:
		return 0, false
	}
}

// header returns which column each field of a row belongs to.
func header(text string) ([]int, error) {
	if !strings.Contains(text, ",") && strings.ContainsAny(text, ";\t") {
		return nil, fmt.Errorf("%q: want commas between the columns, and a point in a number; %s", brief(text), wantHeader)
	}
	words, err := split(text)
	if err != nil {
		return nil, err
	}
	var order []int
	for _, word := range words {
		c, known := column(strings.ToLower(strings.TrimSpace(word)))
		if !known {
			return nil, fmt.Errorf("%q in %q: %s", brief(word), brief(text), wantHeader)
		}
		if slices.Contains(order, c) {
			return nil, fmt.Errorf("%q twice in %q: %s", brief(word), brief(text), wantHeader)
		}
		order = append(order, c)
	}
	if order[0] != -1 || !slices.Contains(order, rate) {
		return nil, fmt.Errorf("%q: %s", brief(text), wantHeader)
	}
	return order, nil
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
		return nil, fmt.Errorf("%q: quotes that do not pair", brief(text))
	}
	return fields, nil
}

// record reads one row.
func record(text string, order []int) (row, error) {
	fields, err := split(text)
	if err != nil {
		return row{}, err
	}
	if len(fields) != len(order) {
		return row{}, fmt.Errorf("%q has %d fields, want %d as the header", brief(text), len(fields), len(order))
	}
	at, err := instant(strings.TrimSpace(fields[0]))
	if err != nil {
		return row{}, err
	}
	r := row{at: at, values: unknown()}
	for i, c := range order[1:] {
		field := strings.TrimSpace(fields[i+1])
		if field == "" || strings.EqualFold(field, "nan") {
			continue
		}
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsInf(v, 0) || v < 0 {
			return row{}, fmt.Errorf("value %q, want a finite number that is not negative, or nothing for a gap", brief(field))
		}
		r.values[c] = v
	}
	return r, nil
}

// instant reads unix seconds or RFC 3339, as milliseconds.
func instant(text string) (int64, error) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return int64(math.Round(seconds * 1e3)), checkTime(seconds * 1e3)
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UnixMilli(), checkTime(float64(t.UnixMilli()))
	}
	return 0, fmt.Errorf("time %q, want unix seconds, or RFC 3339 such as 2026-11-21T09:00:00Z", brief(text))
}

// Write writes d as CSV that [Read] reads back, bit for bit: the header
// timestamp,value if only the rate is known, and otherwise timestamp,rate and the
// columns that are. A cell without any value has no row, a value that is not
// known is an empty field. The error is that of w, or that the series of d differ
// in length.
func Write(w io.Writer, d Data) error {
	all := [columns][]float64{d.Rate.Values, d.Latency.Values, d.Replicas.Values}
	head := []string{"timestamp", "value"}
	for c, name := range []string{"rate", "latency", "replicas"} {
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

package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const wantHeader = "want the header timestamp,value (or a time and one column of any name) or timestamp,rate,latency,replicas,desired (the last three where known); if there are more columns, a query (--query) names the one to read"

// What a field of a row is that belongs to no column of a table.
const (
	timeStamp = -1
	leftOut   = -2
)

// A layout is how a CSV file is written, as far as its lines tell.
type layout struct {
	wanted [columns]string // the names of the columns to read; "" is whichever is known to be it

	words  []string // the names of the columns; nil until the header has come
	text   string   // the header, for errors
	line   int      // its line
	order  []int    // what each field is, a column of the table or one of the above; nil until the first row has come
	at     int      // the field that is the timestamp
	millis bool     // times are milliseconds since the epoch: the first one is
	local  bool     // a time came without a zone
}

// begin takes the first line, and reports whether it is a header. A time after 1990 beside
// a number is the first row of a file without a header, which is noted.
func (l *layout) begin(n int, text string, t *table) (bool, error) {
	l.line, l.text = n, text
	if !strings.Contains(text, ",") && strings.ContainsAny(text, ";\t") {
		return true, fmt.Errorf("line %d: %q: want commas between the columns, and a point in a number; %s", n, brief(text), wantHeader)
	}
	if strings.Contains(text, "\r") {
		return true, fmt.Errorf("line %d: %q: the lines end with CR alone: want LF, or CR and LF", n, brief(text))
	}
	words, err := split(text)
	if err != nil {
		return true, fmt.Errorf("line %d: %w; %s", n, err, wantHeader)
	}
	for i, word := range words {
		words[i] = strings.TrimSpace(word)
	}
	if len(words) == 2 && (isTime(words[0]) || isDate(words[0])) && isNumber(words[1]) {
		t.notes = append(t.notes, "there is no header: the columns are read as timestamp,value")
		l.words = []string{"timestamp", "value"}
		return false, nil
	}
	l.words = words
	return true, nil
}

// resolve finds what each field of a row is, from the names of the columns and the first
// row.
func (l *layout) resolve(first []string, t *table) error {
	if err := l.findTime(first, t); err != nil {
		return err
	}
	find := l.known
	if l.wanted != [columns]string{} {
		find = l.asked
	}
	order := make([]int, len(l.words))
	for i, word := range l.words {
		c, err := timeStamp, error(nil)
		if i != l.at {
			c, err = find(i, t)
		}
		if err != nil {
			return err
		}
		if c >= 0 && slices.Contains(order[:i], c) {
			return fmt.Errorf("%q twice in %q: %s", brief(word), brief(l.text), wantHeader)
		}
		order[i] = c
	}
	for c, name := range l.wanted {
		if name != "" && !slices.Contains(order, c) {
			return fmt.Errorf("no column %q beside the time in %q", brief(name), brief(l.text))
		}
	}
	if !slices.Contains(order, rate) {
		return fmt.Errorf("%q: %s", brief(l.text), wantHeader)
	}
	l.order = order
	return nil
}

// findTime finds the field that is the timestamp: the one with a known name; else the
// first field, if it can only be a time, written as a date or in seconds; else the first
// other field that is written as a date and a time.
func (l *layout) findTime(first []string, t *table) error {
	l.at = -1
	for i, word := range l.words {
		switch {
		case !isTimeName(word):
		case l.at >= 0:
			return fmt.Errorf("%q twice in %q: %s", brief(word), brief(l.text), wantHeader)
		default:
			l.at = i
		}
	}
	for _, fits := range []func(string) bool{isTime, isDate} {
		for i, field := range first {
			if l.at < 0 && fits(field) && (i == 0 || !isNumber(field)) {
				l.at = i
				t.notes = append(t.notes, fmt.Sprintf("the column %q is read as the time", brief(l.words[i])))
			}
		}
	}
	if l.at < 0 {
		return fmt.Errorf("no column of %q is a time, such as 1789000000 or 2026-09-10T00:26:40Z: the first row is %q; %s",
			brief(l.text), brief(strings.Join(first, ",")), wantHeader)
	}
	return nil
}

// known returns the column that word i of the header names. A single column beside a time
// may have any name, which is noted, except a number, as in a file without a header. A
// column of row numbers is left out, and noted.
func (l *layout) known(i int, t *table) (int, error) {
	word := l.words[i]
	switch strings.ToLower(word) {
	case "value", "rate":
		return rate, nil
	case "latency":
		return latency, nil
	case "replicas":
		return replicas, nil
	case "desired":
		return desired, nil
	}
	named := len(l.words)
	if l.numbered() {
		if i == 0 {
			t.notes = append(t.notes, "the first column, which has no name, is left out")
			return leftOut, nil
		}
		named--
	}
	if named == 2 && !isNumber(word) {
		t.notes = append(t.notes, fmt.Sprintf("the column %q is read as the metric", brief(word)))
		return rate, nil
	}
	return 0, fmt.Errorf("%q in %q: %s", brief(word), brief(l.text), wantHeader)
}

// numbered reports whether the first column holds the numbers of the rows, as pandas writes
// them: it has no name, and a time and something else follow.
func (l *layout) numbered() bool { return l.words[0] == "" && l.at > 0 && len(l.words) > 2 }

// asked returns the column that word i of the header was asked for as. Columns that nobody
// asked for are left out, except the rate if only columns beside it were named.
func (l *layout) asked(i int, _ *table) (int, error) {
	word := l.words[i]
	if c := slices.Index(l.wanted[:], word); c >= 0 && word != "" {
		return c, nil
	}
	if l.wanted[rate] == "" && (strings.EqualFold(word, "value") || strings.EqualFold(word, "rate")) {
		return rate, nil
	}
	return leftOut, nil
}

// isTimeName reports whether a column of that name holds times; the second as Grafana
// writes it.
func isTimeName(word string) bool {
	return strings.EqualFold(word, "timestamp") || strings.EqualFold(word, "time")
}

// isTime reports whether text can only be a time: written as one, or a number of seconds
// or milliseconds since the epoch that lies after 1990.
func isTime(text string) bool {
	const year1990 = 631_152_000
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return inMillis(text) || v >= year1990 && v*1e3 <= lastMS
	}
	_, err := new(layout).instant(text)
	return err == nil && !isDate(text)
}

// isDate reports whether text is a day without a time of day, which may stand beside a time.
func isDate(text string) bool {
	return slices.ContainsFunc(dates[:], func(way string) bool {
		_, err := time.Parse(way, text)
		return err == nil
	})
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

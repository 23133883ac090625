package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/forescale/forescale/forecast"
)

// Options say what to read. The zero value reads all of a file that holds one
// series.
type Options struct {
	// Query, LatencyQuery, ReplicasQuery and DesiredQuery are PromQL for OpenMetrics
	// and directories, each of which must give exactly one series. For CSV they are the
	// names of the columns, as the header writes them, and all others are left out;
	// JSON takes none. An empty Query stands for the only series that there is: the
	// rate of a counter, the mean of anything else.
	Query, LatencyQuery, ReplicasQuery, DesiredQuery string

	// Step is the length of a cell. 0 is the interval of the file for CSV and JSON,
	// and otherwise a minute, or the time between two samples if that is longer.
	// For CSV and JSON it is a multiple of their interval, or, where their rows keep
	// none, any length that is not less than their usual distance.
	Step time.Duration

	// From and To bound the cells, which lie wholly within; zero is all there is.
	From, To time.Time

	// AverageRepeated takes the mean of the values that a CSV file gives for one time,
	// and notes it, as collections of recordings need it. Otherwise two values that
	// differ are an error.
	AverageRepeated bool

	// MaxBytes is how much a file may hold once decompressed, and how much
	// write-ahead log a directory. 0 means 1 GiB.
	MaxBytes int64
}

// Data is a demand with what was recorded beside it. The series share start,
// step and length; they begin and end with a cell in which Rate is known.
type Data struct {
	Rate     forecast.Series // the metric: events per second, or a level; ≥ 0
	Latency  forecast.Series // in seconds; no Values if the source has none
	Replicas forecast.Series // ready replicas, mean over the cell; no Values if the source has none
	Desired  forecast.Series // replicas that were asked for, likewise

	Format Format // what it was read from

	// Notes tell what was dropped or moved, for the user.
	Notes []string
}

// A Format is a kind of file.
type Format string

// The formats that Read knows.
const (
	CSV         Format = "CSV"
	JSON        Format = "JSON"
	OpenMetrics Format = "OpenMetrics"
	Directory   Format = "directory"
)

// Read reads a file, a directory, or, where path is "-", standard input. The error names
// the file, the line or the series, the value, and what would be right; PromQL that gives
// several series is a *prometheus.SeveralSeriesError, and one that gives none wraps
// prometheus.ErrNoData. ctx ends a long evaluation.
func Read(ctx context.Context, path string, o Options) (Data, error) {
	d, err := read(ctx, path, o)
	if err != nil {
		return Data{}, fmt.Errorf("read %s: %w", path, err)
	}
	return d, nil
}

func read(ctx context.Context, path string, o Options) (Data, error) {
	if err := o.check(); err != nil {
		return Data{}, err
	}
	if path == "-" {
		return decode(ctx, os.Stdin, o)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Data{}, reason(err)
	}
	if info.IsDir() {
		d, err := readDirectory(ctx, path, o)
		d.Format = Directory
		return d, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Data{}, reason(err)
	}
	defer f.Close()
	return decode(ctx, f, o)
}

func decode(ctx context.Context, r io.Reader, o Options) (Data, error) {
	in := bufio.NewReaderSize(r, peeked)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return Data{}, fmt.Errorf("gzip: %w", err)
		}
		in = bufio.NewReaderSize(unzipped{zip}, peeked)
	}
	text := bufio.NewReaderSize(&limited{r: in, left: o.maxBytes(), limit: o.maxBytes()}, peeked)
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" {
		_, _ = text.Discard(3) // just peeked
	}
	head, err := text.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return Data{}, err
	}
	if err := checkForeign(head); err != nil {
		return Data{}, err
	}
	format, err := detect(head)
	if err != nil {
		return Data{}, err
	}
	if format == JSON && o.queries() != [columns]string{} {
		return Data{}, errors.New("a query for a JSON file, which holds the result of one: want none")
	}
	var d Data
	switch format {
	case CSV:
		d, err = readCSV(text, o)
	case JSON:
		d, err = readJSON(text, o)
	default:
		d, err = readOpenMetrics(ctx, text, o)
	}
	d.Format = format
	return d, err
}

// peeked is how much of a file tells its format.
const peeked = 4096

// detect tells the format from the first bytes of a file.
func detect(head []byte) (Format, error) {
	text := bytes.TrimSpace(head)
	switch {
	case len(text) == 0:
		return "", errors.New("the file is empty")
	case bytes.IndexByte(text, 0) >= 0:
		return "", fmt.Errorf("a binary file that starts with %q, want CSV, JSON of query_range or OpenMetrics, each as it is or with gzip, or a directory of Prometheus",
			text[:min(len(text), 8)])
	case text[0] == '[', text[0] == '{' && startsObject(text[1:]):
		return JSON, nil
	}
	text = afterComments(text)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	// A line of OpenMetrics begins with a name or a brace, never with a quote.
	quoted := bytes.HasPrefix(line, []byte(`"`))
	if !bytes.HasPrefix(line, []byte("#")) && (quoted || bytes.IndexByte(line, '{') < 0) && bytes.ContainsAny(line, ",;\t") {
		return CSV, nil
	}
	if bytes.Equal(bytes.TrimSpace(line), []byte("timestamp")) {
		return CSV, nil
	}
	return OpenMetrics, nil
}

// afterComments returns text from the first line on that is no comment. The metadata of
// OpenMetrics, which begin with # too, are no comments.
func afterComments(text []byte) []byte {
	for bytes.HasPrefix(text, []byte("#")) {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		word, _, _ := bytes.Cut(bytes.TrimLeft(line[1:], " "), []byte(" "))
		switch string(bytes.TrimSpace(word)) {
		case "HELP", "TYPE", "UNIT", "EOF":
			return text
		}
		text = bytes.TrimLeft(rest, " \t\r\n")
	}
	return text
}

// startsObject tells whether text goes on as a JSON object does, "key": …, and
// not as a quoted name of OpenMetrics does, {"name",label="value"}.
func startsObject(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '"' {
		return len(text) == 0 || text[0] == '}'
	}
	end := bytes.IndexByte(text[1:], '"')
	if end < 0 {
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(text[end+2:], " \t\r\n"), []byte(":"))
}

// queries returns the query of each column.
func (o Options) queries() [columns]string {
	return [columns]string{o.Query, o.LatencyQuery, o.ReplicasQuery, o.DesiredQuery}
}

func (o Options) check() error {
	switch {
	case o.Step < 0 || o.Step%time.Millisecond != 0:
		return fmt.Errorf("step is %v, want a whole number of milliseconds above 0", forecast.Span(o.Step))
	case o.Step > maxStep:
		return fmt.Errorf("step is %v, want at most %v", forecast.Span(o.Step), forecast.Span(maxStep))
	case !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To):
		return fmt.Errorf("from %s to %s, want the start before the end", stamp(o.From), stamp(o.To))
	case o.MaxBytes < 0:
		return fmt.Errorf("at most %d bytes, want a number above 0", o.MaxBytes)
	}
	return nil
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes == 0 {
		return 1 << 30
	}
	return o.MaxBytes
}

// limited fails where a reader of package io would end silently.
type limited struct {
	r           io.Reader
	left, limit int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		// One byte more than the limit is too much; none more is the end.
		if n, err := l.r.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, fmt.Errorf("more than %d bytes once decompressed", l.limit)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// reason leaves out the path that the error of the system repeats.
func reason(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

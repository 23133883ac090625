package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/forescale/forescale/forecast"
)

// wholeBlock is longer than a file may span, twice: the head of a database takes
// samples up to half a block older than its newest.
const wholeBlock = 40 * 366 * 24 * time.Hour

// readOpenMetrics loads the text into a database and evaluates it there. A NaN
// ends its series until the next sample, because that is what Prometheus's dump
// makes of a staleness marker.
func readOpenMetrics(ctx context.Context, r io.Reader, o Options) (_ Data, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return Data{}, err
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // of an editor: a label writes its own as \n
	opts := tsdb.DefaultOptions()
	opts.MinBlockDuration, opts.MaxBlockDuration = wholeBlock.Milliseconds(), wholeBlock.Milliseconds()
	opts.WALSegmentSize = -1 // none: the file is the log
	d, err := openDatabase(opts, func(string) error { return nil })
	if err != nil {
		return Data{}, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	l := loader{
		parser: textparse.NewOpenMetricsParser(text, labels.NewSymbolTable()),
		series: map[string]*loaded{}, byRef: map[storage.SeriesRef]*loaded{}, counters: map[string]bool{},
		first: math.MaxInt64, last: math.MinInt64,
	}
	if err := l.load(ctx, d.db); err != nil {
		return Data{}, err
	}
	d.samples = l.samples
	return d.evaluate(ctx, o, func(name string) bool { return l.counters[name] })
}

// A loaded series knows where it is stored and what came last.
type loaded struct {
	ref   storage.SeriesRef
	last  int64   // ms
	value float64 // of the newest sample
}

// A loader puts the samples of a text into a database.
type loader struct {
	parser      textparse.Parser
	series      map[string]*loaded // by the text of their labels
	byRef       map[storage.SeriesRef]*loaded
	counters    map[string]bool
	line        int
	first, last int64 // ms, of all samples
	samples     int64
}

func (l *loader) load(ctx context.Context, db *tsdb.DB) error {
	const batch = 10_000
	app := db.AppenderV2(ctx)
	for l.line = 1; ; l.line++ { // each entry is a line
		entry, err := l.parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = l.entry(entry, app)
		} else {
			err = l.explain(err)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("line %d: %w", l.line, err), app.Rollback())
		}
		if l.line%batch == 0 {
			if err := app.Commit(); err != nil {
				return err
			}
			app = db.AppenderV2(ctx)
		}
	}
	return app.Commit()
}

// explain adds what is most often wrong.
func (l *loader) explain(err error) error {
	if strings.Contains(err.Error(), `{__name__=`) {
		return fmt.Errorf("%w; lines such as promtool tsdb dump writes: want those of promtool tsdb dump-openmetrics", err)
	}
	if l.line == 1 {
		return fmt.Errorf("neither CSV, whose first line has a comma, nor JSON, nor OpenMetrics such as http_requests_total{code=\"200\"} 17 1789000000.000: %w", err)
	}
	if strings.Contains(err.Error(), "# EOF") {
		return fmt.Errorf("%w: the file is cut off, or it is the text format of Prometheus and not OpenMetrics", err)
	}
	return fmt.Errorf("%w; want OpenMetrics such as: http_requests_total{code=\"200\"} 17 1789000000.000", err)
}

func (l *loader) entry(entry textparse.Entry, app storage.AppenderV2) error {
	switch entry {
	case textparse.EntryType:
		if name, kind := l.parser.Type(); kind == model.MetricTypeCounter {
			l.counters[string(name)], l.counters[string(name)+"_total"] = true, true
		}
		return nil
	case textparse.EntrySeries:
		return l.sample(app)
	case textparse.EntryHistogram:
		return errors.New("a native histogram, want numbers")
	default:
		return nil
	}
}

func (l *loader) sample(app storage.AppenderV2) error {
	text, at, v := l.parser.Series()
	if at == nil {
		return fmt.Errorf("series %s has no timestamp, want one on each sample, in seconds", brief(string(text)))
	}
	if err := l.checkSpan(*at); err != nil {
		return fmt.Errorf("series %s: %w", brief(string(text)), err)
	}
	s, known := l.series[string(text)]
	if known && *at <= s.last {
		return s.again(brief(string(text)), *at, v)
	}
	if math.IsNaN(v) {
		v = math.Float64frombits(value.StaleNaN)
	}
	var ref storage.SeriesRef
	var set labels.Labels
	if known {
		ref = s.ref
	} else {
		l.parser.Labels(&set)
	}
	ref, err := app.Append(ref, set, 0, *at, v, nil, nil, storage.AppendV2Options{})
	if err != nil {
		return fmt.Errorf("series %s: %w", brief(string(text)), err)
	}
	if !known {
		if s = l.byRef[ref]; s != nil {
			return fmt.Errorf("series %s is written in two ways, want one", brief(string(text)))
		}
		s = &loaded{ref: ref}
		l.series[string(text)], l.byRef[ref] = s, s
	}
	s.last, s.value = *at, v
	l.samples++
	return nil
}

// again judges a sample that is no newer than the last one of its series: the same
// once more, as at the seam of two dumps, counts once.
func (s *loaded) again(name string, at int64, v float64) error {
	switch {
	case at < s.last:
		return fmt.Errorf("series %s: time %s comes after a later one, %s: want them ascending, sort the file by time",
			name, moment(at), moment(s.last))
	case v != s.value && !(math.IsNaN(v) && math.IsNaN(s.value)):
		return fmt.Errorf("series %s: time %s comes twice, with the values %s and %s: want one for each time",
			name, moment(at), number(s.value), number(v))
	}
	return nil
}

func (l *loader) checkSpan(at int64) error {
	if err := checkTime(float64(at)); err != nil {
		return err
	}
	l.first, l.last = min(l.first, at), max(l.last, at)
	if span := time.Duration(l.last-l.first) * time.Millisecond; span > wholeBlock/2 {
		return fmt.Errorf("time %s is %v away from another sample, want at most %v", moment(at), forecast.Span(span), forecast.Span(wholeBlock/2))
	}
	return nil
}

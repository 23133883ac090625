package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/forecast"
)

// Prometheus's defaults, but for the time of a query, which the caller's context
// ends.
const (
	lookback     = 5 * time.Minute
	queryTimeout = time.Hour
	maxSamples   = 50_000_000
)

const (
	defaultStep = time.Minute
	chunk       = 2000    // steps evaluated at once
	maxSteps    = 1 << 24 // half a year of seconds
	fewSteps    = 1 << 20 // of a file with few samples, a second of work
)

// evaluate makes a table of the queries of o and cuts it. counter tells which
// metrics are counters, where the source says so.
func (d *database) evaluate(ctx context.Context, o Options, counter func(name string) bool) (Data, error) {
	first, last, ok := d.span()
	if !ok {
		return Data{}, fmt.Errorf("%w: there are no samples", prometheus.ErrNoData)
	}
	if err := errors.Join(checkTime(float64(first)), checkTime(float64(last))); err != nil {
		return Data{}, err
	}
	queries := o.queries()
	step, window, err := d.settle(ctx, o.Step, &queries[rate], counter)
	if err != nil {
		return Data{}, err
	}
	first += max(0, window-step).Milliseconds() // or the first window would be half empty
	t, err := empty(o, first, last, step, d.most())
	if err != nil {
		return Data{}, err
	}
	for c, text := range queries {
		if t.has[c] = text != ""; !t.has[c] {
			continue
		}
		q := query{database: d, text: text, column: c}
		if err := q.fill(ctx, t.rows, step); err != nil {
			return Data{}, err
		}
		if q.dropped > 0 {
			t.notes = append(t.notes, fmt.Sprintf("query %q: %d of %d values are NaN or infinite and were dropped", text, q.dropped, q.dropped+q.taken))
		}
	}
	if o.Query == "" {
		t.notes = append(t.notes, "the query is "+queries[rate])
	}
	o.Step = 0 // as asked
	t.change = collector.TakesChange(queries[rate])
	return t.data(o)
}

// most returns how many steps may be evaluated. Few samples far apart come of a wrong
// timestamp, which is to be an error and not minutes of work.
func (d *database) most() int64 {
	if d.samples == 0 {
		return maxSteps
	}
	return min(maxSteps, max(fewSteps, 1000*d.samples))
}

// empty returns the rows of the cells that lie wholly between first and last, or
// between the bounds of o where it has some; it refuses more than most.
func empty(o Options, first, last int64, step time.Duration, most int64) (table, error) {
	if !o.From.IsZero() {
		first = o.From.UnixMilli()
	}
	if !o.To.IsZero() {
		last = o.To.UnixMilli()
	}
	ms := step.Milliseconds()
	from := (first + ms - 1) / ms * ms
	n := (last - from) / ms
	if n <= 0 {
		return table{}, fmt.Errorf("0 cells of %v within the samples, want at least 1; choose a shorter step, or another start or end", forecast.Span(step))
	}
	if first < firstMS || n > most {
		return table{}, fmt.Errorf("%d cells of %v from %s to %s, want 1 to %d; choose another step, start or end",
			n, forecast.Span(step), stamp(time.UnixMilli(first)), stamp(time.UnixMilli(last)), most)
	}
	t := table{step: step, rows: make([]row, n)}
	for i := range t.rows {
		t.rows[i] = row{at: from + int64(i)*ms, values: unknown()}
	}
	return t, nil
}

// settle returns the step, and fills an empty query with that of the only series,
// whose window it returns as well.
func (d *database) settle(ctx context.Context, step time.Duration, text *string, counter func(string) bool) (_, window time.Duration, _ error) {
	first, last, _ := d.span()
	seen, err := d.look(ctx, first, last, 4*shown)
	if err != nil {
		return 0, 0, err
	}
	if *text == "" && len(seen) != 1 {
		var names []string
		for _, s := range seen[:min(len(seen), shown)] {
			names = append(names, s.labels.String())
		}
		return 0, 0, fmt.Errorf("%d or more series and no query: %s; give a query such as sum(rate(http_requests_total[1m]))",
			len(seen), listing(names, len(seen)))
	}
	every := time.Duration(0)
	for _, s := range seen {
		if s.spacing > 0 && (every == 0 || s.spacing < every) {
			every = s.spacing
		}
	}
	if step == 0 {
		step = max(defaultStep, (every + time.Second - 1).Truncate(time.Second))
	}
	if *text == "" {
		*text, window = defaultQuery(seen[0].labels, step, every, counter)
	}
	return step, window, nil
}

// defaultQuery is the rate of a counter, and the mean over each cell of anything
// else: a plain selector would go on for minutes after the last sample.
func defaultQuery(series labels.Labels, step, every time.Duration, counter func(string) bool) (text string, window time.Duration) {
	name := series.Get(model.MetricNameLabel)
	if !strings.HasSuffix(name, "_total") && !strings.HasSuffix(name, "_count") && !counter(name) {
		return fmt.Sprintf("avg_over_time(%s[%dms])", series, step.Milliseconds()), step
	}
	// A rate needs two samples in its window, and two and a half intervals hold
	// them whatever the jitter.
	window = max(step, every*5/2)
	return fmt.Sprintf("rate(%s[%dms])", series, window.Milliseconds()), window
}

// A query fills one column.
type query struct {
	*database

	text           string
	column         int
	metric         *labels.Labels // of the chunks so far
	dropped, taken int
}

// fill evaluates the query at the end of each row. A chunk that loads too much is
// halved.
func (q *query) fill(ctx context.Context, rows []row, step time.Duration) error {
	size := chunk
	for i := 0; i < len(rows); {
		n := min(size, len(rows)-i)
		err := q.part(ctx, rows[i:i+n], step)
		if _, tooMany := errors.AsType[promql.ErrTooManySamples](err); tooMany && n > 1 {
			size = n / 2
			continue
		}
		if err != nil {
			return err
		}
		i += n
	}
	switch {
	case q.taken > 0:
		return nil
	case q.dropped > 0:
		return fmt.Errorf("query %q: %w: all %d values are NaN or infinite; look for a division by zero", q.text, prometheus.ErrNoData, q.dropped)
	default:
		return fmt.Errorf("query %q: %w: it gives no series; check names and labels, and that a window such as [1m] holds two samples",
			q.text, prometheus.ErrNoData)
	}
}

func (q *query) part(ctx context.Context, rows []row, step time.Duration) error {
	first := time.UnixMilli(rows[0].at).Add(step)
	last := time.UnixMilli(rows[len(rows)-1].at).Add(step)
	run, err := q.engine.NewRangeQuery(ctx, q.db, nil, q.text, first, last, step)
	if err != nil {
		return fmt.Errorf("query %q: %w", q.text, err)
	}
	defer run.Close()
	matrix, err := run.Exec(ctx).Matrix()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("query %q: %w", q.text, err)
	}
	if len(matrix) == 0 {
		return nil
	}
	if err := q.single(matrix); err != nil {
		return err
	}
	return q.take(matrix[0].Floats, rows, step)
}

// single refuses what is not one series of numbers, the same in all chunks.
func (q *query) single(matrix promql.Matrix) error {
	if len(matrix) == 1 && len(matrix[0].Histograms) > 0 {
		return fmt.Errorf("query %q: the value is a native histogram, want a number: use histogram_count, histogram_sum or histogram_quantile", q.text)
	}
	if len(matrix) == 1 && (q.metric == nil || labels.Equal(*q.metric, matrix[0].Metric)) {
		metric := matrix[0].Metric.Copy()
		q.metric = &metric
		return nil
	}
	e := &prometheus.SeveralSeriesError{Query: q.text, Count: len(matrix)}
	if len(matrix) == 1 { // one that follows another
		e.Count, e.Labels = 2, []string{q.metric.String()}
	}
	for _, s := range matrix[:min(len(matrix), shown)] {
		e.Labels = append(e.Labels, s.Metric.String())
	}
	return e
}

func (q *query) take(points []promql.FPoint, rows []row, step time.Duration) error {
	for _, p := range points {
		switch {
		case math.IsNaN(p.F) || math.IsInf(p.F, 0):
			q.dropped++
		case p.F < 0:
			return fmt.Errorf("query %q: value %v at %s, want none below zero", q.text, p.F, stamp(time.UnixMilli(p.T)))
		default:
			q.taken++
			rows[(p.T-rows[0].at)/step.Milliseconds()-1].values[q.column] = p.F
		}
	}
	return nil
}

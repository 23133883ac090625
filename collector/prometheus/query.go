package prometheus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
)

const (
	// fewestPoints is the length of a range below which a server that cannot
	// answer is not asked for half of it.
	fewestPoints = 100

	// chunkPoints is how many points one request may ask for, Prometheus's own limit.
	chunkPoints = 11_000

	// mostPoints keeps a forgotten start of the range from asking for ages.
	mostPoints = 1 << 26
)

// Range returns the samples of query in (from, to], oldest first, one for each
// whole multiple of step since the epoch that has a finite value: evaluated
// where the cells of a grid of that step end. step is a whole number of
// milliseconds, which is what Prometheus counts in.
//
// The range is asked for in chunks; a chunk that is too much for the server is
// halved. The error is [ErrNoData], a *[SeveralSeriesError], which also covers
// series that follow one another, a *[QueryError], or a fault in the arguments;
// there are no samples then.
func (c *Client) Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	if step < time.Millisecond || step%time.Millisecond != 0 {
		return nil, fmt.Errorf("prometheus: step is %v, want a whole number of milliseconds above 0", forecast.Span(step))
	}
	ms := step.Milliseconds()
	first := (floorDiv(from.UnixMilli(), ms) + 1) * ms
	last := floorDiv(to.UnixMilli(), ms) * ms
	if n := (last - first) / ms; n >= mostPoints {
		return nil, fmt.Errorf("prometheus: %d points of %v from %s to %s, want at most %d", n, forecast.Span(step),
			from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), mostPoints)
	}
	r := &reader{client: c, query: query, step: step}
	for size := int64(chunkPoints); first <= last; {
		end := min(last, first+(size-1)*ms)
		err := r.read(ctx, first, end)
		asked := (end-first)/ms + 1
		if q, ok := errors.AsType[*QueryError](err); ok && q.tooMuch() && asked >= 2*fewestPoints && ctx.Err() == nil {
			size = asked / 2 // and no more than that for the chunks to come
			continue
		}
		if err != nil {
			return nil, err
		}
		first = end + ms
	}
	return r.result()
}

// Instant returns the value of query at an instant; the zero time lets the
// server take its own. The error is [ErrNoData], which includes a value that is
// NaN or infinite, a *[SeveralSeriesError] or a *[QueryError].
func (c *Client) Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error) {
	value, warnings, _, err := c.api.Query(ctx, query, at, v1.WithTimeout(c.timeout))
	if err != nil {
		return collector.Sample{}, queryError(query, err)
	}
	c.warn(query, warnings)
	s, err := one(query, value)
	if err != nil {
		return collector.Sample{}, err
	}
	if v := s.Value; math.IsNaN(v) || math.IsInf(v, 0) {
		return collector.Sample{}, fmt.Errorf("prometheus: query %q: %w: the value is %v", brief(query), ErrNoData, v)
	}
	return s, nil
}

func (c *Client) warn(query string, warnings v1.Warnings) {
	for _, w := range warnings {
		c.notify(query, "warning of the server: "+w)
	}
}

// one returns the only value of the answer to an instant query.
func one(query string, value model.Value) (collector.Sample, error) {
	switch v := value.(type) {
	case *model.Scalar:
		return collector.Sample{Time: v.Timestamp.Time().UTC(), Value: float64(v.Value)}, nil
	case model.Vector:
		if len(v) == 0 {
			return collector.Sample{}, noSeries(query)
		}
		if len(v) > 1 {
			return collector.Sample{}, several(query, len(v), func(i int) model.Metric { return v[i].Metric })
		}
		if v[0].Histogram != nil {
			return collector.Sample{}, histogram(query)
		}
		return collector.Sample{Time: v[0].Timestamp.Time().UTC(), Value: float64(v[0].Value)}, nil
	default:
		return collector.Sample{}, wrongKind(query, value)
	}
}

// A reader gathers one series from chunks of its range.
type reader struct {
	client  *Client
	query   string
	step    time.Duration
	metric  model.Metric // of the chunks so far; nil before the first that had any
	samples []collector.Sample
	dropped int // values that were NaN or infinite
}

// read appends the samples from first to last, both in milliseconds since the
// epoch and included.
func (r *reader) read(ctx context.Context, first, last int64) error {
	value, warnings, _, err := r.client.api.QueryRange(ctx, r.query,
		v1.Range{Start: time.UnixMilli(first), End: time.UnixMilli(last), Step: r.step}, v1.WithTimeout(r.client.timeout))
	if err != nil {
		return queryError(r.query, err)
	}
	r.client.warn(r.query, warnings)
	matrix, ok := value.(model.Matrix)
	if !ok {
		return wrongKind(r.query, value)
	}
	return r.take(matrix)
}

func (r *reader) take(matrix model.Matrix) error {
	switch {
	case len(matrix) == 0:
		return nil // the history may be shorter than what was asked for
	case len(matrix) > 1:
		return several(r.query, len(matrix), func(i int) model.Metric { return matrix[i].Metric })
	case len(matrix[0].Histograms) > 0:
		return histogram(r.query)
	case r.metric != nil && !r.metric.Equal(matrix[0].Metric):
		both := [2]model.Metric{r.metric, matrix[0].Metric}
		return several(r.query, 2, func(i int) model.Metric { return both[i] })
	}
	r.metric = matrix[0].Metric
	for _, p := range matrix[0].Values {
		v := float64(p.Value)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			r.dropped++
			continue
		}
		r.samples = append(r.samples, collector.Sample{Time: p.Timestamp.Time().UTC(), Value: v})
	}
	return nil
}

func (r *reader) result() ([]collector.Sample, error) {
	switch {
	case len(r.samples) > 0 && r.dropped > 0:
		r.client.notify(r.query, fmt.Sprintf("%d of %d values are NaN or infinite and were dropped", r.dropped, r.dropped+len(r.samples)))
	case r.dropped > 0:
		return nil, fmt.Errorf("prometheus: query %q: %w: all %d values are NaN or infinite; look for a division by zero", brief(r.query), ErrNoData, r.dropped)
	case len(r.samples) == 0:
		return nil, noSeries(r.query)
	}
	return r.samples, nil
}

// noSeries is [ErrNoData] with what to look at. A change over a window, such as rate(x[1m]), is
// nothing where that holds a single scrape, as with Prometheus's own default of one in a minute.
func noSeries(query string) error {
	window := ""
	if collector.TakesChange(query) {
		window = ", at least twice within the window in brackets"
	}
	return fmt.Errorf("prometheus: query %q: %w: it gives no series at this time; check names and labels, and that the target is scraped%s",
		brief(query), ErrNoData, window)
}

func several(query string, n int, metric func(i int) model.Metric) error {
	const shown = 5
	e := &SeveralSeriesError{Query: query, Count: n}
	for i := range min(n, shown) {
		e.Labels = append(e.Labels, metric(i).String())
	}
	e.Replica = replicaLabel(n, metric)
	return e
}

// replicaLabel returns the only label in which n series differ, if its name says that they may be
// copies of one: replica in the manual of Thanos, prometheus_replica with the operator of
// Prometheus, __replica__ with Mimir. Else it returns "".
func replicaLabel(n int, metric func(i int) model.Metric) string {
	first, out := metric(0), model.LabelName("")
	for i := 1; i < n; i++ {
		other := metric(i)
		if len(other) != len(first) {
			return ""
		}
		for name, value := range first {
			v, found := other[name]
			if found && v == value {
				continue
			}
			if !found || out != "" && out != name || !strings.HasSuffix(strings.TrimRight(string(name), "_"), "replica") {
				return ""
			}
			out = name
		}
	}
	return string(out)
}

func histogram(query string) error {
	return &QueryError{
		Query: query, Status: 200, Type: "bad_data", Msg: "the value is a native histogram, want a number",
		Remedy: "use histogram_count, histogram_sum or histogram_quantile",
	}
}

func wrongKind(query string, value model.Value) error {
	q := &QueryError{Query: query, Status: 200, Type: TypeNotPrometheus, Msg: "the answer holds no result", Remedy: prefixRemedy}
	if value != nil {
		q.Type, q.Msg = "bad_data", fmt.Sprintf("the result is a %s, want one number for each instant", value.Type())
		q.Remedy = "for a range selector use rate(…) or avg_over_time(…)"
	}
	return q
}

// queryError gives the failure of the layers below the name of the query.
func queryError(query string, err error) error {
	if q, ok := errors.AsType[*QueryError](err); ok {
		named := *q
		named.Query = query
		return &named
	}
	if skew, ok := errors.AsType[*SkewError](err); ok {
		return fmt.Errorf("query %q: %w", brief(query), skew)
	}
	if e, ok := errors.AsType[*v1.Error](err); ok && strings.Contains(e.Msg, "unexpected value type") {
		return &QueryError{
			Query: query, Status: http.StatusOK, Type: "bad_data", Msg: "the result is neither a number nor a vector: " + e.Msg,
			Remedy: "the query must yield one number for each instant", err: err,
		}
	}
	if e, ok := errors.AsType[*v1.Error](err); ok && e.Type != v1.ErrBadResponse {
		return &QueryError{Query: query, Status: 200, Type: string(e.Type), Msg: e.Msg, err: err}
	}
	return &QueryError{Query: query, Status: 200, Type: TypeNotPrometheus, Msg: "cannot read the answer: " + err.Error(), Remedy: prefixRemedy, err: err}
}

// floorDiv returns the largest integer that is not above a/b, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/cmd/forescale/output"
	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/export"
	source "github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
)

type exportOptions struct {
	server                   serveConfig // its Prometheus
	query, latency, replicas string
	desired                  string
	from, to                 string
	step                     api.Duration
	out                      string
}

func newExportCommand() *cobra.Command {
	o := exportOptions{}
	cmd := &cobra.Command{
		Use:   "export --query PROMQL --out FILE",
		Short: "Write the history of a service from Prometheus to a file",
		Long: `export asks Prometheus for the demand of a service, and on request for its latency,
its ready replicas and those that were asked for, and writes CSV that forecast,
accuracy, train and backtest read. Each query must give exactly one series; what
Prometheus does not know stays a gap.

A row holds the mean over the step that starts at its timestamp: let the window of
a rate be the step. The file appears when it is complete.`,
		Example: `  forescale export --prometheus-url http://prometheus:9090 --out web.csv.gz \
    --query 'sum(rate(http_requests_total{job="web"}[1m]))'
  forescale export --from -28d --out web.csv.gz \
    --query 'sum(rate(http_requests_total{job="web"}[1m]))' \
    --latency-query 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="web"}[1m])))' \
    --replicas-query 'kube_deployment_status_replicas_ready{deployment="web"}' \
    --desired-query 'kube_deployment_spec_replicas{deployment="web"}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), time.Now(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.server.Prometheus.URL, "prometheus-url", "http://localhost:9090", "address of Prometheus or of a compatible API, before /api/v1")
	fs.StringVar(&o.server.Prometheus.HTTPConfigFile, "prometheus-http-config", "", "YAML `file` with TLS, credentials, headers and proxy, in Prometheus's http_config format")
	durationVar(fs, &o.server.Prometheus.Timeout, "prometheus-timeout", api.Duration(10*time.Second), "time limit of one query; a chunk of history gets six times as long")
	fs.StringVar(&o.query, "query", "", "`PromQL` of the demand, such as sum(rate(http_requests_total[1m]))")
	fs.StringVar(&o.latency, "latency-query", "", "`PromQL` of the latency, in seconds")
	fs.StringVar(&o.replicas, "replicas-query", "", "`PromQL` of the ready replicas")
	fs.StringVar(&o.desired, "desired-query", "", "`PromQL` of the replicas that are asked for, from which a backtest learns the start-up time")
	fs.StringVar(&o.from, "from", "-14d", "start: a duration before now, RFC 3339 or unix seconds")
	fs.StringVar(&o.to, "to", "now", "end: now, or as --from")
	durationVar(fs, &o.step, "step", api.Duration(time.Minute), "time between two rows")
	fs.StringVar(&o.out, "out", "", "write to this .csv or .csv.gz `file`")
	return cmd
}

// span returns start and end of the export.
func (o *exportOptions) span(now time.Time) (from, to time.Time, err error) {
	if from, err = parseInstant(o.from, now); err != nil {
		return from, to, fmt.Errorf("--from: %w", err)
	}
	if to, err = parseInstant(o.to, now); err != nil {
		return from, to, fmt.Errorf("--to: %w", err)
	}
	if to.After(now) {
		return from, to, fmt.Errorf("--to: %s is in the future", to.UTC().Format(time.RFC3339))
	}
	if to.Sub(from) < 2*o.step.Std() {
		return from, to, fmt.Errorf("--from %s --to %s: want at least two steps of %s between them",
			from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339), o.step)
	}
	return from, to, nil
}

func (o *exportOptions) check() error {
	switch {
	case o.query == "":
		return errors.New("--query is missing: want PromQL such as sum(rate(http_requests_total[1m]))")
	case !strings.HasSuffix(o.out, ".csv") && !strings.HasSuffix(o.out, ".csv.gz"):
		return fmt.Errorf("--out: %q: want a file that ends in .csv or .csv.gz", o.out)
	case o.step.Std() < time.Second || o.step.Std() > 24*time.Hour || o.step.Std()%time.Second != 0:
		return fmt.Errorf("--step: %q: want whole seconds such as 60s, up to a day", o.step)
	case o.server.Prometheus.Timeout <= 0:
		return fmt.Errorf("--prometheus-timeout: %q: want a duration above 0", o.server.Prometheus.Timeout)
	}
	return nil
}

func (o *exportOptions) run(ctx context.Context, now time.Time, out, notes io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	from, to, err := o.span(now)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(notes, &slog.HandlerOptions{Level: slog.LevelWarn}))
	client, err := newSource(o.server, nil, log)
	if err != nil {
		return err
	}
	defer client.Close()
	// It fails now, not after the queries.
	file, err := output.Open(o.out)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer file.Drop()

	e := exporter{client: client, from: from, to: to, step: o.step.Std(), bar: newBar(notes)}
	d, err := e.data(ctx, o.query, o.latency, o.replicas, o.desired)
	e.bar.clear()
	if err != nil {
		return err
	}
	for _, note := range d.Notes {
		fmt.Fprintln(notes, "warning:", note)
	}
	if d.Rate.Observed() == 0 {
		return fmt.Errorf("--query: %q: none of %d cells has a value that can be a load: want numbers that are not negative", o.query, d.Rate.Len())
	}
	if err := file.Complete(func(w io.Writer) error { return o.write(w, d) }); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	n := d.Rate.Len()
	_, err = fmt.Fprintf(out, "%s: %d cells of %s from %s to %s, %d of them gaps\n", o.out, n, o.step,
		d.Rate.Start.Format(time.RFC3339), d.Rate.End().Format(time.RFC3339), n-d.Rate.Observed())
	return err
}

// write writes d, compressed if the name of the file says so.
func (o *exportOptions) write(w io.Writer, d export.Data) error {
	if !strings.HasSuffix(o.out, ".gz") {
		return export.Write(w, d)
	}
	zip := gzip.NewWriter(w)
	if err := export.Write(zip, d); err != nil {
		return err
	}
	return zip.Close()
}

// parseInstant reads now, a duration before it, RFC 3339 or unix seconds.
func parseInstant(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if ago, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := api.ParseDuration(ago); err == nil {
			return now.Add(-d.Std()), nil
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 && seconds < 1e10 {
		return time.Unix(seconds, 0), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q: want now, a duration before it such as -14d, RFC 3339 such as 2026-03-01T00:00:00Z, or unix seconds", text)
}

// An exporter asks for the columns of a file, piece by piece.
type exporter struct {
	client   *source.Client
	from, to time.Time
	step     time.Duration
	bar      *bar

	done, total int // pieces
}

// pieceSteps is how many points make a piece, between two of which the bar moves.
const pieceSteps = 2000

func (e *exporter) data(ctx context.Context, queries ...string) (export.Data, error) {
	given := 0
	for _, q := range queries {
		if q != "" {
			given++
		}
	}
	piece := pieceSteps * e.step
	pieces := int((e.to.Sub(e.from) + piece - 1) / piece)
	e.total = given * pieces
	var d export.Data
	for i, column := range []*forecast.Series{&d.Rate, &d.Latency, &d.Replicas, &d.Desired} {
		if queries[i] == "" {
			continue
		}
		samples, err := e.samples(ctx, queries[i])
		if err != nil {
			return d, err
		}
		series, refused, err := collector.Resample(samples, e.from, e.to, e.step)
		if err != nil {
			return d, err
		}
		if refused > 0 {
			d.Notes = append(d.Notes, fmt.Sprintf("query %q: %d values are negative or not finite, and were left out", queries[i], refused))
		}
		if column == &d.Rate && !collector.TakesChange(queries[i]) && collector.LooksLikeCounter(series.Values) {
			d.Notes = append(d.Notes, fmt.Sprintf("query %q: %s", queries[i], collector.CounterNote))
		}
		*column = series
	}
	return d, nil
}

// samples reads one query. Each piece gives at most one series; that all give the
// same one is what the sparse look at the whole span is for.
func (e *exporter) samples(ctx context.Context, query string) ([]collector.Sample, error) {
	if steps := e.to.Sub(e.from) / e.step; steps > pieceSteps {
		sparse := (e.to.Sub(e.from) / pieceSteps).Truncate(e.step) + e.step
		if _, err := e.client.Range(ctx, query, e.from, e.to, sparse); err != nil && !errors.Is(err, source.ErrNoData) {
			return nil, err
		}
	}
	var all []collector.Sample
	var none error
	for from := e.from; from.Before(e.to); {
		to := from.Add(pieceSteps * e.step)
		if to.After(e.to) {
			to = e.to
		}
		samples, err := e.client.Range(ctx, query, from, to, e.step)
		if errors.Is(err, source.ErrNoData) {
			none, err = err, nil // the history may be shorter, or this a gap
		}
		if err != nil {
			return nil, err
		}
		all = append(all, samples...)
		from = to
		e.done++
		e.bar.show(func(time.Duration) string { return exportLine(e.done, e.total, query) })
	}
	if len(all) == 0 {
		return nil, none
	}
	return all, nil
}

// exportLine is what the bar says, within 80 columns.
func exportLine(done, total int, query string) string {
	const most = 36
	share := float64(done) / float64(max(total, 1))
	if short := []rune(query); len(short) > most {
		query = string(short[:most-1]) + "…"
	}
	return fmt.Sprintf("%s %3.0f %%  %s", blocks(share), math.Floor(100*share), query)
}

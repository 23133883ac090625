package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/bench/report/page"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/cmd/forescale/output"
	"github.com/forescale/forescale/scaler/api"
)

type backtestOptions struct {
	traces    []string
	directory string
	query     string
	latency   string
	replicas  string
	desired   string
	step      api.Duration
	spec      string

	startup   string
	capacity  float64
	stated    bool           // capacity and slots come from the spec
	unlearned bool           // the files are still to show what a pod carries
	told      string         // what they showed, in words
	asked     api.MetricSpec // the queries of the spec
	network   string
	columns   bool // what --query names is a column of CSV
	slots     int
	variation float64
	slo       string
	balancing string
	scalePeak float64
	smooth    api.Duration
	warmup    api.Duration
	judged    api.Duration
	min, max  int32
	world     world

	policies  []string
	seeds     int
	workers   int
	budget    float64
	price     float64
	resamples int

	json, report string
	files        [2]*output.File // of json and report; nil = not asked for

	named readOnce // what flags name: it is asked for again once capacity is known
}

// backtestHelp is the help text of the command.
const backtestHelp = `backtest replays recorded load in virtual time, with pods that take a while to
start, under forescale and under the policies that it competes with: exact HPAs at
several targets, KEDA, Knative, other predictors, a clairvoyant optimum. It says how
long each missed the latency objective and what its pods cost, whether prediction
can pay at all on this load, and which spec to run.

FILE is CSV (or .csv.gz) with the header timestamp,value: unix seconds, milliseconds or
RFC 3339, and the mean requests per second over the interval that starts there; or a
time and one column of any name, as Grafana writes them, or with --query the column of
that name. It may also be - for standard input, the JSON of a Prometheus range query,
OpenMetrics text with timestamps, or a directory of Prometheus blocks, with --query or
that of --spec. Missing rows are gaps, not zeros. At most the last two weeks are judged;
the time before is history.

If latency, in seconds, and replicas were recorded beside the load (columns of that
name, or --latency-query and --replicas-query), what a pod carries under the objective
is learned from them, by the minute where rows are closer, and the replay has such pods
unless --capacity is given. If the replicas that were asked for were recorded too (the
column desired, or --desired-query), the start-up time of a pod is learned as well,
unless --startup is given.

Loads are scaled to a peak of 4000 requests/s unless --scale-peak says otherwise
(0: as recorded), so that figures can be compared.

The columns of the table:
  × optimum    replica-hours over those of the optimum, which knows the load in
               advance and has the same start-up time
  violating %  share of the time in which the objective was missed
  requests %   share of the requests that were late
  churn/day    pods added and removed
  rev/h        times per hour that the count fell within ten minutes of a rise
  95 %         confidence interval of the column before it, by a bootstrap over the days
Loads are of class A, smooth, or B, bursty: once in a thousand minutes a bursty one grows
more than 1.6-fold within two. +C stands for a start-up of three minutes or more.

The policies:
  forescale-floor, -keda  forescale beside an HPA and behind KEDA; with -N, as in
                          forescale-floor-98, at the quantile of N percent. The verdict
                          and the object to run are those of the floor, or those for
                          KEDA if the second is named without the first, or those at
                          the best N if neither is named
  hpa-rate-N, hpa-cpu-N   HPAs on the request rate and on CPU, at N percent of a pod
  hpa-tuned               the best hpa-rate in hindsight
  keda, kpa               KEDA's Prometheus scaler, Knative's autoscaler
  keda-fallback-N         KEDA with ignoreNullValues: "false" and a fallback to N replicas
                          (0: none; its HPA then holds)
  times-1.2               a forecast times 1.2 as minReplicas of an HPA
  static-peak             1.2 times the pods of the highest minute of the history
  oracle                  the optimum, as far as start-up times let it be reached
  forecast-oracle         forescale's rules, told the true future
--policies all adds predictors of other projects and of the literature.`

func newBacktestCommand() *cobra.Command {
	o := backtestOptions{}
	cmd := &cobra.Command{
		Use:   "backtest [FILE...]",
		Short: "Replay recorded load under forescale and its rivals, and say what each is worth",
		Long:  backtestHelp,
		Example: `  forescale backtest requests.csv.gz --report backtest.html
  forescale backtest requests.csv --scale-peak 0 --capacity 60 --slots 4 --slo p95=300ms --startup 90s
  forescale backtest requests.csv --outage 34h+10m --scrape-loss 0.02 --pods-per-node 8
  forescale backtest --traces traces/ --policies all --seeds 5 --json backtest.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, cmd.Flags().Changed, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.bind(cmd)
	return cmd
}

func (o *backtestOptions) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&o.traces, "trace", nil, "`file` with the recorded load; may be repeated")
	fs.StringVar(&o.directory, "traces", "", "`directory` of csv or csv.gz files, with or without a manifest.yaml")
	fs.StringVar(&o.query, "query", "", "PromQL of the load, for Prometheus blocks and OpenMetrics text, or the name of a column of CSV")
	fs.StringVar(&o.latency, "latency-query", "", "PromQL of the latency that the objective is about, in seconds; like --query")
	fs.StringVar(&o.replicas, "replicas-query", "", "PromQL of the ready replicas; like --query")
	fs.StringVar(&o.desired, "desired-query", "", "PromQL of the replicas that were asked for; like --query")
	durationVar(fs, &o.step, "step", api.Duration(0), "cell of the grid on which files are read; for CSV and JSON a multiple of their interval (default that interval, or a minute)")
	fs.StringVar(&o.spec, "spec", "", "YAML `file` (-: standard input) with the spec that forescale runs, the object that is recommended, a ScaledObject, or the metadata of its trigger; its bounds, objective and service override the flags; given a target per replica, forescale goes by that and not by what a pod can carry")
	fs.StringVar(&o.network, "network", "", "weights `file` (.safetensors) of a network, to join the experts as that of serve does")
	fs.StringVar(&o.startup, "startup", "60s", "median time from the creation of a pod to its readiness, a `duration`; or a file of observed seconds, one per line")
	fs.Float64Var(&o.capacity, "capacity", 100, "requests/s at which one pod is busy all the time")
	fs.IntVar(&o.slots, "slots", 8, "requests that one pod serves at once")
	fs.Float64Var(&o.variation, "variation", 0, "coefficient of variation of the time that a request takes, at most 10; it is then lognormal (0: exponential)")
	fs.StringVar(&o.slo, "slo", "p99=500ms", "latency objective: a quantile in percent and its bound")
	fs.StringVar(&o.balancing, "balancing", "central", "central: one queue for all pods, or per-pod: a queue each, chosen at random (Random and Sharing of scale.service.discipline)")
	fs.Float64Var(&o.scalePeak, "scale-peak", 4000, "scale each load to this peak, requests/s; 0: as recorded")
	durationVar(fs, &o.smooth, "smooth", api.Duration(0), "average the load over this span, for loads with few events")
	durationVar(fs, &o.warmup, "warmup", api.Duration(0), "how much of the start of the load is history, at least, and not judged (default a quarter of it, at most 7d)")
	durationVar(fs, &o.judged, "days", api.Duration(14*24*time.Hour), "how much of the end of the load is judged at most")
	fs.Int32Var(&o.min, "min-replicas", 1, "minimum number of replicas; with 0 KEDA and Knative go to zero and back, and HPAs keep one")
	fs.Int32Var(&o.max, "max-replicas", 400, "maximum number of replicas")
	o.world.bind(fs)
	fs.StringSliceVar(&o.policies, "policies", []string{"default"}, "policies in the order of the table; default and all are lists of them")
	fs.IntVar(&o.seeds, "seeds", 3, "number of runs of each policy, with other draws of arrivals and start-up times")
	fs.IntVar(&o.workers, "workers", 0, "runs in parallel (0: one per processor)")
	fs.Float64Var(&o.budget, "budget", 0.1, "share of the time in which the objective may be missed, percent")
	fs.Float64Var(&o.price, "price", 0, "price of a replica-hour, to print costs in money")
	fs.IntVar(&o.resamples, "resamples", 2000, "draws of the bootstrap over days, for the 95 % intervals")
	fs.StringVar(&o.json, "json", "", "also write all figures to this `file`")
	fs.StringVar(&o.report, "report", "", "also write a page to this .html `file`")
}

// checkReport returns what is wrong with the name of the page.
func (o *backtestOptions) checkReport() error {
	switch {
	case o.report == "":
		return nil
	case !strings.HasSuffix(o.report, ".html"):
		return fmt.Errorf("--report: %q: want a file that ends in .html", o.report)
	case filepath.Clean(o.report) == filepath.Clean(o.json):
		return fmt.Errorf("--report and --json: %q: want two files", o.report)
	}
	return nil
}

func (o *backtestOptions) run(ctx context.Context, args []string, given func(flag string) bool, out, notes io.Writer) error {
	if err := o.checkReport(); err != nil {
		return err
	}
	if err := checkStdin(append([]string{o.spec, o.startup, o.network}, append(args, o.traces...)...)...); err != nil {
		return err
	}
	traces, options, err := o.prepare(ctx, append(args, o.traces...), given, notes)
	if err != nil {
		return err
	}
	if err := o.open(); err != nil {
		return err
	}
	defer o.drop()
	progress := newBar(notes)
	options.Progress = func(p campaign.Progress) {
		progress.show(func(elapsed time.Duration) string { return backtestLine(p, elapsed) })
	}
	if o.report != "" {
		options.Timeline, options.Keep = timelines(len(traces), options.Policies)
	}
	result, err := campaign.Run(ctx, traces, options)
	progress.clear()
	if err != nil {
		return err
	}
	return errors.Join(o.write(result), result.Report.WriteTable(out)) // each, even if another cannot be written
}

// prepare turns the flags and the files into loads and what is run on them. A wrong flag is
// told before files are read, except an objective that pods of the default capacity cannot
// keep: the files may show other pods.
func (o *backtestOptions) prepare(ctx context.Context, files []string, given func(flag string) bool, notes io.Writer) ([]trace.Trace, campaign.Options, error) {
	options, err := o.campaign()
	if _, far := errors.AsType[outOfReachError](err); far && o.statedBy(given) == "" {
		o.unlearned = true
		options, err = o.campaign()
	}
	if err != nil {
		return nil, options, err
	}
	traces, recorded, err := o.read(ctx, files, options.Replay, notes)
	if err != nil {
		return nil, options, err
	}
	learned, err := o.learned(recorded, len(traces), given)
	if err != nil {
		return nil, options, err
	}
	o.unlearned = false
	if options, err = o.campaign(); err != nil { // anew: capacity may be another
		if o.told != "" {
			err = fmt.Errorf("%w. From what was recorded beside the load: %s", err, o.told)
		}
		return nil, options, err
	}
	options.Learned = learned
	return traces, options, nil
}

// timelines returns the resolution of the page's pictures, and the policies that have one.
// For a few loads these are all policies, at a minute; for many loads only the main ones, at
// five minutes, because the page would be too large to open.
func timelines(loads int, policies []string) (time.Duration, []string) {
	const few = 4
	if loads <= few {
		return time.Minute, nil
	}
	keep := append(ours(), policies[0]) // the first is the reference where there is no hpa-rate-70
	return 5 * time.Minute, append(keep, "hpa-rate-70", "keda", "kpa")
}

// open opens the files that were asked for: what cannot be written fails before the
// replay and not after it.
func (o *backtestOptions) open() (err error) {
	if o.json != "" {
		if o.files[0], err = output.Open(o.json); err != nil {
			return fmt.Errorf("--json: %w", err)
		}
	}
	if o.report != "" {
		if o.files[1], err = output.Open(o.report); err != nil {
			o.drop()
			return fmt.Errorf("--report: %w", err)
		}
	}
	return nil
}

func (o *backtestOptions) drop() {
	for _, f := range o.files {
		f.Drop()
	}
}

// write writes the files that were asked for.
func (o *backtestOptions) write(result *campaign.Result) error {
	var errs []error
	if o.json != "" {
		if err := o.files[0].Complete(result.Report.WriteJSON); err != nil {
			errs = append(errs, fmt.Errorf("--json: %w", err))
		}
	}
	if o.report != "" {
		write := func(w io.Writer) error { return page.Write(w, result.Report, result.Timelines) }
		if err := o.files[1].Complete(write); err != nil {
			errs = append(errs, fmt.Errorf("--report: %w", err))
		}
	}
	return errors.Join(errs...)
}

// backtestLine is what the bar says after elapsed.
func backtestLine(p campaign.Progress, elapsed time.Duration) string {
	done := float64(p.Done) / float64(p.Total)
	return fmt.Sprintf("%s %d/%d  %s, %s  %v left", blocks(done), p.Done, p.Total, p.Trace, p.Policy, left(done, elapsed))
}

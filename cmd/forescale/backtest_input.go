package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/season"
	"github.com/forescale/forescale/scaler/api"
)

// campaign turns the flags into what is run.
func (o *backtestOptions) campaign() (campaign.Options, error) {
	spec, err := o.readSpec()
	if err != nil {
		return campaign.Options{}, err
	}
	network, err := readNetwork(o.network, o.named.file)
	if err != nil {
		return campaign.Options{}, err
	}
	if spec.Forecast.Model == auto.LSTM && network == nil {
		return campaign.Options{}, fmt.Errorf("--spec: %s: forecast.model: %q: needs the weights of a network: give --network", o.spec, auto.LSTM)
	}
	settings, err := o.settings()
	if err != nil {
		return campaign.Options{}, err
	}
	policies, err := policyNames(o.policies)
	if err != nil {
		return campaign.Options{}, err
	}
	if err := o.check(); err != nil {
		return campaign.Options{}, err
	}
	spec.Scale = o.withService(spec.Scale)
	return campaign.Options{
		Replay: settings, Policies: policies, Seeds: o.seeds, Make: policyMaker(spec, network), Workers: o.workers,
		Price: o.price, Resamples: o.resamples,
		Spec: spec,
	}, nil
}

// check returns every fault of the flags about queries, repetitions and the report.
func (o *backtestOptions) check() error {
	asked := o.beside()
	const mostSeeds = 1000          // each takes as long as the first, and some thousand runs are kept until the report
	const mostResamples = 1_000_000 // all are kept until the intervals are known, and more digits say no more
	return faultsOf([]rule{
		{o.seeds >= 1 && o.seeds <= mostSeeds, "seeds", strconv.Itoa(o.seeds), fmt.Sprintf("want 1 to %d", mostSeeds)},
		{o.desired == "" || asked.ReplicasQuery != "", "desired-query", o.desired, "want it together with --replicas-query: the start-up of a pod is learned from both"},
		{o.latency == "" || asked.ReplicasQuery != "", "latency-query", o.latency, "want it together with --replicas-query: what a pod carries is learned from both"},
		{o.replicas == "" || asked.LatencyQuery+o.desired != "", "replicas-query", o.replicas, "want it together with --latency-query, from which what a pod carries is learned, or --desired-query, for its start-up"},
		{o.workers >= 0, "workers", strconv.Itoa(o.workers), "want at least 1, or 0 for one per processor"},
		{o.resamples >= 1000 && o.resamples <= mostResamples, "resamples", strconv.Itoa(o.resamples), fmt.Sprintf("want 1000 to %d", mostResamples)},
		{o.budget > 0 && o.budget < 100, "budget", floatText(o.budget), "want a percentage above 0 and below 100"},
		{o.price >= 0 && !math.IsInf(o.price, 1), "price", floatText(o.price), "want at least 0"},
	})
}

// beside returns the queries of the load and of what was recorded beside it: those of the
// flags, else, unless the flags ask for another load, those of the spec.
func (o *backtestOptions) beside() api.MetricSpec {
	out := api.MetricSpec{Query: o.query, LatencyQuery: o.latency, ReplicasQuery: o.replicas}
	if o.query == "" {
		out.Query = o.asked.Query
		out.LatencyQuery, out.ReplicasQuery = cmp.Or(o.latency, o.asked.LatencyQuery), cmp.Or(o.replicas, o.asked.ReplicasQuery)
	}
	return out
}

// mostLoad is the highest load that is replayed, requests/s: above, the draw of its
// arrivals is no number.
const mostLoad = 1e12

// settings turns the flags into those of a replay.
func (o *backtestOptions) settings() (replay.Options, error) {
	service, err := o.service()
	if err != nil {
		return replay.Options{}, err
	}
	startup, err := parseStartup(o.startup, o.named.file)
	if err != nil {
		return replay.Options{}, fmt.Errorf("--startup: %w", err)
	}
	switch {
	case !(o.scalePeak >= 0) || o.scalePeak > mostLoad:
		return replay.Options{}, fmt.Errorf("--scale-peak: %v: want requests/s up to %v, or 0 for the load as recorded", o.scalePeak, mostLoad)
	case o.min < 0 || o.max < 1 || o.min > o.max:
		return replay.Options{}, fmt.Errorf("--min-replicas: %d and --max-replicas: %d: want 0 ≤ min ≤ max, and a max of at least 1", o.min, o.max)
	case o.judged.Std() < time.Minute:
		return replay.Options{}, fmt.Errorf("--days: %s: want a span of at least a minute, such as 14d", o.judged)
	case o.warmup < 0 || o.smooth < 0:
		return replay.Options{}, fmt.Errorf("--warmup: %s and --smooth: %s: want none negative", o.warmup, o.smooth)
	}
	out := replay.Options{
		Service: service, Peak: o.scalePeak,
		Cluster: replay.Cluster{Startup: startup, Min: o.min, Max: o.max, ZeroMin: o.min == 0},
		Warmup:  o.warmup.Std(), Score: o.judged.Std(), Budget: o.budget,
	}
	if err := o.world.apply(&out); err != nil {
		return replay.Options{}, err
	}
	return out, nil
}

func (o *backtestOptions) service() (queue.Service, error) {
	const mostSlots = 10_000              // beyond, a pod is no line any more, and its formula takes for ever
	took := float64(o.slots) / o.capacity // seconds that a request takes
	if o.slots < 1 || o.slots > mostSlots || !(took >= 1e-9 && took <= 3600) {
		return queue.Service{}, fmt.Errorf("--capacity: %v and --slots: %d: want requests/s above 0, and from one slot to %d, so that a request takes 1ns to 1h", o.capacity, o.slots, mostSlots)
	}
	if !(o.variation >= 0 && o.variation <= 10) {
		return queue.Service{}, fmt.Errorf("--variation: %v: want 0 to 10", o.variation)
	}
	quantile, latency, err := parseSLO(o.slo)
	if err != nil {
		return queue.Service{}, fmt.Errorf("--slo: %w", err)
	}
	s := queue.Service{
		Slots: o.slots, ServiceTime: time.Duration(math.Round(took * float64(time.Second))), Variation: o.variation,
		Quantile: quantile, Latency: latency,
	}
	switch o.balancing {
	case "central":
	case "per-pod":
		s.Balancing = queue.PerPod
	default:
		return s, fmt.Errorf("--balancing: %q: want central or per-pod", o.balancing)
	}
	if o.unlearned {
		s.ServiceTime = s.Latency / 100 // a stand-in for what is still to be learned
	}
	if err := s.Check(); err != nil {
		return s, outOfReachError{fmt.Errorf("--slo: %s: no number of pods keeps it where each serves %d requests at once and %v a second: one takes %v on average. Want %s",
			o.slo, o.slots, o.capacity, s.ServiceTime.Round(time.Microsecond), withinReach(s, strings.SplitN(o.slo, "=", 2)[0], o.capacity))}
	}
	return s, nil
}

// An outOfReachError says that no number of pods keeps the objective.
type outOfReachError struct{ error }

// Unwrap returns what is in the way.
func (e outOfReachError) Unwrap() error { return e.error }

// withinReach says which latency at that quantile, which number of slots, or which capacity
// would make an objective that pods with capacity requests/s can keep.
func withinReach(s queue.Service, quantile string, capacity float64) string {
	means := s.Means(s.Quantile) // service times that the objective has to leave room for
	least := time.Duration(means*float64(s.ServiceTime)).Truncate(time.Millisecond) + time.Millisecond
	want := fmt.Sprintf("at least %s=%v", quantile, least)
	if slots := math.Ceil(s.Latency.Seconds()/means*capacity) - 1; slots >= 1 {
		want += fmt.Sprintf(", or --slots of %v at most", slots)
	}
	return want + fmt.Sprintf(", or a --capacity of at least %.0f", math.Ceil(float64(s.Slots)*means/s.Latency.Seconds()))
}

// parseSLO reads p99=500ms.
func parseSLO(text string) (float64, time.Duration, error) {
	const want = "want a quantile in percent and its bound, such as p99=500ms"
	name, bound, ok := strings.Cut(text, "=")
	percent, err := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64)
	if !ok || err != nil || !strings.HasPrefix(name, "p") || !(percent >= 1 && percent < 100) { // p0.99 is meant as p99
		return 0, 0, fmt.Errorf("%q: %s", text, want)
	}
	d, err := api.ParseDuration(bound)
	if err != nil || d <= 0 {
		return 0, 0, fmt.Errorf("%q: %s", text, want)
	}
	return percent / 100, d.Std(), nil
}

// parseStartup reads a duration, or a file of seconds by read.
func parseStartup(text string, read func(path string) ([]byte, error)) (replay.Startup, error) {
	if d, err := api.ParseDuration(text); err == nil {
		if d <= 0 || d.Std() > longestStart {
			return replay.Startup{}, fmt.Errorf("%q: want a duration above 0 such as 60s, up to %s", text, api.Duration(longestStart))
		}
		return replay.Startup{Median: d.Std()}, nil
	}
	content, err := read(text)
	if err != nil {
		return replay.Startup{}, fmt.Errorf("%q is neither a duration such as 60s nor a file of seconds: %w", text, err)
	}
	var s replay.Startup
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		v, err := strconv.ParseFloat(line, 64)
		if err != nil || !(v >= 0 && v <= longestStart.Seconds()) {
			return s, fmt.Errorf("%s: line %d: %q: want seconds from creation to readiness, such as 42.5", text, n, line)
		}
		s.Observed = append(s.Observed, time.Duration(v*float64(time.Second)))
	}
	if err := lines.Err(); err != nil {
		return s, fmt.Errorf("%s: %w", text, err)
	}
	if len(s.Observed) == 0 {
		return s, fmt.Errorf("%s: no seconds in it, want one number per line", text)
	}
	return s, nil
}

// read reads all traces that are to be replayed under settings, and what was recorded
// beside those that have latency and replicas.
func (o *backtestOptions) read(ctx context.Context, files []string, settings replay.Options, notes io.Writer) ([]trace.Trace, []export.Data, error) {
	var traces []trace.Trace
	var recorded []export.Data
	for _, path := range files {
		t, d, err := o.readLoad(ctx, path, notes)
		if err != nil {
			return nil, nil, err
		}
		traces = append(traces, t)
		note, tells := tellsOfPods(d)
		if tells {
			recorded = append(recorded, d)
		} else if note != "" {
			writeNotes(notes, path, []string{note})
		}
	}
	listed, err := readCollection(ctx, o.directory, o.query, notes)
	if err != nil {
		return nil, nil, err
	}
	o.columns = o.columns || len(listed) > 0 // collections are CSV
	if len(traces)+len(listed) == 0 {
		return nil, nil, errors.New("no load given: name files, or a directory by --traces")
	}
	for i := range traces {
		if traces[i], err = o.replayable(traces[i], settings, notes); err != nil {
			return nil, nil, err
		}
	}
	listed, err = withoutFaulty(listed, notes, func(t trace.Trace) (trace.Trace, error) { return o.replayable(t, settings, notes) })
	if len(traces) > 0 {
		err = nil
	}
	return append(traces, listed...), recorded, err
}

// replayable returns what is replayed of t, and where that is not all of it as it is
// says so on notes. The error says why nothing can be.
func (o *backtestOptions) replayable(t trace.Trace, settings replay.Options, notes io.Writer) (trace.Trace, error) {
	const longest = 366 * season.Day // its scrapes have to fit in memory
	if t.Step > season.Day {
		return t, fmt.Errorf("%s: its cells are %s: want a day at most, load is replayed second by second", t.Name, api.Duration(t.Step))
	}
	if peak := t.Peak(); o.scalePeak == 0 && peak > mostLoad {
		return t, fmt.Errorf("%s: its peak is %.4g requests/s: want at most %.0g, or another --scale-peak", t.Name, peak, mostLoad)
	}
	if t.Span() > longest {
		writeNotes(notes, t.Name, []string{fmt.Sprintf("of %s the last %s are replayed", api.Duration(t.Span()), api.Duration(longest))})
		t = t.Tail(longest)
	}
	t = dated(t, notes)
	if o.smooth > 0 {
		t = t.Smooth(o.smooth.Std())
	}
	if err := replay.Check(t, settings); err != nil {
		return t, fmt.Errorf("trace %s: %w", t.Name, err)
	}
	return t, nil
}

// dated returns t, moved by whole weeks if its times count from about zero: autoscalers look
// back from now, and there is nothing before the epoch.
func dated(t trace.Trace, notes io.Writer) trace.Trace {
	const week = 7 * 24 * time.Hour
	begins := t.Start
	for t.Start.Before(time.Unix(0, 0).Add(week)) {
		t.Start = t.Start.Add(week)
	}
	if later := t.Start.Sub(begins); later > 0 {
		writeNotes(notes, t.Name, []string{fmt.Sprintf("its times begin at %s: replayed as if %s later", begins.UTC().Format(time.DateTime), api.Duration(later))})
	}
	return t
}

// tellsOfPods reports whether the series recorded beside a load tell something of its pods.
// If they do not, note says what is missing; it is empty if nothing was recorded.
func tellsOfPods(d export.Data) (note string, tells bool) {
	switch latency, replicas, desired := len(d.Latency.Values) > 0, len(d.Replicas.Values) > 0, len(d.Desired.Values) > 0; {
	case replicas && (latency || desired):
		return "", true
	case latency:
		return "there is latency and no column of replicas: what a pod carries is learned from both", false
	case desired:
		return "there are desired replicas and no column of ready ones: the start-up of a pod is learned from both", false
	case replicas:
		return "there are replicas and no column of latency: what a pod carries is learned from both", false
	}
	return "", false
}

// readLoad reads a load, with what was recorded beside it. It says on notes what was
// dropped on the way.
func (o *backtestOptions) readLoad(ctx context.Context, path string, notes io.Writer) (trace.Trace, export.Data, error) {
	queries := export.Options{Query: o.query, LatencyQuery: o.latency, ReplicasQuery: o.replicas, DesiredQuery: o.desired, Step: o.step.Std()}
	if info, err := os.Stat(path); err == nil && info.IsDir() && o.query == "" {
		asked := o.beside()
		queries.Query, queries.LatencyQuery, queries.ReplicasQuery = asked.Query, asked.LatencyQuery, asked.ReplicasQuery
	}
	d, err := export.Read(ctx, path, queries)
	if err != nil {
		return trace.Trace{}, d, err
	}
	o.columns = o.columns || d.Format == export.CSV
	writeNotes(notes, path, d.Notes)
	return traceOf(path, d), d, nil
}

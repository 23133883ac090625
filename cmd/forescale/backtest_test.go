package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/requests"
	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/bench/trace"
)

func runBacktest(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return runCommand(t, newBacktestCommand(), args...)
}

func TestBacktestOfAFile(t *testing.T) {
	dir := t.TempDir()
	load := writeWave(t, dir, "web.csv", 36*60, time.Minute)
	starts := filepath.Join(dir, "starts")
	require.NoError(t, os.WriteFile(starts, []byte("30\n31.5\n\n29\n"), 0o600))
	doc, html := filepath.Join(dir, "b.json"), filepath.Join(dir, "b.html")
	out, notes, err := runBacktest(t, "--trace", load, "--startup", starts, "--seeds", "1", "--days", "12h",
		"--policies", "hpa-rate-70,hpa-tuned,oracle", "--json", doc, "--report", html, "--price", "0.1")
	require.NoError(t, err)
	require.Regexp(t, "^note: .*web.csv: the rows stand 20s after .*\n$", notes, "what was moved, and no progress bar without a terminal")
	require.Contains(t, out, "web: smooth (class A), 12 h judged")
	require.Contains(t, out, "start-up 30 s, p90 31.5 s")
	require.Contains(t, out, "# Forescale was not replayed; this would run it:\napiVersion: forescale.dev/v1alpha1\n")
	var report struct {
		Schema string           `json:"schema"`
		Runs   []map[string]any `json:"runs"`
	}
	text, err := os.ReadFile(doc)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &report))
	require.Equal(t, "forescale.dev/backtest/v1", report.Schema)
	page, err := os.ReadFile(html)
	require.NoError(t, err)
	require.Contains(t, string(page), "grows within one lead time")
}

// Where the maximum cuts the demand off, no forecast can be judged: it is said so.
func TestBacktestWarnsOfALoadBeyondTheMaximum(t *testing.T) {
	dir := t.TempDir()
	load := writeWave(t, dir, "web.2026-03.csv", 36*60, time.Minute)
	out, _, err := runBacktest(t, load, "--seeds", "1", "--days", "6h", "--max-replicas", "5", "--policies", "hpa-rate-70,forescale-floor")
	require.NoError(t, err)
	require.Contains(t, out, "web.2026-03: smooth (class A)", "the whole name but its ending")
	require.Regexp(t, `warning: web.2026-03: up to \d+ pods are needed, and the maximum is 5: for [\d.]+ % of the time no policy can keep the objective`, out)
	require.NotContains(t, out, "this load needs no forecast")
}

func TestBacktestSaysWhatIsWrong(t *testing.T) {
	load := writeWave(t, t.TempDir(), "web.csv", 600, time.Minute)
	huge := filepath.Join(t.TempDir(), "huge.csv")
	require.NoError(t, os.WriteFile(huge, []byte("timestamp,value\n1700000040,1\n1700000100,1e300\n"), 0o600))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no load":            {nil, "no load given: name files, or a directory by --traces"},
		"no file":            {[]string{"nowhere.csv"}, "nowhere.csv"},
		"unknown policy":     {[]string{load, "--policies", "hpa-rate-70,hpax"}, `--policies: no policy "hpax", want some of default, all, static-peak`},
		"objective":          {[]string{load, "--slo", "99=500ms"}, `--slo: "99=500ms": want a quantile in percent and its bound, such as p99=500ms`},
		"objective, a share": {[]string{load, "--slo", "p0.99=500ms"}, `--slo: "p0.99=500ms": want a quantile in percent`}, // not of one request in a hundred
		"out of reach":       {[]string{load, "--slo", "p99=50ms"}, "one takes 80ms on average. Want at least p99=369ms, or --slots of 1 at most"},
		"by its slots":       {[]string{load, "--capacity", "60"}, "one takes 133.333ms on average. Want at least p99=615ms, or --slots of 6 at most"},
		"by any slots":       {[]string{load, "--slo", "p50=1ms"}, "Want at least p50=56ms"},
		"start-up":           {[]string{load, "--startup", "soon"}, `"soon" is neither a duration such as 60s nor a file of seconds`},
		"balancing":          {[]string{load, "--balancing", "random"}, `--balancing: "random": want central or per-pod`},
		"no seeds":           {[]string{load, "--seeds", "0"}, `--seeds: "0": want 1 to 1000`},
		"seeds for ever":     {[]string{load, "--seeds", "1000000000"}, `--seeds: "1000000000": want 1 to 1000`}, // a list of them would fill the memory
		"no policy":          {[]string{load, "--policies", ""}, "--policies: none is named"},
		"only history":       {[]string{load, "--warmup", "10h"}, "trace web: replay: the load is 10h long, of which 10h is warm-up"},
		"capacity":           {[]string{load, "--capacity", "0"}, "--capacity: 0 and --slots: 8"},
		"page of a kind":     {[]string{load, "--report", "page.pdf"}, `--report: "page.pdf": want a file that ends in .html`},
		"bounds":             {[]string{load, "--min-replicas", "5", "--max-replicas", "4"}, "--min-replicas: 5 and --max-replicas: 4"},
		"spec":               {[]string{load, "--spec", load}, "--spec: "},
		"one file for both":  {[]string{load, "--report", "a.html", "--json", "./a.html"}, "--report and --json: \"a.html\": want two files"},
		"too few resamples":  {[]string{load, "--resamples", "10"}, `--resamples: "10": want 1000 to 1000000`},
		"resamples for ever": {[]string{load, "--resamples", "1000000000"}, `--resamples: "1000000000": want 1000 to 1000000`},
		"every fault":        {[]string{load, "--resamples", "10", "--price", "NaN"}, `--price: "NaN": want at least 0`},
		"mode":               {[]string{load, "--mode", "exact"}, `--mode: "exact": want fluid or requests`},
		"discipline":         {[]string{load, "--mode", "requests", "--discipline", "lifo"}, `--discipline: "lifo": want one of central, random, two-choices, sharing`},
		"line of nobody":     {[]string{load, "--discipline", "sharing"}, "--mode requests only"},
		"outage":             {[]string{load, "--outage", "10m"}, `--outage: "10m": want when it begins`},
		"no rate":            {[]string{load, "--scrape-interval", "60s"}, `--rate-window: "1m": want two of --scrape-interval`},
		"nothing scraped":    {[]string{load, "--scrape-loss", "1"}, `--scrape-loss: "1": want a probability`},
		"all come again":     {[]string{load, "--client-retry", "1"}, `--client-retry: "1": want a share`},
		"no patience":        {[]string{load, "--client-timeout", "0s"}, `--client-timeout: "0s"`},
		"too much patience":  {[]string{load, "--client-timeout", "3000d"}, `--client-timeout: "3000d": want a duration above 0, up to 1h`},
		"a node of ages":     {[]string{load, "--node-startup", "2d"}, `--node-startup: "2d": want a duration above 0, up to 1d`},
		"a start-up of ages": {[]string{load, "--startup", "30000d"}, `--startup: "30000d": want a duration above 0 such as 60s, up to 1d`},
		"nodes":              {[]string{load, "--pods-per-node", "-1"}, `--pods-per-node: "-1"`},
		"half a lesson":      {[]string{load, "--latency-query", "l"}, `--latency-query: "l": want it together with --replicas-query`},
		"no capacity":        {[]string{load, "--capacity", "1e-300"}, "--capacity: 1e-300 and --slots: 8"}, // no time.Duration holds its service time
		"no replicas":        {[]string{load, "--min-replicas", "0", "--max-replicas", "0"}, "want 0 ≤ min ≤ max, and a max of at least 1"},
		"infinite capacity":  {[]string{load, "--capacity", "Inf"}, "--capacity: +Inf and --slots: 8"},
		"slots":              {[]string{load, "--slots", "1000000000"}, "from one slot to 10000"},
		"peak":               {[]string{load, "--scale-peak", "1e300"}, "--scale-peak: 1e+300: want requests/s up to 1e+12"},
		"a load of no world": {[]string{huge, "--scale-peak", "0"}, "huge: its peak is 1e+300 requests/s: want at most 1e+12"},
		"one load twice":     {[]string{load, load}, "two traces have the name web"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := runBacktest(t, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A file is read as forecast reads it: two values for one time are refused. Of a
// collection all is measured, and what is odd is said.
func TestBacktestSaysWhatIsOddAboutAFile(t *testing.T) {
	var counter strings.Builder
	counter.WriteString("timestamp,value\n")
	for i := range 120 {
		fmt.Fprintf(&counter, "%d,%d\n", 60*i, 40*i)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mixed":   "timestamp,value\n1700000040,1\n1700000100,2\n1700000100,4\n1700000160,3\n",
		"counter": counter.String(),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600))
	}
	o := backtestOptions{}
	_, _, err := o.read(t.Context(), []string{filepath.Join(dir, "mixed.csv")}, replay.Options{}, io.Discard)
	require.ErrorContains(t, err, "mixed.csv: line 4: time 1700000100 (2023-11-14T22:15:00Z) comes twice, with the values 2 and 4")
	require.NotContains(t, err.Error(), "--trace", "it was no flag that named it")

	var notes strings.Builder
	o.directory = dir
	traces, _, err := o.read(t.Context(), nil, replay.Options{}, &notes)
	require.NoError(t, err)
	require.Contains(t, notes.String(), "note: mixed: rows with the time of the one before and another value: 1, the first in line 4")
	require.Contains(t, notes.String(), "note: counter: the values only rise")
	require.Contains(t, notes.String(), "note: counter: its times begin at 1970-01-01 00:00:00: replayed as if 7d later")
	require.Equal(t, time.Date(1970, 1, 8, 0, 0, 0, 0, time.UTC), traces[0].Start.UTC(), "the same day of the week")
}

// A replay goes second by second: cells of a week are no load, and of many years the
// last one is enough.
func TestBacktestReplaysAYearAtMost(t *testing.T) {
	o := backtestOptions{}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := o.replayable(trace.Trace{Name: "weekly", Start: start, Step: 7 * 24 * time.Hour, Values: make([]float64, 60)}, replay.Options{}, io.Discard)
	require.ErrorContains(t, err, "weekly: its cells are 7d: want a day at most")
	var notes strings.Builder
	got, err := o.replayable(trace.Trace{Name: "daily", Start: start, Step: 24 * time.Hour, Values: make([]float64, 400)}, replay.Options{}, &notes)
	require.NoError(t, err)
	require.Len(t, got.Values, 366)
	require.Equal(t, "note: daily: of 400d the last 366d are replayed\n", notes.String())
}

func TestBacktestSpecGivesObjectiveBoundsAndMargin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
metric: {query: "sum(rate(http_requests_total[1m]))"}
forecast: {buffer: "1.2"}
scale: {latencyObjective: {quantile: "0.95", value: 300ms}, minReplicas: 3, maxReplicas: 30}
`), 0o600))
	o := backtestOptions{}
	cmd := &cobra.Command{}
	o.bind(cmd)
	require.NoError(t, cmd.ParseFlags([]string{"--spec", path, "--balancing", "per-pod", "--policies", "default,keda"}))
	c, err := o.campaign()
	require.NoError(t, err)
	require.InDelta(t, 0.95, c.Replay.Service.Quantile, 1e-12)
	require.Equal(t, 300*time.Millisecond, c.Replay.Service.Latency)
	require.Equal(t, int32(3), c.Replay.Cluster.Min)
	require.Equal(t, int32(30), c.Replay.Cluster.Max)
	require.InDelta(t, 1.2, c.Spec.Forecast.Buffer.Float(), 0)
	require.Equal(t, usual(), c.Policies, "keda is among them")
}

// What is recommended can be given back as it is printed, and is then what was
// replayed: the same pods, bounds, objective and margin, and the same figures.
func TestTheRecommendedSpecIsWhatWasReplayed(t *testing.T) {
	dir := t.TempDir()
	load, doc, path := writeWave(t, dir, "web.csv", 24*60, time.Minute), filepath.Join(dir, "b.json"), filepath.Join(dir, "spec.yaml")
	var report struct {
		Settings map[string]any   `json:"settings"`
		Runs     []map[string]any `json:"runs"`
		Spec     string           `json:"spec"`
	}
	replayed := func(args ...string) string {
		_, _, err := runBacktest(t, append([]string{load, "--seeds", "1", "--days", "6h", "--policies", "forescale-floor,forescale-keda", "--json", doc}, args...)...)
		require.NoError(t, err)
		text, err := os.ReadFile(doc)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &report))
		return report.Spec
	}
	for balancing, service := range map[string]string{
		"central": "service: {slots: 3, time: 81.081081ms}",
		"per-pod": "service: {slots: 3, time: 81.081081ms, discipline: Random}",
	} {
		spec := replayed("--capacity", "37", "--slots", "3", "--slo", "p95=300ms", "--max-replicas", "90", "--balancing", balancing)
		require.Contains(t, spec, service)
		first := report
		require.NoError(t, os.WriteFile(path, []byte(spec), 0o600))
		require.Equal(t, spec, replayed("--spec", path))
		require.Equal(t, first.Settings["objective"], report.Settings["objective"])
		for i, r := range report.Runs {
			require.Equal(t, first.Runs[i]["violating_time_pct"], r["violating_time_pct"])
			require.Equal(t, first.Runs[i]["replica_hours"], r["replica_hours"])
		}
	}
}

// The name of a column is no PromQL: the spec that is recommended asks for what it asks for
// where no query is known.
func TestAColumnIsNotRecommendedAsAQuery(t *testing.T) {
	dir := t.TempDir()
	load, doc := writeWave(t, dir, "web.csv", 24*60, time.Minute), filepath.Join(dir, "b.json")
	text, err := os.ReadFile(load)
	require.NoError(t, err)
	table := strings.ReplaceAll(strings.Replace(string(text), "timestamp,value", "timestamp,\"web, per second\",errors", 1)+"#", "\n", ",0\n")
	table = strings.TrimSuffix(strings.Replace(table, "errors,0", "errors", 1), "#")
	require.NoError(t, os.WriteFile(load, []byte(table), 0o600))
	_, _, err = runBacktest(t, load, "--query", "web, per second", "--seeds", "1", "--days", "3h", "--policies", "forescale-floor", "--json", doc)
	require.NoError(t, err)
	text, err = os.ReadFile(doc)
	require.NoError(t, err)
	require.NotContains(t, string(text), "web, per second")
	require.Contains(t, string(text), "sum(rate(http_requests_total")
}

// A network acts in the replay as it does where forescale runs: alone as the model lstm.
func TestANetworkIsReplayed(t *testing.T) {
	dir := t.TempDir()
	load, spec, network := writeWave(t, dir, "web.csv", 3*24*60, time.Minute), filepath.Join(dir, "spec.yaml"), filepath.Join(dir, "m.safetensors")
	_, _, err := runTrain(t, "--input", load, "--out", network, "--units", "2", "--head-units", "2", "--epochs", "1", "--steps-per-epoch", "2")
	require.NoError(t, err)
	replayed := func(model string, more ...string) (string, error) {
		require.NoError(t, os.WriteFile(spec, []byte("forecast: {model: "+model+"}\n"), 0o600))
		out, _, err := runBacktest(t, append([]string{load, "--seeds", "1", "--days", "6h", "--policies", "hpa-rate-70,forescale-floor-95", "--spec", spec}, more...)...)
		_, row, _ := strings.Cut(out, "\nforescale-floor-95 ")
		row, _, _ = strings.Cut(row, "\n")
		return row, err
	}
	_, err = replayed("lstm")
	require.ErrorContains(t, err, "forecast.model: \"lstm\": needs the weights of a network: give --network")
	alone, err := replayed("lstm", "--network", network)
	require.NoError(t, err)
	other, err := replayed("naive", "--network", network)
	require.NoError(t, err)
	require.NotEqual(t, other, alone)
	_, err = replayed("auto", "--network", spec)
	require.ErrorContains(t, err, "--network "+spec)
}

// The model of a replay runs on the grid of the spec, as where it runs, or not at all.
func TestBacktestKeepsToTheGridOfTheSpec(t *testing.T) {
	dir := t.TempDir()
	load, path := writeWave(t, dir, "web.csv", 24*60, time.Minute), filepath.Join(dir, "spec.yaml")
	replayed := func(step string) (string, error) {
		require.NoError(t, os.WriteFile(path, []byte("metric: {step: "+step+"}\nforecast: {timeZone: Europe/Berlin}\n"), 0o600))
		table, _, err := runBacktest(t, load, "--seeds", "1", "--days", "6h", "--policies", "hpa-rate-70,forescale-floor-95", "--spec", path)
		return table, err
	}
	minute, err := replayed("1m")
	require.NoError(t, err)
	five, err := replayed("5m")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^forescale-floor-95 .*$`)
	require.NotEqual(t, line.FindString(minute), line.FindString(five))
	require.Contains(t, five, "\n    step: 5m\n")
	require.Contains(t, five, "\n    timeZone: Europe/Berlin\n")
	_, err = replayed("90s")
	require.ErrorContains(t, err, "spec.yaml: metric.step: 1m30s: the history of a replay is kept by the minute: want whole minutes")
}

// What the flags say about the world around the pods reaches the replay.
func TestBacktestOfAWorldWithFaults(t *testing.T) {
	o := backtestOptions{}
	cmd := &cobra.Command{}
	o.bind(cmd)
	require.NoError(t, cmd.ParseFlags([]string{
		"--mode", "requests", "--balancing", "per-pod", "--outage", "34h+10m", "--outage", "2d+1h", "--scrape-loss", "0.02",
		"--scrape-interval", "30s", "--rate-window", "2m", "--rate-of-pods", "--client-timeout", "2s", "--client-retry", "0.5",
		"--pods-per-node", "8", "--node-startup", "90s", "--slow-start", "2m", "--slow-share", "0.3", "--variation", "0.5", "--dispersion", "3",
	}))
	c, err := o.campaign()
	require.NoError(t, err)
	got := c.Replay
	require.Equal(t, replay.RequestMode{On: true, Discipline: requests.Random}, got.Requests)
	require.Equal(t, replay.Metric{
		ScrapeInterval: 30 * time.Second, RateWindow: 2 * time.Minute, Loss: 0.02, PerPod: true,
		Outages: []replay.Outage{{From: 34 * time.Hour, Length: 10 * time.Minute}, {From: 48 * time.Hour, Length: time.Hour}},
	}, got.Metric)
	require.Equal(t, replay.Clients{Timeout: 2 * time.Second, Retry: 0.5}, got.Clients)
	require.Equal(t, &replay.Nodes{Pods: 8, Provision: 90 * time.Second}, got.Cluster.Nodes)
	require.Equal(t, replay.SlowStart{For: 2 * time.Minute, Share: 0.3}, got.Cluster.SlowStart)
	require.InDelta(t, 0.5, got.Service.Variation, 0)
	require.InDelta(t, 3, got.Dispersion, 0)

	o = backtestOptions{}
	cmd = &cobra.Command{}
	o.bind(cmd)
	require.NoError(t, cmd.ParseFlags([]string{"--serve-abandoned"}))
	c, err = o.campaign()
	require.NoError(t, err)
	require.True(t, c.Replay.Clients.Zombies)
	require.NoError(t, cmd.ParseFlags([]string{"--mode", "requests", "--slow-share", "2", "--dispersion", "0", "--slow-start", "2d"}))
	_, err = o.campaign()
	require.ErrorContains(t, err, `--serve-abandoned: "true": want it with --mode fluid only`)
	require.ErrorContains(t, err, `--dispersion: "0": want 1 to 1e+06`)
	require.ErrorContains(t, err, `--slow-share: "2": want a share from 0 to 1`)
	require.ErrorContains(t, err, `--slow-start: "2d": want a duration up to 1d`)
}

// Requests that vary need more pods, which the recommended spec says, too; and some objectives
// that exponential ones keep are then out of reach.
func TestBacktestOfIrregularRequests(t *testing.T) {
	load := writeWave(t, t.TempDir(), "web.csv", 24*60, time.Minute)
	args := []string{load, "--seeds", "1", "--days", "3h", "--policies", "forescale-floor", "--slo", "p95=400ms"}
	even, _, err := runBacktest(t, args...)
	require.NoError(t, err)
	require.Contains(t, even, "service: {slots: 8, time: 80ms}")
	wide, _, err := runBacktest(t, append(args, "--variation", "2")...)
	require.NoError(t, err)
	require.Contains(t, wide, `service: {slots: 8, time: 80ms, variation: "2"}`)
	require.Contains(t, wide, "(8 slots, variation 2, central queue)")
	_, _, err = runBacktest(t, append(args, "--variation", "2", "--slo", "p99=500ms")...)
	require.ErrorContains(t, err, "one takes 80ms on average. Want at least p99=")
	_, _, err = runBacktest(t, append(args, "--variation", "-1")...)
	require.ErrorContains(t, err, "--variation: -1: want 0 to 10")
}

func TestBacktestLine(t *testing.T) {
	line := backtestLine(campaign.Progress{Done: 5, Total: 20, Trace: "web", Policy: "kpa"}, 10*time.Second)
	require.Equal(t, "██████░░░░░░░░░░░░░░░░░░ 5/20  web, kpa  30s left", line)
}

// One file that cannot be read, or not be replayed, does not cost the figures of a
// collection, in which files of other kinds lie; where none can be the last one says why.
func TestACollectionWithoutWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts.csv"), []byte("host,site\nweb-1,east\n"), 0o600))
	_, _, err := runBacktest(t, "--traces", dir, "--seeds", "1")
	require.ErrorContains(t, err, "--traces: read "+filepath.Join(dir, "hosts.csv"))
	writeWave(t, dir, "web.csv", 24*60, time.Minute)
	out, notes, err := runBacktest(t, "--traces", dir, "--seeds", "1", "--days", "3h", "--policies", "forescale-floor")
	require.NoError(t, err)
	require.Contains(t, out, "web:")
	require.Contains(t, notes, "note: left out: read "+filepath.Join(dir, "hosts.csv"))

	idle := filepath.Join(dir, "idle.csv")
	require.NoError(t, os.WriteFile(idle, []byte("timestamp,value\n60,0\n120,0\n180,0\n36000,0\n"), 0o600))
	out, notes, err = runBacktest(t, "--traces", dir, "--seeds", "1", "--days", "3h", "--policies", "hpa-rate-70")
	require.NoError(t, err)
	require.Contains(t, out, "web:")
	require.Contains(t, notes, "note: left out: trace idle: replay: there is no load in the judged part")
	_, _, err = runBacktest(t, "--traces", dir, "--seeds", "1", "--warmup", "9d", "--policies", "hpa-rate-70")
	require.ErrorContains(t, err, "--traces: trace web: replay: the load is 1d long")
	_, _, err = runBacktest(t, idle, "--seeds", "1", "--policies", "hpa-rate-70")
	require.ErrorContains(t, err, "trace idle: replay: there is no load", "a file that is named is asked for")
}

// What cannot be written is told before the work, and a run that fails leaves no file.
func TestBacktestOpensItsOutputsFirst(t *testing.T) {
	dir := t.TempDir()
	_, _, err := runBacktest(t, "nowhere.csv", "--json", filepath.Join(dir, "no", "b.json"))
	require.ErrorContains(t, err, "nowhere.csv")
	load := writeWave(t, dir, "web.csv", 600, 60e9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := newBacktestCommand()
	cmd.SetArgs([]string{load, "--json", filepath.Join(dir, "no", "b.json")})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	require.ErrorContains(t, cmd.ExecuteContext(ctx), "--json: open "+filepath.Join(dir, "no", "b.json"))
	cmd = newBacktestCommand()
	cmd.SetArgs([]string{load, "--json", filepath.Join(dir, "b.json"), "--report", filepath.Join(dir, "b.html")})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	require.ErrorIs(t, cmd.ExecuteContext(ctx), context.Canceled)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "the load alone: nothing hidden, nothing half written")
}

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/capacity"
)

// A recording is of a service whose pods carry 40 requests/s with 4 slots, or as many times
// that as it is faster.
type recording struct {
	most   float64       // the highest rate per pod, of what it carries
	step   time.Duration // of an interval
	cells  int           // how many there are
	noise  float64       // deviation of the logarithm of the latency
	faster float64
}

// write writes rates that are anywhere from 0.3 to most of what a pod carries for a minute or a
// cell, whichever is longer, beside their latency and the replicas, which change every quarter of
// an hour.
func (r recording) write(t *testing.T) string {
	t.Helper()
	s := queue.Service{Slots: 4, ServiceTime: time.Duration(float64(100*time.Millisecond) / r.faster), Quantile: 0.99}
	rng := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("timestamp,rate,latency,replicas\n")
	pods, rate, latency := 10, 0.0, 0.0
	for i := range r.cells {
		at := time.Duration(i) * r.step
		if at%(15*time.Minute) == 0 {
			pods = 10 + rng.IntN(5)
		}
		if at%time.Minute == 0 {
			rate = float64(pods) * s.Capacity(1) * (0.3 + (r.most-0.3)*rng.Float64())
			latency = quantileOf(s, pods, rate).Seconds()
		}
		fmt.Fprintf(&b, "%d,%g,%g,%d\n", 1_772_409_600+int(at.Seconds()), rate, latency*math.Exp(r.noise*rng.NormFloat64()), pods)
	}
	path := filepath.Join(t.TempDir(), "web.csv")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

// quantileOf returns the quantile of the latency of pods at a rate, a minute at most.
func quantileOf(s queue.Service, pods int, rate float64) time.Duration {
	low, high := time.Duration(0), time.Minute
	for high-low > time.Millisecond/10 {
		if s.Latency = (low + high) / 2; s.Late(pods, rate, 0) > 1-s.Quantile {
			low = s.Latency
		} else {
			high = s.Latency
		}
	}
	return high
}

func TestBacktestLearnsWhatAPodCarries(t *testing.T) {
	never := func(string) bool { return false }
	for name, c := range map[string]struct {
		most  float64
		given func(string) bool
		words string
		used  bool
	}{
		"both sides seen":  {1.1, never, "the replay takes the lower end", true},
		"never missed":     {0.6, never, "cannot tell what a pod carries", false},
		"capacity is said": {1.1, func(flag string) bool { return flag == "capacity" }, "--capacity overrides it", false},
	} {
		t.Run(name, func(t *testing.T) {
			o := backtestOptions{startup: "60s", capacity: 100, slots: 8, slo: "p99=1s", scalePeak: 4000}
			traces, recorded, err := o.read(t.Context(), []string{recording{most: c.most, step: time.Minute, cells: 2 * 1440, noise: 0.03, faster: 1}.write(t)}, replay.Options{}, os.Stderr)
			require.NoError(t, err)
			l, err := o.learned(recorded, len(traces), c.given)
			require.NoError(t, err)
			require.Contains(t, l.Words, c.words)
			require.Contains(t, l.Words, "Start-up cannot be told from ready replicas alone")
			require.Equal(t, c.used, l.Used)
			if !c.used {
				require.InDelta(t, 100, o.capacity, 0)
				require.InDelta(t, 4000, o.scalePeak, 0)
				return
			}
			require.Zero(t, o.scalePeak, "the counts belong to the load as recorded")
			require.InDelta(t, 40, o.capacity, 6, "slots %d", o.slots)
		})
	}
}

// The latencies of seconds scatter far more than those of minutes, and each is like the one
// before: as intervals of their own they say that safe rates are often missed.
func TestBacktestLearnsFromSecondsByTheMinute(t *testing.T) {
	o := backtestOptions{startup: "60s", capacity: 100, slots: 8, slo: "p99=1s", scalePeak: 4000}
	seconds := recording{most: 1.1, step: time.Second, cells: 6 * 3600, noise: 0.6, faster: 1}.write(t)
	traces, recorded, err := o.read(t.Context(), []string{seconds}, replay.Options{}, os.Stderr)
	require.NoError(t, err)
	l, err := o.learned(recorded, len(traces), func(string) bool { return false })
	require.NoError(t, err)
	require.True(t, l.Used, l.Words)
	require.InDelta(t, 40, o.capacity, 6, l.Words)
	require.Equal(t, time.Second, traces[0].Step, "the load keeps its own")
}

func TestByTheMinute(t *testing.T) {
	series := func(step time.Duration, values ...float64) forecast.Series {
		return forecast.Series{Start: time.Unix(0, 0), Step: step, Values: values}
	}
	fine := func(values ...float64) forecast.Series { return series(20*time.Second, values...) }
	latency := fine(0.5, 0, 0.25, math.NaN(), 0, 0)
	objective := capacity.Objective{Quantile: 0.95}
	d := byTheMinute(export.Data{Rate: fine(8, 0, 10, 3, 3, 3), Latency: latency, Replicas: fine(2, 2, 2, 2, 3, 3)}, objective)
	require.Equal(t, series(time.Minute, 6, 3), d.Rate)
	require.InDelta(t, 0.375, d.Latency.Values[0], 1e-12, "a latency of zero is that of no request")
	require.True(t, math.IsNaN(d.Latency.Values[1]))
	require.Zero(t, whole(d.Replicas.Values[1]), "the count changed within the minute")
	require.Zero(t, latency.Values[1], "what was recorded stays as it is")

	many := fine(160, 161, 162, 160, 163, 160, math.NaN(), 161, 160)
	d = byTheMinute(export.Data{Rate: fine(1, 1, 1, 1, 1, 1, 1, 1, 1), Latency: fine(1, 1, 1, 1, 1, 1, 1, 1, 1), Replicas: many}, objective)
	require.Equal(t, int32(160), whole(d.Replicas.Values[0]), "one or two of so many more are no change")
	require.Zero(t, whole(d.Replicas.Values[1]), "three more are a change, although the mean is a whole number")
	require.Equal(t, int32(161), whole(d.Replicas.Values[2]), "a gap is no change")
	require.Len(t, d.Replicas.Values, len(d.Rate.Values))
	require.Equal(t, d.Rate.Step, d.Replicas.Step)

	hours := export.Data{Rate: series(time.Hour, 1, 2), Latency: series(time.Hour, 0, 1), Replicas: series(time.Hour, 1, 1)}
	require.Equal(t, hours, byTheMinute(hours, objective))
}

// Pods of the default capacity take 80 ms for a request, so an objective below that has to wait
// for what is learned of those that were recorded.
func TestBacktestLearnsPodsThatAreFasterThanTheDefault(t *testing.T) {
	args := []string{"--slo", "p99=50ms", "--seeds", "1", "--policies", "hpa-rate-70", "--resamples", "1000"}
	fast := recording{most: 1.1, step: time.Minute, cells: 2 * 1440, noise: 0.03, faster: 20}
	out, _, err := runBacktest(t, append(args, fast.write(t))...)
	require.NoError(t, err)
	require.Contains(t, out, "p99 within 0.05 s")
	require.Regexp(t, `beside \d+ pods each carries between\s+7\d\d requests/s, kept`, out)

	fast.most = 0.6 // the objective is never missed
	_, _, err = runBacktest(t, append(args, fast.write(t))...)
	require.ErrorContains(t, err, "one takes 80ms on average. Want at least p99=369ms, or --slots of 1 at most, or a --capacity of at least 737. From what was recorded beside the load: cannot tell what a pod carries")
	require.NotContains(t, err.Error(), "Start-up")

	_, _, err = runBacktest(t, append(args, fast.write(t), "--capacity", "737")...)
	require.NoError(t, err)
}

// What was asked for beside what was ready tells the start-up, with latency or without.
func TestBacktestLearnsTheStartUp(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,rate,replicas,desired\n")
	for i := range 1440 {
		up := i%30 < 15 // four pods more every half hour, ready after a minute and a half
		desired, ready := 10, 10.0
		if up {
			desired, ready = 14, 10+4*min(max(float64(i%30)-1, 0)+0.5*float64(min(i%30, 1)), 1)
		}
		fmt.Fprintf(&b, "%d,%d,%g,%d\n", 1_772_409_600+60*i, 400+10*(i%30), ready, desired)
	}
	path := filepath.Join(t.TempDir(), "web.csv")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	for name, c := range map[string]struct {
		stated  bool
		startup string
		words   string
	}{
		"learned": {false, "1m30s", "From being asked for to ready a pod took 1m30s on average over 188 starts; the replay takes that"},
		"stated":  {true, "60s", "over 188 starts; --startup overrides it"},
	} {
		t.Run(name, func(t *testing.T) {
			o := backtestOptions{startup: "60s", capacity: 100, slots: 8, slo: "p99=1s", scalePeak: 4000}
			traces, recorded, err := o.read(t.Context(), []string{path}, replay.Options{}, os.Stderr)
			require.NoError(t, err)
			l, err := o.learned(recorded, len(traces), func(flag string) bool { return c.stated && flag == "startup" })
			require.NoError(t, err)
			require.Contains(t, l.Words, "nothing about what a pod carries, because no latency was recorded")
			require.Contains(t, l.Words, c.words)
			require.Equal(t, c.startup, o.startup)
			require.InDelta(t, 90, l.StartupS, 0)
		})
	}
}

// Milliseconds where seconds are wanted look like an objective that is always missed.
func TestBacktestSaysWhatNothingIsLearnedFrom(t *testing.T) {
	rows := 600
	read := func(head, row string) (string, string) {
		var b strings.Builder
		b.WriteString(head + "\n")
		for i := range rows {
			fmt.Fprintf(&b, row+"\n", 1_772_409_600+60*i, 50+i%100)
		}
		path := filepath.Join(t.TempDir(), "web.csv")
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
		o := backtestOptions{startup: "60s", capacity: 100, slots: 8, slo: "p99=1s"}
		var notes strings.Builder
		traces, recorded, err := o.read(t.Context(), []string{path}, replay.Options{}, &notes)
		require.NoError(t, err)
		l, err := o.learned(recorded, len(traces), func(string) bool { return false })
		require.NoError(t, err)
		if l == nil {
			return "", notes.String()
		}
		return l.Words, notes.String()
	}
	words, _ := read("timestamp,rate,latency,replicas", "%d,%d,120,2")
	require.Contains(t, words, "the objective was hardly ever kept, by latencies of 120 s at the median (they are read as seconds)")
	_, notes := read("timestamp,rate,latency", "%d,%d,0.12")
	require.Contains(t, notes, "there is latency and no column of replicas")
	_, notes = read("timestamp,rate,replicas", "%d,%d,2")
	require.Contains(t, notes, "there are replicas and no column of latency")
	rows = 12
	words, _ = read("timestamp,rate,latency,replicas", "%d,%d,0.12,2")
	require.Contains(t, words, "cannot tell what a pod carries: no rate per pod was seen for long enough (seen from 26")
	require.Equal(t, "cannot tell what a pod carries: of late the objective was missed at all rates (seen from 49.4 to 104 in 771 intervals). The capacity is the setting",
		wordsOf(&report.Learned{MissRate: 49.4, SeenFrom: 49.4, SeenTo: 104, Intervals: 771}, ""), "and not hardly ever")
	lone := &report.Learned{Known: true, SafeRate: 7, MissRate: 10, SeenFrom: 2, SeenTo: 30, Intervals: 3400, Replicas: 1}
	require.Contains(t, wordsOf(lone, ""), "a pod by itself carries between 7 requests/s, kept, and 10, missed")
}

// What the flags do not ask for the spec does, so that one query more is one flag more, and
// none of the flags is passed over for the spec.
func TestBacktestTakesTheQueriesOfTheSpecForThoseThatNoFlagNames(t *testing.T) {
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(spec, []byte("metric: {query: load, latencyQuery: took, replicasQuery: pods}\nscale: {latencyObjective: {quantile: 0.99, value: 1s}}\n"), 0o600))
	for name, c := range map[string]struct {
		flags backtestOptions
		want  api.MetricSpec
		err   string
	}{
		"all by the spec":   {backtestOptions{}, api.MetricSpec{Query: "load", LatencyQuery: "took", ReplicasQuery: "pods"}, ""},
		"one query more":    {backtestOptions{desired: "d"}, api.MetricSpec{Query: "load", LatencyQuery: "took", ReplicasQuery: "pods"}, ""},
		"one by a flag":     {backtestOptions{latency: "l"}, api.MetricSpec{Query: "load", LatencyQuery: "l", ReplicasQuery: "pods"}, ""},
		"the other":         {backtestOptions{replicas: "r"}, api.MetricSpec{Query: "load", LatencyQuery: "took", ReplicasQuery: "r"}, ""},
		"of another load":   {backtestOptions{query: "q", latency: "l", replicas: "r"}, api.MetricSpec{Query: "q", LatencyQuery: "l", ReplicasQuery: "r"}, ""},
		"which has no pods": {backtestOptions{query: "q", desired: "d"}, api.MetricSpec{Query: "q"}, `--desired-query: "d": want it together with --replicas-query`},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.flags
			o.spec, o.seeds, o.resamples, o.budget = spec, 1, 1000, 1
			run, err := o.readSpec()
			require.NoError(t, err)
			require.Equal(t, c.want, o.beside())
			m := run.Metric
			require.Equal(t, c.want, api.MetricSpec{Query: m.Query, LatencyQuery: m.LatencyQuery, ReplicasQuery: m.ReplicasQuery}, "and that is recommended")
			if err := o.check(); c.err != "" {
				require.ErrorContains(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestBacktestReadsWhatPrometheusWrites(t *testing.T) {
	dir := t.TempDir()
	var metrics, values strings.Builder
	metrics.WriteString("# TYPE queue gauge\n")
	for i := range 180 {
		at := 1_772_409_600 + 60*i
		v := 50 + 40*math.Sin(float64(i)/180*2*math.Pi)
		fmt.Fprintf(&metrics, "queue{pod=\"a\"} %g %d\n", v, at)
		fmt.Fprintf(&values, ",[%d,\"%g\"]", at, v)
	}
	metrics.WriteString("# EOF\n")
	open, doc := filepath.Join(dir, "open.txt"), filepath.Join(dir, "range.json")
	require.NoError(t, os.WriteFile(open, []byte(metrics.String()), 0o600))
	require.NoError(t, os.WriteFile(doc, []byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[`+
		values.String()[1:]+`]}]}}`), 0o600))
	for name, args := range map[string][]string{
		"OpenMetrics":           {open, "--query", "sum(queue)"},
		"answer of query_range": {doc},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := runBacktest(t, append(args, "--seeds", "1", "--policies", "hpa-rate-70,oracle", "--resamples", "1000")...)
			require.NoError(t, err)
			require.Contains(t, out, "hpa-rate-70")
		})
	}
}

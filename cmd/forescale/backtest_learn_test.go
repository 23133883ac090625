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
	"github.com/forescale/forescale/scaler/api"
)

// writeRecorded writes two days of pods of 40 requests/s with 4 slots, whose rate
// per pod goes up to most of that, beside latency and replicas.
func writeRecorded(t *testing.T, most float64) string {
	t.Helper()
	s := queue.Service{Slots: 4, ServiceTime: 100 * time.Millisecond, Quantile: 0.99, Latency: time.Second}
	rng := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("timestamp,rate,latency,replicas\n")
	pods := 10
	for i := range 2 * 1440 {
		if i%15 == 0 {
			pods = 10 + rng.IntN(5)
		}
		rate := float64(pods) * 40 * (0.3 + (most-0.3)*rng.Float64())
		low, high := time.Duration(0), time.Minute
		for high-low > time.Millisecond { // the quantile of the latency at that rate
			s.Latency = (low + high) / 2
			if s.Late(pods, rate, 0) > 0.01 {
				low = s.Latency
			} else {
				high = s.Latency
			}
		}
		fmt.Fprintf(&b, "%d,%g,%g,%d\n", 1_772_409_600+60*i, rate, high.Seconds()*math.Exp(0.03*rng.NormFloat64()), pods)
	}
	path := filepath.Join(t.TempDir(), "web.csv")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
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
			traces, recorded, err := o.read(t.Context(), []string{writeRecorded(t, c.most)}, replay.Options{}, os.Stderr)
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

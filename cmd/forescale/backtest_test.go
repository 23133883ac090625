package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/report/campaign"
)

func runBacktest(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := newBacktestCommand()
	var out, notes bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&notes)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), notes.String(), err
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
	require.Empty(t, notes, "no progress bar without a terminal")
	require.Contains(t, out, "web: class A, 12 h judged")
	require.Contains(t, out, "start-up 30 s, p90 31.5 s")
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

func TestBacktestSaysWhatIsWrong(t *testing.T) {
	load := writeWave(t, t.TempDir(), "web.csv", 600, time.Minute)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no load":           {nil, "no load given: name files, or a directory by --traces"},
		"no file":           {[]string{"nowhere.csv"}, "nowhere.csv"},
		"unknown policy":    {[]string{load, "--policies", "hpa-rate-70,hpax"}, `--policies: no policy "hpax"; there are default, all, static-peak`},
		"objective":         {[]string{load, "--slo", "99=500ms"}, `--slo: "99=500ms": want a quantile and its bound, such as p99=500ms`},
		"out of reach":      {[]string{load, "--slo", "p99=50ms"}, "no number of pods keeps it"},
		"start-up":          {[]string{load, "--startup", "soon"}, `"soon" is neither a duration such as 60s nor a file of seconds`},
		"balancing":         {[]string{load, "--balancing", "random"}, `--balancing: "random": want central or per-pod`},
		"no seeds":          {[]string{load, "--seeds", "0"}, "--seeds: want at least 1"},
		"capacity":          {[]string{load, "--capacity", "0"}, "--capacity: 0 and --slots: 8"},
		"page of a kind":    {[]string{load, "--report", "page.pdf"}, `--report: "page.pdf": want a file that ends in .html`},
		"bounds":            {[]string{load, "--min-replicas", "5", "--max-replicas", "4"}, "--min-replicas: 5 and --max-replicas: 4"},
		"spec":              {[]string{load, "--spec", load}, "--spec: "},
		"too few resamples": {[]string{load, "--resamples", "10"}, "--resamples: want at least 1000"},
		"one load twice":    {[]string{load, load}, "two traces have the name web"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := runBacktest(t, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBacktestSpecGivesObjectiveBoundsAndMargin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
metric: {query: "sum(rate(http_requests_total[1m]))"}
forecast: {buffer: "1.2"}
scale: {latencyObjective: {quantile: "0.95", value: 300ms}, minReplicas: 3, maxReplicas: 30}
`), 0o600))
	o := backtestOptions{
		spec: path, startup: "60s", capacity: 100, slots: 8, slo: "p99=500ms", balancing: "per-pod", judged: 1e12,
		policies: []string{"default", "keda"}, seeds: 1, resamples: 1000, budget: 0.1, min: 1, max: 400,
	}
	c, err := o.campaign()
	require.NoError(t, err)
	require.InDelta(t, 0.95, c.Replay.Service.Quantile, 1e-12)
	require.Equal(t, 300*time.Millisecond, c.Replay.Service.Latency)
	require.Equal(t, int32(3), c.Replay.Cluster.Min)
	require.Equal(t, int32(30), c.Replay.Cluster.Max)
	require.Equal(t, `buffer: "1.2"`, c.Margin)
	require.Equal(t, usual(), c.Policies, "keda is among them")
}

func TestBacktestLine(t *testing.T) {
	line := backtestLine(campaign.Progress{Done: 5, Total: 20, Trace: "web", Policy: "kpa"}, 10*time.Second)
	require.Equal(t, "██████░░░░░░░░░░░░░░░░░░ 5/20  web, kpa  30s left", line)
}

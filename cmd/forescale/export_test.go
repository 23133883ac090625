package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/collector/prometheus/embedded"
)

// exportedNow is when the exports of these tests happen, off the grid.
func exportedNow() time.Time { return time.Date(2026, 3, 3, 12, 0, 31, 0, time.UTC) }

// startExported runs a Prometheus with two days of a queue sampled every 30 s,
// which is not seen for an hour.
func startExported(t *testing.T) string {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{Now: exportedNow, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	var samples []collector.Sample
	for at := exportedNow().Add(-48 * time.Hour); at.Before(exportedNow()); at = at.Add(30 * time.Second) {
		hours := exportedNow().Sub(at).Hours()
		if hours < 9 || hours > 10 {
			samples = append(samples, collector.Sample{Time: at, Value: 50 + 40*math.Sin(hours/24*2*math.Pi)})
		}
	}
	for _, name := range []string{"a", "b"} {
		require.NoError(t, server.Append(t.Context(), map[string]string{"__name__": "queue", "pod": name}, samples))
	}
	return server.URL()
}

// runExport runs the command at exportedNow.
func runExport(t *testing.T, args ...string) (string, error) {
	t.Helper()
	o := exportOptions{}
	cmd := newExportCommand()
	require.NoError(t, cmd.ParseFlags(args))
	get := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	o.server.Prometheus.URL, o.query, o.latency, o.replicas, o.desired = get("prometheus-url"), get("query"), get("latency-query"), get("replicas-query"), get("desired-query")
	o.from, o.to, o.out = get("from"), get("to"), get("out")
	require.NoError(t, o.server.Prometheus.Timeout.UnmarshalText([]byte(get("prometheus-timeout"))))
	require.NoError(t, o.step.UnmarshalText([]byte(get("step"))))
	var out bytes.Buffer
	err := o.run(t.Context(), exportedNow(), &out, &out)
	return out.String(), err
}

func TestExportedFileGivesWhatTheRangeQueryGives(t *testing.T) {
	url := startExported(t)
	file := filepath.Join(t.TempDir(), "queue.csv.gz")
	const query = "sum(avg_over_time(queue[30s]))"
	out, err := runExport(t, "--prometheus-url", url, "--query", query, "--replicas-query", "count(last_over_time(queue[30s]))",
		"--desired-query", "1 + count(last_over_time(queue[30s]))",
		"--step", "30s", "--from", "-2d", "--out", file)
	require.NoError(t, err)
	require.Contains(t, out, "5759 cells of 30s from 2026-03-01T12:01:00Z to 2026-03-03T12:00:30Z, 121 of them gaps") // an hour of samples, both ends of it missing

	client, err := prometheus.New(prometheus.Options{URL: url})
	require.NoError(t, err)
	defer client.Close()
	from := exportedNow().Add(-48 * time.Hour)
	samples, err := client.Range(t.Context(), query, from, exportedNow(), 30*time.Second)
	require.NoError(t, err)
	want, _, err := collector.Resample(samples, from, exportedNow(), 30*time.Second)
	require.NoError(t, err)

	d, err := export.Read(t.Context(), file, export.Options{})
	require.NoError(t, err)
	require.Equal(t, want.Start, d.Rate.Start)
	require.Equal(t, want.Step, d.Rate.Step)
	require.Equal(t, fmt.Sprint(want.Values), fmt.Sprint(d.Rate.Values)) // as text, in which NaN equals NaN
	require.Len(t, d.Replicas.Values, want.Len())
	require.InDelta(t, 2, d.Replicas.Values[0], 0)
}

func TestExportLeavesNothingHalfWritten(t *testing.T) {
	url := startExported(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "queue.csv")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"several series":  {[]string{"--query", "queue"}, "2 series, want exactly one"},
		"no series":       {[]string{"--query", "nothing"}, "no data"},
		"no load":         {[]string{"--query", "-sum(queue)"}, `--query: "-sum(queue)": none of 20159 cells has a value that can be a load`},
		"no query":        {nil, "--query is missing"},
		"wrong query":     {[]string{"--query", "sum("}, "bad_data"},
		"wrong latency":   {[]string{"--query", "sum(queue)", "--latency-query", "nothing"}, "nothing"},
		"future":          {[]string{"--query", "sum(queue)", "--to", "2030-01-01T00:00:00Z"}, "in the future"},
		"wrong start":     {[]string{"--query", "sum(queue)", "--from", "yesterday"}, `"yesterday": want now`},
		"start after end": {[]string{"--query", "sum(queue)", "--from", "-1h", "--to", "-2h"}, "at least two steps"},
		"step":            {[]string{"--query", "sum(queue)", "--step", "500ms"}, "whole seconds"},
		"a long step":     {[]string{"--query", "sum(queue)", "--step", "60d", "--from", "-365d"}, "whole seconds such as 60s, up to a day"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runExport(t, append([]string{"--prometheus-url", url, "--out", file}, c.args...)...)
			require.ErrorContains(t, err, c.want)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
	_, err := runExport(t, "--prometheus-url", url, "--query", "sum(queue)", "--out", filepath.Join(dir, "queue.xlsx"))
	require.ErrorContains(t, err, "ends in .csv or .csv.gz")
	_, err = runExport(t, "--prometheus-url", url, "--query", "sum(queue)", "--out", filepath.Join(dir, "no", "queue.csv"))
	require.ErrorContains(t, err, "--out")
}

// A series that follows another one in a later piece must not pass for it.
func TestExportSeesASeriesThatFollowsAnother(t *testing.T) {
	url := startExported(t)
	const half = `sum by (pod) (avg_over_time(queue{pod="a"}[30s]) and on () vector(time()) < 1772496000) or sum by (pod) (avg_over_time(queue{pod="b"}[30s]) and on () vector(time()) >= 1772496000)`
	_, err := runExport(t, "--prometheus-url", url, "--query", half, "--step", "30s", "--from", "-47h", "--out", filepath.Join(t.TempDir(), "x.csv"))
	require.ErrorContains(t, err, "series, want exactly one")
}

func TestExportLineFits(t *testing.T) {
	require.Equal(t, "████████████░░░░░░░░░░░░  50 %  sum(queue)", exportLine(1, 2, "sum(queue)"))
	require.LessOrEqual(t, len([]rune(exportLine(2, 2, strings.Repeat("q", 500)))), 79)
	require.NotPanics(t, func() { exportLine(1, 0, "") })
}

package export_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
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

const query = `sum(rate(http_requests_total{job="web"}[1m]))`

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// scrapes are two hours of a counter, scraped every 15 s at 7 s past: it rises by
// 10/s and then by 25/s, starts anew after 40 minutes, and is not seen from 60 to
// 75 minutes.
func scrapes(scale float64) []collector.Sample {
	var samples []collector.Sample
	count, before := 0.0, time.Duration(0)
	for d := 7 * time.Second; d < 2*time.Hour; d += 15 * time.Second {
		speed := 10.0
		if d > 90*time.Minute {
			speed = 25
		}
		count += scale * speed * (d - before).Seconds()
		if before <= 40*time.Minute && d > 40*time.Minute {
			count = scale * 3
		}
		before = d
		if d < time.Hour || d > 75*time.Minute {
			samples = append(samples, collector.Sample{Time: noon().Add(d), Value: count})
		}
	}
	return samples
}

func pods() []map[string]string {
	return []map[string]string{
		{"__name__": "http_requests_total", "job": "web", "pod": "a"},
		{"__name__": "http_requests_total", "job": "web", "pod": "b"},
	}
}

// start runs a Prometheus with the scrapes of two pods, whose data lie in dir.
func start(t *testing.T, dir string) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Options{Now: func() time.Time { return noon().Add(2 * time.Hour) }, Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	for i, pod := range pods() {
		require.NoError(t, server.Append(t.Context(), pod, scrapes(float64(i+1))))
	}
	return server
}

// answered is the range query itself, on the grid.
func answered(t *testing.T, server *embedded.Server) []float64 {
	t.Helper()
	client, err := prometheus.New(prometheus.Options{URL: server.URL()})
	require.NoError(t, err)
	defer client.Close()
	end := noon().Add(119 * time.Minute) // the last whole minute before the last scrape
	samples, err := client.Range(t.Context(), query, noon().Add(time.Minute), end, time.Minute)
	require.NoError(t, err)
	series, refused, err := collector.Resample(samples, noon().Add(time.Minute), end, time.Minute)
	require.NoError(t, err)
	require.Zero(t, refused)
	return series.Values
}

// requireAnswer checks that d is what the range query gives, and that this is
// worth comparing: the two rates, the reset and the gap.
func requireAnswer(t *testing.T, server *embedded.Server, d export.Data) {
	t.Helper()
	want := answered(t, server)
	require.Equal(t, noon().Add(time.Minute), d.Rate.Start)
	require.Equal(t, time.Minute, d.Rate.Step)
	requireSame(t, want, d.Rate.Values)
	require.InDelta(t, 30, want[20], 1e-9, "10/s and 20/s")
	require.InDelta(t, 75, want[len(want)-1], 1e-9, "25/s and 50/s")
	require.Greater(t, want[39], 10.0, "a reset is no step down")
	require.True(t, math.IsNaN(want[65]), "a gap stays a gap")
}

func requireSame(t *testing.T, want, got []float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, math.Float64bits(want[i]), math.Float64bits(got[i]), "cell %d: want %v, got %v", i, want[i], got[i])
	}
}

// openMetrics writes the scrapes as promtool tsdb dump-openmetrics does.
func openMetrics() string {
	var text strings.Builder
	for i, pod := range pods() {
		for _, s := range scrapes(float64(i + 1)) {
			fmt.Fprintf(&text, "http_requests_total{job=%q,pod=%q} %v %.3f\n", pod["job"], pod["pod"], s.Value, float64(s.Time.UnixMilli())/1e3)
		}
	}
	return text.String() + "# EOF\n"
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestEveryFormatGivesWhatTheRangeQueryGives(t *testing.T) {
	dir := t.TempDir()
	server := start(t, dir)
	ctx := t.Context()

	t.Run("OpenMetrics", func(t *testing.T) {
		d, err := export.Read(ctx, file(t, "dump.txt", openMetrics()), export.Options{Query: query})
		require.NoError(t, err)
		requireAnswer(t, server, d)
	})
	t.Run("the log of a running server", func(t *testing.T) {
		before := listing(t, dir)
		d, err := export.Read(ctx, dir, export.Options{Query: query})
		require.NoError(t, err)
		requireAnswer(t, server, d)
		require.Equal(t, before, listing(t, dir), "reading does not write")
	})
	t.Run("query_range", func(t *testing.T) {
		d, err := export.Read(ctx, file(t, "answer.json", answer(t, server.URL())), export.Options{})
		require.NoError(t, err)
		requireAnswer(t, server, d)
	})
	t.Run("CSV", func(t *testing.T) {
		d, err := export.Read(ctx, file(t, "dump.txt.gz", zipped(t, openMetrics())), export.Options{Query: query})
		require.NoError(t, err)
		var text bytes.Buffer
		require.NoError(t, export.Write(&text, d))
		require.True(t, strings.HasPrefix(text.String(), "timestamp,value\n1772366460,"), text.String()[:60])
		d, err = export.Read(ctx, file(t, "any.name", zipped(t, text.String())), export.Options{})
		require.NoError(t, err)
		requireAnswer(t, server, d)
	})
}

// listing tells names, sizes and times of all files below dir.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		files = append(files, fmt.Sprint(path, info.Size(), info.ModTime(), info.Mode()))
		return nil
	}))
	return files
}

func TestColumnsComeBackAsTheyWere(t *testing.T) {
	nan := math.NaN()
	d, err := export.Decode(t.Context(), strings.NewReader(
		"timestamp,rate,latency,replicas,desired\n1772366460,10,0.25,3,4\n1772366520,,,4,4\n1772366580,12.5,,4,\n1772366700,1e-3,0.5,,5\n"), export.Options{})
	require.NoError(t, err)
	requireSame(t, []float64{10, nan, 12.5, nan, 0.001}, d.Rate.Values)
	requireSame(t, []float64{0.25, nan, nan, nan, 0.5}, d.Latency.Values)
	requireSame(t, []float64{3, 4, 4, nan, nan}, d.Replicas.Values)
	requireSame(t, []float64{4, 4, nan, nan, 5}, d.Desired.Values)
	require.Equal(t, d.Rate.Start, d.Replicas.Start)
	require.NoError(t, d.Rate.Check())

	var text bytes.Buffer
	require.NoError(t, export.Write(&text, d))
	again, err := export.Decode(t.Context(), &text, export.Options{})
	require.NoError(t, err)
	requireSame(t, d.Rate.Values, again.Rate.Values)
	requireSame(t, d.Latency.Values, again.Latency.Values)
	requireSame(t, d.Replicas.Values, again.Replicas.Values)
	requireSame(t, d.Desired.Values, again.Desired.Values)

	_, err = export.Decode(t.Context(), strings.NewReader("timestamp,rate\n60,1\n120,1\n"), export.Options{Query: "up"})
	require.ErrorContains(t, err, `no column "up"`)
}

func TestQueriesBesideTheRate(t *testing.T) {
	var text strings.Builder
	text.WriteString(strings.TrimSuffix(openMetrics(), "# EOF\n"))
	for d := time.Duration(0); d < 2*time.Hour; d += 15 * time.Second {
		fmt.Fprintf(&text, "ready{pod=\"a\"} 2 %d\n", noon().Add(d).Unix())
	}
	d, err := export.Decode(t.Context(), strings.NewReader(text.String()+"# EOF\n"), export.Options{
		Query: query, ReplicasQuery: "sum(ready)", Step: 5 * time.Minute,
		From: noon().Add(15 * time.Minute), To: noon().Add(45 * time.Minute),
	})
	require.NoError(t, err)
	require.Equal(t, noon().Add(15*time.Minute), d.Rate.Start)
	requireSame(t, []float64{2, 2, 2, 2, 2, 2}, d.Replicas.Values)
	require.Len(t, d.Rate.Values, 6)
	require.Nil(t, d.Latency.Values)
}

func TestWithoutAQuery(t *testing.T) {
	var calls, queue strings.Builder
	for i := range 20 {
		fmt.Fprintf(&calls, "calls %d %d\n", 90*i, noon().Unix()+int64(30*i))
		fmt.Fprintf(&queue, "queue %d %d\n", i%2, noon().Unix()+int64(30*i))
	}
	counter, gauge := calls.String(), "# TYPE queue gauge\n"+queue.String()
	for name, c := range map[string]struct {
		text  string
		want  float64
		cells int
	}{
		"a counter by its name": {strings.ReplaceAll(counter, "calls", "calls_total"), 3, 8}, // 90 in 30 s, seen over 75 s
		"a counter by its type": {"# TYPE calls counter\n" + counter, 3, 8},
		"a gauge":               {gauge, 0.5, 9}, // of 9:30 minutes
	} {
		t.Run(name, func(t *testing.T) {
			d, err := export.Decode(t.Context(), strings.NewReader(c.text+"# EOF\n"), export.Options{})
			require.NoError(t, err)
			require.Len(t, d.Rate.Values, c.cells)
			for _, v := range d.Rate.Values {
				require.InDelta(t, c.want, v, 1e-9)
			}
			require.Len(t, d.Notes, 1, "it says which query it took: %v", d.Notes)
		})
	}
	_, err := export.Decode(t.Context(), strings.NewReader(openMetrics()), export.Options{})
	require.ErrorContains(t, err, `pod="a"}, {__name__="http_requests_total", job="web", pod="b"}`)
	require.ErrorContains(t, err, "give a query")
}

// What only rises is taken for a counter unless the query takes a change of it; lines may
// end as those of Windows.
func TestARisingLoadIsNoCounterByItsQuery(t *testing.T) {
	var text strings.Builder
	text.WriteString("# TYPE calls counter\r\n")
	for i := range 60 {
		fmt.Fprintf(&text, "calls_total %d %d\r\n", 100*i*i, noon().Unix()+int64(60*i))
	}
	for query, notes := range map[string]int{"rate(calls_total[2m])": 0, "calls_total": 1} {
		d, err := export.Decode(t.Context(), strings.NewReader(text.String()+"# EOF\r\n"), export.Options{Query: query})
		require.NoError(t, err)
		require.Greater(t, d.Rate.Values[40], d.Rate.Values[2])
		require.Len(t, d.Notes, notes, query)
	}
}

func TestAQueryMustGiveOneSeries(t *testing.T) {
	read := func(q string) error {
		_, err := export.Decode(t.Context(), strings.NewReader(openMetrics()), export.Options{Query: q})
		return err
	}
	var several *prometheus.SeveralSeriesError
	require.ErrorAs(t, read("rate(http_requests_total[1m])"), &several)
	require.Equal(t, 2, several.Count)
	require.ErrorIs(t, read("sum(rate(nothing_total[1m]))"), prometheus.ErrNoData)
	require.ErrorContains(t, read("sum(rate(http_requests_total[1m])"), "unclosed left parenthesis")
	require.ErrorContains(t, read("-"+query), "want none below zero")
	require.ErrorIs(t, read(query+" * NaN"), prometheus.ErrNoData)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := export.Decode(ctx, strings.NewReader(openMetrics()), export.Options{Query: query})
	require.ErrorIs(t, err, context.Canceled)
}

// Collections of recordings repeat rows where clocks change and where two jobs wrote one
// file, and have rows without a value.
func TestRepeatedRowsAreAveragedOnDemand(t *testing.T) {
	const text = "timestamp,value\n60,1\n120,2\n120,4\n120,6\n180,\n240,NaN\n300,5\n300,\n360,6\n"
	got, err := export.Decode(t.Context(), strings.NewReader(text), export.Options{AverageRepeated: true})
	require.NoError(t, err)
	require.Equal(t, time.Minute, got.Rate.Step)
	require.InDeltaSlice(t, []float64{1, 4, 5, 6}, []float64{got.Rate.Values[0], got.Rate.Values[1], got.Rate.Values[4], got.Rate.Values[5]}, 1e-12)
	require.True(t, math.IsNaN(got.Rate.Values[2]) && math.IsNaN(got.Rate.Values[3]), "gaps")
	require.Equal(t, []string{
		"1 rows repeat the one before and count once",
		"rows with the time of the one before and another value: 2, the first in line 4; their mean counts",
	}, got.Notes)
	_, err = export.Decode(t.Context(), strings.NewReader(text), export.Options{})
	require.ErrorContains(t, err, "line 4: time 120 (1970-01-01T00:02:00Z) comes twice, with the values 2 and 4")
}

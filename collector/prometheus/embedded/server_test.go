package embedded_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/collector/prometheus/embedded"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

func start(t *testing.T, now func() time.Time) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), embedded.Options{Now: now, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func client(t *testing.T, s *embedded.Server) *prometheus.Client {
	t.Helper()
	c, err := prometheus.New(prometheus.Options{URL: s.URL(), Backoff: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// line gives n samples, step apart, the last one at noon.
func line(n int, step time.Duration, value func(i int) float64) []collector.Sample {
	samples := make([]collector.Sample, n)
	for i := range samples {
		samples[i] = collector.Sample{Time: noon().Add(-time.Duration(n-1-i) * step), Value: value(i)}
	}
	return samples
}

func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// TestSameAnswersAsAProcess in the package above asks a Prometheus of its own
// the same kinds of questions.
func TestWireFormat(t *testing.T) {
	s := start(t, noon)
	require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "x", "job": "a"}, line(3, time.Minute, func(i int) float64 { return float64(i) / 2 })))
	require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "x", "job": "b"}, line(3, time.Minute, func(int) float64 { return math.Inf(1) })))
	const clock = "1772452800"
	tests := map[string]struct {
		path   string
		query  string
		rest   string
		status int
		want   string
	}{
		"vector":      {"query", `x{job="a"}`, "&time=" + clock, 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x","job":"a"},"value":[1772452800,"1"]}]}}`},
		"fraction":    {"query", `x{job="a"} / 3`, "&time=" + clock + ".25", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1772452800.25,"0.3333333333333333"]}]}}`},
		"own time":    {"query", `time()`, "", 200, `{"status":"success","data":{"resultType":"scalar","result":[1772452800,"1772452800"]}}`},
		"infinite":    {"query", `x{job="b"}`, "&time=2026-03-02T12:00:00Z", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x","job":"b"},"value":[1772452800,"+Inf"]}]}}`},
		"empty":       {"query", `nothing`, "", 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		"matrix":      {"query_range", `x{job="a"}`, "&start=1772452740&end=" + clock + "&step=60", 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x","job":"a"},"values":[[1772452740,"0.5"],[1772452800,"1"]]}]}}`},
		"empty range": {"query_range", `nothing`, "&start=1772452740&end=" + clock + "&step=1m", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`},

		"bad syntax":      {"query", `sum(`, "", 400, `"errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"`},
		"bad time":        {"query", `x`, "&time=soon", 400, `invalid parameter \"time\": cannot parse \"soon\" to a valid timestamp`},
		"bad timeout":     {"query", `x`, "&timeout=soon", 400, `invalid parameter \"timeout\"`},
		"bad step":        {"query_range", `x`, "&start=0&end=1&step=0", 400, `invalid parameter \"step\": zero or negative`},
		"backwards":       {"query_range", `x`, "&start=1&end=0&step=1", 400, `end timestamp must not be before start time`},
		"too many points": {"query_range", `x`, "&start=0&end=11001&step=1", 400, `exceeded maximum resolution of 11,000 points per timeseries`},
		"not computable":  {"query", `x * on() x`, "", 422, `"errorType":"execution","error":"found duplicate series for the match group {} on the right hand-side`},
		"out of time":     {"query", `x`, "&timeout=0.000000001", 503, `"errorType":"timeout","error":"query timed out`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, body := get(t, s.URL()+"/api/v1/"+tt.path+"?query="+url.QueryEscape(tt.query)+tt.rest)
			require.Equal(t, tt.status, status, body)
			if tt.status == http.StatusOK {
				require.Equal(t, tt.want, body)
				return
			}
			require.Contains(t, body, `{"status":"error"`)
			require.Contains(t, body, tt.want)
		})
	}
	status, body := get(t, s.URL()+"/-/ready")
	require.Equal(t, "200 Prometheus Server is Ready.\n", fmt.Sprint(status, " ", body))
}

func TestBackfillOfAFortnight(t *testing.T) {
	const n = 14 * 24 * 60 * 4 // every 15 s
	s := start(t, noon)
	require.Zero(t, s.Newest())
	began := time.Now()
	require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "requests_total", "job": "web"},
		line(n, 15*time.Second, func(i int) float64 { return 15 * 40 * float64(i) }))) // 40/s
	require.Equal(t, noon(), s.Newest())
	c := client(t, s)
	samples, err := c.Range(t.Context(), `sum(rate(requests_total[1m]))`, noon().Add(time.Minute-14*24*time.Hour), noon(), time.Minute)
	require.NoError(t, err)
	t.Logf("append and range query of %d samples: %v", n, time.Since(began))
	require.Len(t, samples, 14*24*60-1)
	for _, p := range samples {
		require.InDelta(t, 40, p.Value, 1e-6)
	}
}

// A restart of the target sets its counter to zero: rate sees a reset, not a
// negative rate.
func TestCounterReset(t *testing.T) {
	s := start(t, noon)
	require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "requests_total"},
		line(41, 15*time.Second, func(i int) float64 { return float64(150 * (i % 20)) })))
	samples, err := client(t, s).Range(t.Context(), `sum(rate(requests_total[1m]))`, noon().Add(-9*time.Minute), noon(), time.Minute)
	require.NoError(t, err)
	require.Len(t, samples, 9)
	for _, p := range samples {
		require.GreaterOrEqual(t, p.Value, 5.0)
		require.LessOrEqual(t, p.Value, 10.0+1e-9)
	}
}

func TestBadInputOverTheRealEngine(t *testing.T) {
	s := start(t, func() time.Time { return noon().Add(time.Hour) }) // an hour ahead of us
	for _, job := range []string{"a", "b"} {
		require.NoError(t, s.Append(t.Context(), map[string]string{"__name__": "x", "job": job}, line(10, time.Minute, func(int) float64 { return 0 })))
	}
	c := client(t, s)

	_, err := c.Instant(t.Context(), `rate(x[1m]`, noon())
	require.ErrorContains(t, err, "status 400 bad_data")
	require.ErrorContains(t, err, "unclosed left parenthesis")
	_, err = c.Instant(t.Context(), `x * on() x`, noon())
	require.ErrorContains(t, err, "status 422 execution: found duplicate series")
	_, err = c.Instant(t.Context(), `x`, noon())
	require.ErrorContains(t, err, `2 series, want exactly one: x{job="a"}, x{job="b"}`)
	_, err = c.Instant(t.Context(), `x[5m]`, noon())
	require.ErrorContains(t, err, "the result is a matrix")
	_, err = c.Instant(t.Context(), `typo`, noon())
	require.ErrorIs(t, err, prometheus.ErrNoData)
	_, err = c.Instant(t.Context(), `sum(x) / sum(x)`, noon())
	require.ErrorIs(t, err, prometheus.ErrNoData)
	require.ErrorContains(t, err, "the value is NaN")
	_, err = c.Range(t.Context(), `sum(x) / sum(x)`, noon().Add(-5*time.Minute), noon(), time.Minute)
	require.ErrorContains(t, err, "all 5 values are NaN")
	_, err = c.Instant(t.Context(), `sum(x)`, noon().Add(6*time.Minute))
	require.ErrorIs(t, err, prometheus.ErrNoData, "older than the lookback")

	err = c.CheckClock(t.Context(), noon, time.Minute)
	var skew *prometheus.SkewError
	require.ErrorAs(t, err, &skew)
	require.Equal(t, time.Hour, skew.Skew)

	require.ErrorContains(t, s.Append(t.Context(), map[string]string{"__name__": "x", "job": "a"}, line(1, time.Minute, func(int) float64 { return 5 })), "duplicate sample")
	require.ErrorContains(t, s.Scrape(embedded.Job{Name: "x", URL: "here", Interval: time.Second}), "want something like http://")
	require.ErrorContains(t, s.Scrape(embedded.Job{Name: "x", URL: "http://h/metrics"}), "whole milliseconds")
}

// The clock of the server runs 60 times as fast as ours: 20 ms between scrapes
// are 1.2 s of its time.
func TestScrapeOnAFastClock(t *testing.T) {
	const speed = 60
	began := time.Now()
	clock := func() time.Time { return noon().Add(speed * time.Since(began)) }
	var asked atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		sec := clock().Sub(noon()).Seconds()
		fmt.Fprintf(w, "# TYPE requests_total counter\nrequests_total %g\n", 50*sec)
	}))
	defer target.Close()
	s := start(t, clock)
	require.NoError(t, s.Scrape(embedded.Job{Name: "web", URL: target.URL + "/metrics", Interval: 20 * time.Millisecond}))
	c := client(t, s)
	var rate float64
	require.Eventually(t, func() bool {
		p, err := c.Instant(t.Context(), `sum(rate(requests_total{job="web"}[30s]))`, clock())
		rate = p.Value
		return err == nil && asked.Load() >= 30
	}, 10*time.Second, 20*time.Millisecond)
	require.InDelta(t, 50, rate, 5)

	up, err := c.Instant(t.Context(), `up{job="web"}`, clock())
	require.NoError(t, err)
	require.InDelta(t, 1, up.Value, 0)

	target.Close() // a failed scrape writes staleness markers
	require.Eventually(t, func() bool {
		_, err := c.Instant(t.Context(), `requests_total`, clock())
		return err != nil && strings.Contains(err.Error(), "no data")
	}, 5*time.Second, 20*time.Millisecond)
}

func TestCloseRemovesItsFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := embedded.Start(t.Context(), embedded.Options{Now: noon})
	require.NoError(t, err)
	left := func() int {
		entries, err := os.ReadDir(os.Getenv("TMPDIR"))
		require.NoError(t, err)
		return len(entries)
	}
	require.Equal(t, 1, left())
	require.NoError(t, s.Close())
	require.Zero(t, left())
	require.NoError(t, s.Close(), "twice is fine")
	_, err = embedded.Start(t.Context(), embedded.Options{})
	require.ErrorContains(t, err, "want a clock")
}

package prometheus_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// newClient returns a client of a server that answers with h, and which waits
// for a millisecond between attempts.
func newClient(t *testing.T, h http.HandlerFunc, change ...func(*prometheus.Options)) *prometheus.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o := prometheus.Options{URL: server.URL, Backoff: time.Millisecond, Timeout: 5 * time.Second}
	for _, c := range change {
		c(&o)
	}
	c, err := prometheus.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func vector(items ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(items, ",") + `]}}`
}

// A window that holds one scrape gives no rate: that is the likely cause where names are right.
func TestAWindowOfOneScrapeIsACause(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, vector()) })
	const twice = "scraped, at least twice within the window in brackets"
	_, err := c.Instant(t.Context(), "sum(rate(http_requests_total[1m]))", noon())
	require.ErrorContains(t, err, twice)
	for _, query := range []string{"queue_length", `queue_length{queue=~"[a-z]+"}`, "max_over_time(queue_length[1m])"} {
		_, err = c.Instant(t.Context(), query, noon())
		require.ErrorContains(t, err, "that the target is scraped")
		require.NotContains(t, err.Error(), twice, "one scrape is enough for it")
	}
}

func TestInstantAnswers(t *testing.T) {
	tests := map[string]struct {
		body  string
		value float64 // if want is empty
		want  string
	}{
		"a vector of one":  {vector(`{"metric":{},"value":[1772452800,"42.5"]}`), 42.5, ""},
		"a scalar":         {`{"status":"success","data":{"resultType":"scalar","result":[1772452800,"7"]}}`, 7, ""},
		"zero is a value":  {vector(`{"metric":{"job":"web"},"value":[1772452800,"0"]}`), 0, ""},
		"empty":            {vector(), 0, `query "q": no data: it gives no series`},
		"NaN":              {vector(`{"metric":{},"value":[1772452800,"NaN"]}`), 0, `no data: the value is NaN`},
		"infinite":         {vector(`{"metric":{},"value":[1772452800,"+Inf"]}`), 0, `no data: the value is +Inf`},
		"two series":       {vector(`{"metric":{"pod":"a"},"value":[1,"1"]}`, `{"metric":{"pod":"b"},"value":[1,"1"]}`), 0, `query "q": 2 series, want exactly one: {pod="a"}, {pod="b"}; wrap the query in sum(…)`},
		"a range vector":   {`{"status":"success","data":{"resultType":"matrix","result":[]}}`, 0, `the result is a matrix, want one number for each instant; for a range selector use rate(…)`},
		"a string":         {`{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`, 0, `unexpected value type "string"`},
		"a histogram":      {vector(`{"metric":{},"histogram":[1,{"count":"1","sum":"1","buckets":[]}]}`), 0, `native histogram, want a number; use histogram_count`},
		"no result at all": {`{"status":"success"}`, 0, `not_prometheus: the answer holds no result; check the address`},
		"other JSON":       {`{"hello":"world"}`, 0, `not_prometheus: the answer holds no result`},
		"no JSON":          {`hello`, 0, `not_prometheus: cannot read the answer`},
		"error under 200":  {`{"status":"error","errorType":"execution","error":"boom"}`, 0, `status 200 execution: boom`},
		"an HTML page":     {"<!DOCTYPE html><html>login</html>", 0, `not_prometheus: http://127.0.0.1:`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				answer(w, http.StatusOK, tt.body)
			})
			s, err := c.Instant(t.Context(), "q", noon())
			require.EqualValues(t, 1, calls.Load(), "an answer is an answer: no second attempt")
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				require.Zero(t, s)
				return
			}
			require.NoError(t, err)
			require.InDelta(t, tt.value, s.Value, 0)
			require.Equal(t, noon(), s.Time)
		})
	}
}

func TestRefusals(t *testing.T) {
	const badQuery = `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:4: parse error"}`
	tests := map[string]struct {
		status   int
		body     string
		requests int32 // 403 asks again by GET, as the official client does for a proxy that knows no POST
		typ      string
		want     []string
	}{
		"bad PromQL":         {400, badQuery, 1, "bad_data", []string{`query "sum("`, "status 400", "parse error", "correct the query"}},
		"not computable":     {422, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`, 1, "execution", []string{"status 422 execution: many-to-many matching"}},
		"no credentials":     {401, "Unauthorized", 1, prometheus.TypeUnauthorized, []string{"status 401", "Unauthorized", "credentials"}},
		"wrong credentials":  {403, "no\nentry", 2, prometheus.TypeUnauthorized, []string{"status 403", "no entry", "tenant header"}},
		"wrong path":         {404, "404 page not found", 1, prometheus.TypeNotFound, []string{"path prefix", "/select/0/prometheus"}},
		"too many requests":  {429, "", 1, prometheus.TypeHTTP, []string{"status 429", "empty answer", "query less often"}},
		"a page of a proxy":  {400, "<html>bad gateway</html>", 1, prometheus.TypeNotPrometheus, []string{"a web page came"}},
		"overloaded":         {503, `{"status":"error","errorType":"unavailable","error":"shutting down"}`, 3, "unavailable", []string{"status 503 unavailable: shutting down"}},
		"broken":             {500, "oops", 3, prometheus.TypeHTTP, []string{"status 500", "oops"}},
		"bad gateway":        {502, "<html>502</html>", 3, prometheus.TypeHTTP, []string{"status 502"}},
		"too slow a query":   {503, `{"status":"error","errorType":"timeout","error":"query timed out"}`, 1, prometheus.TypeTimeout, []string{"query timed out"}},
		"redirect to log in": {302, "", 1, prometheus.TypeNotPrometheus, []string{"redirects to /login"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				if tt.status == http.StatusFound {
					w.Header().Set("Location", "/login")
				}
				answer(w, tt.status, tt.body)
			}, func(o *prometheus.Options) { o.HTTP = &config.HTTPClientConfig{} }) // follows no redirect
			_, err := c.Instant(t.Context(), "sum(", noon())
			var q *prometheus.QueryError
			require.ErrorAs(t, err, &q)
			require.Equal(t, tt.typ, q.Type)
			require.Equal(t, tt.status, q.Status)
			require.Equal(t, "sum(", q.Query)
			require.Equal(t, tt.status >= 500, q.Temporary())
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.Equal(t, tt.requests, calls.Load())

			_, err = c.Range(t.Context(), "sum(", noon(), noon().Add(time.Minute), time.Second)
			require.ErrorAs(t, err, &q, "a range fails the same way")
		})
	}
}

func TestRetriesUntilTheServerIsBack(t *testing.T) {
	var calls atomic.Int32
	var bodies []string
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		bodies = append(bodies, r.FormValue("query"))
		if calls.Add(1) < 3 {
			answer(w, http.StatusServiceUnavailable, "")
			return
		}
		answer(w, http.StatusOK, vector(`{"metric":{},"value":[1,"5"]}`))
	})
	s, err := c.Instant(t.Context(), "q", noon())
	require.NoError(t, err)
	require.InDelta(t, 5, s.Value, 0)
	require.Equal(t, []string{"q", "q", "q"}, bodies, "each attempt carries the body")
}

func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close() // its port is free now
	c, err := prometheus.New(prometheus.Options{URL: strings.Replace(server.URL, "http://", "http://me:secret@", 1), Backoff: time.Millisecond})
	require.NoError(t, err)
	_, err = c.Instant(t.Context(), "q", noon())
	var q *prometheus.QueryError
	require.ErrorAs(t, err, &q)
	require.Equal(t, prometheus.TypeConnection, q.Type)
	require.True(t, q.Temporary())
	require.ErrorContains(t, err, "connection refused; check the address")
	require.NotContains(t, err.Error(), "secret")
}

func TestNoAnswerInTime(t *testing.T) {
	release := make(chan struct{})
	// On a busy machine an attempt may end before the server has it, so the waits
	// between attempts are counted and not what arrives.
	waits := 0
	c := newClient(t, func(http.ResponseWriter, *http.Request) { <-release }, func(o *prometheus.Options) {
		o.Timeout, o.Attempts = 200*time.Millisecond, 2
		o.Jitter = func() float64 { waits++; return 0 }
	})
	defer close(release)
	_, err := c.Instant(t.Context(), "q", noon())
	var q *prometheus.QueryError
	require.ErrorAs(t, err, &q)
	require.Equal(t, prometheus.TypeTimeout, q.Type)
	require.ErrorContains(t, err, "no answer within 200ms")
	require.Equal(t, 1, waits, "two attempts")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Instant(ctx, "q", noon())
	require.ErrorIs(t, err, context.Canceled)
}

// A connection that is not made, as where a NetworkPolicy drops what is sent, is not the
// fault of the query.
func TestNoConnectionInTime(t *testing.T) {
	var listen net.ListenConfig
	deaf, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0") // takes what comes, and never answers the handshake
	require.NoError(t, err)
	defer deaf.Close()
	c, err := prometheus.New(prometheus.Options{URL: "https://" + deaf.Addr().String(), Timeout: 50 * time.Millisecond, Attempts: 1})
	require.NoError(t, err)
	_, err = c.Instant(t.Context(), "q", noon())
	var q *prometheus.QueryError
	require.ErrorAs(t, err, &q)
	require.Equal(t, prometheus.TypeConnection, q.Type)
	require.ErrorContains(t, err, "no connection within 50ms; check the address and its port, and whether a NetworkPolicy")
}

func TestAnswerTooLarge(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, vector(strings.Repeat(" ", 2000)))
	}, func(o *prometheus.Options) { o.MaxResponse = 1000 })
	_, err := c.Instant(t.Context(), "q", noon())
	require.ErrorContains(t, err, "too_large")
	require.ErrorContains(t, err, "more than 1000 bytes")
}

package prometheus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
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
		o.Timeout, o.Attempts = 20*time.Millisecond, 2
		o.Jitter = func() float64 { waits++; return 0 }
	})
	defer close(release)
	_, err := c.Instant(t.Context(), "q", noon())
	var q *prometheus.QueryError
	require.ErrorAs(t, err, &q)
	require.Equal(t, prometheus.TypeTimeout, q.Type)
	require.ErrorContains(t, err, "no answer within 20ms")
	require.Equal(t, 1, waits, "two attempts")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Instant(ctx, "q", noon())
	require.ErrorIs(t, err, context.Canceled)
}

func TestAnswerTooLarge(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, vector(strings.Repeat(" ", 2000)))
	}, func(o *prometheus.Options) { o.MaxResponse = 1000 })
	_, err := c.Instant(t.Context(), "q", noon())
	require.ErrorContains(t, err, "too_large")
	require.ErrorContains(t, err, "more than 1000 bytes")
}

// rangeServer answers like Prometheus for the series value = seconds since
// noon, with its limit on points, and keeps what it was asked for.
type rangeServer struct {
	limit int // of points; 0 means 11,000

	mu     sync.Mutex // guards asked
	asked  []int      // points of each request
	values func(sec int64) string
}

func (s *rangeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number := func(key string) int64 {
		v, err := strconv.ParseFloat(r.FormValue(key), 64)
		if err != nil {
			answer(w, http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"`+key+`"}`)
		}
		return int64(v)
	}
	start, end, step := number("start"), number("end"), number("step")
	n := int((end-start)/step) + 1
	s.mu.Lock()
	s.asked = append(s.asked, n)
	s.mu.Unlock()
	if s.limit > 0 && n > s.limit {
		answer(w, http.StatusUnprocessableEntity, `{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}`)
		return
	}
	if n > 11000 {
		answer(w, http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points per timeseries"}`)
		return
	}
	points := make([][2]any, 0, n)
	for t := start; t <= end; t += step {
		v := strconv.FormatInt(t-noon().Unix(), 10)
		if s.values != nil {
			v = s.values(t - noon().Unix())
		}
		if v != "" {
			points = append(points, [2]any{t, v})
		}
	}
	body, _ := json.Marshal(points)
	answer(w, http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":%s}]}}`, body))
}

func TestRangeInChunks(t *testing.T) {
	const fortnight = 14 * 24 * time.Hour
	server := &rangeServer{}
	c := newClient(t, server.ServeHTTP)
	samples, err := c.Range(t.Context(), "q", noon(), noon().Add(fortnight), time.Minute)
	require.NoError(t, err)
	require.Len(t, samples, 20160)
	require.Equal(t, []int{11000, 9160}, server.asked)
	for i, s := range samples { // each instant once, the first one after from, the last one to
		require.Equal(t, noon().Add(time.Duration(i+1)*time.Minute), s.Time)
		require.InDelta(t, float64(60*(i+1)), s.Value, 0)
	}
}

func TestRangeHalvesWhatIsTooMuch(t *testing.T) {
	server := &rangeServer{limit: 1000}
	c := newClient(t, server.ServeHTTP)
	samples, err := c.Range(t.Context(), "q", noon(), noon().Add(3000*time.Second), time.Second)
	require.NoError(t, err)
	require.Len(t, samples, 3000)
	require.Equal(t, []int{3000, 1500, 750, 750, 750, 750}, server.asked)

	server = &rangeServer{limit: 50}
	c = newClient(t, server.ServeHTTP)
	_, err = c.Range(t.Context(), "q", noon(), noon().Add(400*time.Second), time.Second)
	require.ErrorContains(t, err, "too many samples")
	require.Equal(t, []int{400, 200, 100}, server.asked, "a query that is too much for 100 points is too much")
}

func TestRangeIsOnTheGrid(t *testing.T) {
	server := &rangeServer{}
	c := newClient(t, server.ServeHTTP)
	get := func(from, to time.Duration) []time.Duration {
		samples, err := c.Range(t.Context(), "q", noon().Add(from), noon().Add(to), time.Minute)
		require.NoError(t, err)
		var at []time.Duration
		for _, s := range samples {
			at = append(at, s.Time.Sub(noon()))
		}
		return at
	}
	require.Equal(t, []time.Duration{time.Minute, 2 * time.Minute}, get(0, 2*time.Minute), "(from, to]")
	require.Equal(t, []time.Duration{time.Minute}, get(time.Second, 119*time.Second))
	require.Equal(t, []time.Duration{0, time.Minute}, get(-1, 61*time.Second), "a nanosecond before noon")

	_, err := c.Range(t.Context(), "q", noon(), noon().Add(59*time.Second), time.Minute)
	require.ErrorIs(t, err, prometheus.ErrNoData, "no instant of the grid lies between")
	_, err = c.Range(t.Context(), "q", noon(), noon().Add(time.Hour), time.Microsecond)
	require.ErrorContains(t, err, "step is 1µs, want a whole number of milliseconds")
	_, err = c.Range(t.Context(), "q", time.Time{}, noon(), time.Second)
	require.ErrorContains(t, err, "want at most 67108864")
}

func TestRangeDropsWhatIsNoNumberAndSaysSo(t *testing.T) {
	server := &rangeServer{values: func(sec int64) string {
		switch sec {
		case 60:
			return "NaN"
		case 120:
			return "+Inf"
		case 180:
			return "" // a gap
		}
		return "1"
	}}
	var notices []string
	c := newClient(t, server.ServeHTTP, func(o *prometheus.Options) {
		o.Notify = func(query, notice string) { notices = append(notices, query+": "+notice) }
	})
	samples, err := c.Range(t.Context(), "q", noon(), noon().Add(5*time.Minute), time.Minute)
	require.NoError(t, err)
	require.Len(t, samples, 2)
	require.Equal(t, []string{"q: 2 of 4 values are NaN or infinite and were dropped"}, notices)

	_, err = c.Range(t.Context(), "q", noon(), noon().Add(2*time.Minute), time.Minute)
	require.ErrorIs(t, err, prometheus.ErrNoData)
	require.ErrorContains(t, err, "all 2 values are NaN or infinite; look for a division by zero")
}

func TestRangeOfSeriesThatFollowOneAnother(t *testing.T) {
	var chunk atomic.Int32
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, fmt.Sprintf(
			`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"web-%d"},"values":[[1,"1"]]}]}}`, chunk.Add(1)))
	})
	_, err := c.Range(t.Context(), "q", noon(), noon().Add(20000*time.Second), time.Second)
	var several *prometheus.SeveralSeriesError
	require.ErrorAs(t, err, &several)
	require.Equal(t, []string{`{pod="web-1"}`, `{pod="web-2"}`}, several.Labels)
}

func TestSeveralSeriesAreListedUpToFive(t *testing.T) {
	var items []string
	for i := range 40 {
		items = append(items, fmt.Sprintf(`{"metric":{"pod":"web-%d"},"value":[1,"1"]}`, i))
	}
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, vector(items...)) })
	_, err := c.Instant(t.Context(), "q", noon())
	require.EqualError(t, err, `prometheus: query "q": 40 series, want exactly one: {pod="web-0"}, {pod="web-1"}, {pod="web-2"}, {pod="web-3"}, {pod="web-4"}, …; wrap the query in sum(…), or select one by its labels`)
}

func TestClockSkew(t *testing.T) {
	for name, tt := range map[string]struct {
		server time.Duration // ahead of us
		want   time.Duration
	}{
		"ahead":      {time.Minute, 59 * time.Second}, // the request took from 0 s to 1 s
		"behind":     {-time.Minute, -time.Minute},
		"within":     {500 * time.Millisecond, 0},
		"same start": {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked := "nothing"
			c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.FormValue("time")
				answer(w, http.StatusOK, fmt.Sprintf(`{"status":"success","data":{"resultType":"scalar","result":[1,"%d.%03d"]}}`,
					noon().Add(tt.server).Unix(), noon().Add(tt.server).UnixMilli()%1000))
			})
			clock := func() func() time.Time {
				now := noon().Add(-time.Second)
				return func() time.Time { now = now.Add(time.Second); return now }
			}
			skew, err := c.Skew(t.Context(), clock())
			require.NoError(t, err)
			require.Equal(t, tt.want, skew)
			require.Empty(t, asked, "the server has to take its own time")
			err = c.CheckClock(t.Context(), clock(), 10*time.Second)
			if tt.want.Abs() <= 10*time.Second {
				require.NoError(t, err)
				return
			}
			var e *prometheus.SkewError
			require.ErrorAs(t, err, &e)
			where := "ahead of"
			if tt.want < 0 {
				where = "behind"
			}
			require.ErrorContains(t, err, tt.want.Abs().String()+" "+where+" ours, want at most 10s; synchronize both clocks")
		})
	}
}

// What a server with another time answers is refused, with the query named, as
// soon as the Date of an answer betrays it; a difference that a slow request may
// have made, and the old Date of a cache, do not.
func TestAnswersOfAnotherTimeAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		date, age string
		want      string // what the error says; none if empty
	}{
		"the same":            {"Mon, 02 Mar 2026 12:00:00 GMT", "", ""},
		"ahead":               {"Mon, 02 Mar 2026 12:10:01 GMT", "", "10m0s ahead of ours, want at most 1m0s"},
		"behind":              {"Mon, 02 Mar 2026 11:49:59 GMT", "", "10m0s behind ours"},
		"within":              {"Mon, 02 Mar 2026 12:01:00 GMT", "", ""}, // the second that the request took
		"from a cache":        {"Mon, 02 Mar 2026 11:00:00 GMT", "3600", ""},
		"a date of its own":   {"yesterday", "", ""},
		"no date, no verdict": {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = []string{tt.date}
				if tt.age != "" {
					w.Header().Set("Age", tt.age)
				}
				answer(w, http.StatusOK, `{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}`)
			}))
			defer server.Close()
			now := noon().Add(-time.Second)
			c, err := prometheus.New(prometheus.Options{URL: server.URL, Now: func() time.Time { now = now.Add(time.Second); return now }})
			require.NoError(t, err)
			_, err = c.Instant(t.Context(), "q", noon())
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			var e *prometheus.SkewError
			require.ErrorAs(t, err, &e)
			require.ErrorContains(t, err, `query "q": prometheus: the clock of the server is `+tt.want)
			_, err = c.Range(t.Context(), "q", noon().Add(-time.Hour), noon(), time.Minute)
			require.ErrorAs(t, err, &e)
		})
	}
}

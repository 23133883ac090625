package prometheus_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

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

// Copies of one series, as of two servers that scrape the same, must not be summed: the demand would
// be twice what it is.
func TestCopiesOfOneSeriesAreNotToBeSummed(t *testing.T) {
	for name, tt := range map[string]struct {
		series []string // labels of each
		want   string   // the label that is named; empty: just a sum
	}{
		"Thanos":                {[]string{`"job":"web","replica":"a"`, `"job":"web","replica":"b"`}, "replica"},
		"an operator's pair":    {[]string{`"job":"web","prometheus_replica":"k8s-0"`, `"job":"web","prometheus_replica":"k8s-1"`}, "prometheus_replica"},
		"Mimir":                 {[]string{`"__replica__":"0"`, `"__replica__":"1"`, `"__replica__":"2"`}, "__replica__"},
		"other pods":            {[]string{`"pod":"a"`, `"pod":"b"`}, ""},
		"pods on two servers":   {[]string{`"pod":"a","replica":"a"`, `"pod":"b","replica":"b"`}, ""},
		"one without the label": {[]string{`"replica":"a"`, ``}, ""},
		"another label set":     {[]string{`"job":"web","replica":"a"`, `"job":"web","pod":"a"`}, ""},
		"replicas of a thing":   {[]string{`"replicas":"2"`, `"replicas":"3"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var items []string
			for _, labels := range tt.series {
				items = append(items, `{"metric":{`+labels+`},"value":[1,"60"]}`)
			}
			c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, vector(items...)) })
			_, err := c.Instant(t.Context(), "q", noon())
			var several *prometheus.SeveralSeriesError
			require.ErrorAs(t, err, &several)
			require.Equal(t, tt.want, several.Replica)
			if tt.want == "" {
				require.ErrorContains(t, err, "; wrap the query in sum(…), or select one by its labels")
				return
			}
			require.ErrorContains(t, err, fmt.Sprintf("a sum counts them %d times: let them be deduplicated, or use sum(max without (%s) (…))", len(tt.series), tt.want))
		})
	}
}

package prometheus_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/forecast"
)

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
			require.ErrorContains(t, err, forecast.Span(tt.want.Abs())+" "+where+" ours, want at most 10s; synchronize both clocks")
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
		"ahead":               {"Mon, 02 Mar 2026 12:10:01 GMT", "", "10m ahead of ours, want at most 1m;"},
		"behind":              {"Mon, 02 Mar 2026 11:49:59 GMT", "", "10m behind ours"},
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

package prometheus_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

func TestAddresses(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                  "has no http:// or https:// and host",
		"prometheus:9090":                   "want something like http://prometheus:9090",
		"ftp://prometheus":                  "has no http:// or https://",
		"http://":                           "has no http://",
		"http://a b":                        "invalid character",
		"http://u:secret@h:port":            "address: invalid port",
		"http://prometheus:9090/api/v1":     `want "http://prometheus:9090"`,
		"http://prometheus:9090/prom/graph": `to /graph; want "http://prometheus:9090/prom"`,
	} {
		_, err := prometheus.New(prometheus.Options{URL: raw})
		require.ErrorContains(t, err, want, raw)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, prefix := range []string{"", "/", "/prometheus", "/select/0/prometheus/", "/query-frontend"} {
		var path, partial string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, partial = r.URL.Path, r.FormValue("partial_response")
			answer(w, http.StatusOK, vector(`{"metric":{},"value":[1,"1"]}`))
		}))
		c, err := prometheus.New(prometheus.Options{URL: server.URL + prefix + "?partial_response=false"})
		require.NoError(t, err)
		_, err = c.Instant(t.Context(), "q", noon())
		require.NoError(t, err)
		require.Equal(t, strings.TrimRight(prefix, "/")+"/api/v1/query", path)
		require.Equal(t, "false", partial)
		server.Close()
	}
	_, err := prometheus.New(prometheus.Options{URL: "http://h", Attempts: -1})
	require.ErrorContains(t, err, "attempts -1")
}

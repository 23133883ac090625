package prometheus_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

// VictoriaMetrics answers with what was there half a minute before, unless it is told how
// long to hide what it has. Its header is what gives it away (version 1.115, 2025).
func TestAVictoriaMetricsIsAskedForItsNewestData(t *testing.T) {
	tests := map[string]struct {
		header, address string
		offsets         []string // of the requests that two queries make
	}{
		"VictoriaMetrics":   {"vm-0", "", []string{"", "1s", "1s"}},
		"told by its owner": {"vm-0", "?latency_offset=10s", []string{"10s", "10s"}},
		"Prometheus":        {"", "", []string{"", ""}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			var offsets []string
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if !assertQuery(t, w, r) {
					return
				}
				offset := r.URL.Query().Get("latency_offset")
				offsets = append(offsets, offset)
				w.Header()["X-Server-Hostname"] = []string{c.header}
				value := `"41"` // of half a minute ago
				if offset != "" || c.header == "" {
					value = `"42"`
				}
				answer(w, http.StatusOK, vector(`{"metric":{},"value":[1772452800,`+value+`]}`))
			}, func(o *prometheus.Options) { o.URL += c.address })
			for range 2 {
				s, err := client.Instant(context.Background(), "q", noon())
				require.NoError(t, err)
				require.InDelta(t, 42, s.Value, 0)
			}
			require.Equal(t, c.offsets, offsets)
		})
	}
}

// assertQuery answers with an error unless r is the whole request for the query q: it must
// not lose its body when it is sent again.
func assertQuery(t *testing.T, w http.ResponseWriter, r *http.Request) bool {
	t.Helper()
	if r.FormValue("query") == "q" && r.FormValue("time") != "" {
		return true
	}
	t.Errorf("%s %s with form %v", r.Method, r.URL, r.Form)
	answer(w, http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"no query"}`)
	return false
}

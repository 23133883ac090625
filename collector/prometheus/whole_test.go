package prometheus_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

// What a Thanos, and a cluster of VictoriaMetrics, say of an answer without the data of one
// of their stores (Thanos: docs/components/query.md, Partial Response; VictoriaMetrics:
// Cluster version, Cluster availability), and what Prometheus says of a query.
const (
	thanosPart   = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"path":"\"warnings\":["},"value":[1,"21"]}]},"warnings":["No StoreAPIs matched for this query"]}`
	victoriaPart = `{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"21"]}]}}`
	promqlWarns  = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"42"]}]},"warnings":["PromQL warning: quantile value should be between 0 and 1"]}`
	quoted       = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"path":"\"warnings\":[\"x"},"value":[1,"42"]}]}}`
	fine         = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"42"]}]}}`
)

// Half of the stores would look like half of the demand.
func TestAPartOfTheDataIsNotTakenForTheWhole(t *testing.T) {
	tests := map[string]struct {
		address string
		part    string   // what the server answers with unless it is told not to
		whole   string   // what it answers with then; empty = with an error
		asked   []string // partial_response and deny_partial_response of the requests of two queries
		want    float64  // 0 = an error
	}{
		"a Thanos that misses a store":       {"", thanosPart, "", []string{"/", "false/1", "false/1", "false/1", "false/1"}, 0},
		"a cluster that misses one":          {"", victoriaPart, "", []string{"/", "false/1", "false/1", "false/1", "false/1"}, 0},
		"the store comes back meanwhile":     {"", thanosPart, fine, []string{"/", "false/1", "false/1"}, 42},
		"it knows no such parameter":         {"", thanosPart, thanosPart, []string{"/", "false/1", "false/1"}, 21},
		"its owner accepts a part":           {"?partial_response=true", thanosPart, "", []string{"true/", "true/"}, 21},
		"so does that of a cluster":          {"?deny_partial_response=0", victoriaPart, "", []string{"/0", "/0"}, 21},
		"a warning about the query":          {"", promqlWarns, "", []string{"/", "/"}, 42},
		"a label that reads like one":        {"", quoted, "", []string{"/", "/"}, 42},
		"nothing is missing":                 {"", fine, "", []string{"/", "/"}, 42},
		"its owner wants all, and all comes": {"?partial_response=false", fine, fine, []string{"false/", "false/"}, 42},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			var asked []string
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if !assertQuery(t, w, r) {
					return
				}
				asked = append(asked, r.FormValue("partial_response")+"/"+r.FormValue("deny_partial_response"))
				told := r.FormValue("partial_response") == "false"
				switch {
				case !told:
					answer(w, http.StatusOK, c.part)
				case c.whole == "":
					answer(w, http.StatusServiceUnavailable, `{"status":"error","errorType":"unavailable","error":"store-1: connection refused"}`)
				default:
					answer(w, http.StatusOK, c.whole)
				}
			}, func(o *prometheus.Options) { o.URL += c.address; o.Attempts, o.Backoff = 2, time.Millisecond })
			for range 2 {
				s, err := client.Instant(context.Background(), "q", noon())
				if c.want > 0 {
					require.NoError(t, err)
					require.InDelta(t, c.want, s.Value, 0)
					continue
				}
				require.ErrorContains(t, err, "store-1: connection refused")
				require.ErrorContains(t, err, "accept a part by ?partial_response=true in the address")
			}
			require.Equal(t, c.asked, asked)
		})
	}
}

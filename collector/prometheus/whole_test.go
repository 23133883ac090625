package prometheus_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

// What a Thanos, and a cluster of VictoriaMetrics, say of an answer without the data of one
// of their stores (Thanos: docs/components/query.md, Partial Response; VictoriaMetrics:
// Cluster version, Cluster availability), and what Prometheus says of a query.
const (
	thanosPart   = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"path":"\"warnings\":["},"value":[1,"21"]}]},"warnings":["PromQL warning: bad bucket","fetch series from store-1: connection refused"]}`
	victoriaPart = `{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"21"]}]}}`
	promqlWarns  = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"42"]}]},"warnings":["PromQL warning: quantile value should be between 0 and 1"]}`
	quoted       = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"path":"\"warnings\":[\"x"},"value":[1,"42"]}]}}`
	fine         = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"42"]}]}}`
)

// Half of the stores would look like half of the demand.
func TestAPartOfTheDataIsNotTakenForTheWhole(t *testing.T) {
	tests := map[string]struct {
		address, body string
		want          float64 // 0 = the following error
		err           string
	}{
		"a Thanos that misses a store":       {"", thanosPart, 0, "store-1: connection refused"},
		"though it is told not to answer so": {"?partial_response=false", thanosPart, 0, "store-1: connection refused"},
		"a cluster that misses one":          {"", victoriaPart, 0, "the server marked its answer as partial"},
		"its owner accepts a part":           {"?partial_response=true", thanosPart, 21, ""},
		"so does that of a cluster":          {"?deny_partial_response=0", victoriaPart, 21, ""},
		"a warning about the query":          {"", promqlWarns, 42, ""},
		"a label that reads like one":        {"", quoted, 42, ""},
		"nothing is missing":                 {"", fine, 42, ""},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			asked := 0
			client := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if asked++; assertQuery(t, w, r) {
					answer(w, http.StatusOK, c.body)
				}
			}, func(o *prometheus.Options) { o.URL += c.address })
			s, err := client.Instant(t.Context(), "q", noon())
			require.Equal(t, 1, asked, "the next moment is soon enough for the next try")
			if c.err == "" {
				require.NoError(t, err)
				require.InDelta(t, c.want, s.Value, 0)
				return
			}
			var q *prometheus.QueryError
			require.ErrorAs(t, err, &q)
			require.Equal(t, prometheus.TypePartial, q.Type)
			require.ErrorContains(t, err, c.err)
			require.ErrorContains(t, err, "accept partial answers with ?partial_response=true in the address")
		})
	}
}

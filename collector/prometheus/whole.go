package prometheus

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Parameters of an address that say whether partial answers are accepted.
const (
	partialResponse     = "partial_response"      // Thanos: true or false
	denyPartialResponse = "deny_partial_response" // cluster of VictoriaMetrics: 0 or 1
)

const partRemedy = "a store behind the server is missing, and the demand would look too low without it: bring the store back, " +
	"or accept partial answers with ?" + partialResponse + "=true in the address"

// acceptsPart reports whether the address of req accepts partial answers.
func acceptsPart(req *http.Request) bool {
	q := req.URL.Query()
	partly, err := strconv.ParseBool(q.Get(partialResponse))
	denied, errDenied := strconv.ParseBool(q.Get(denyPartialResponse))
	return err == nil && partly || errDenied == nil && !denied
}

// partialError returns an error if an answer of the query API says that data are missing
// from it. A sum over the stores that are left looks like demand that has fallen, while an
// error holds the replicas. Asking the server for all or nothing is not enough: a Thanos that
// cannot connect to a store answers with a part and a warning even then (0.36,
// pkg/store/proxy.go). PromQL's own warnings are about the query, and pass.
func partialError(body []byte) *QueryError {
	q := &QueryError{Type: TypePartial, Remedy: partRemedy}
	if bytes.Contains(body[:min(len(body), 64)], []byte(`"isPartial":true`)) { // VictoriaMetrics
		q.Msg = "the server marked its answer as partial"
		return q
	}
	// Only what stands behind the data is decoded. Within a label the quotes are escaped.
	const key = `"warnings":`
	i := bytes.LastIndex(body, []byte(key))
	if i < 0 {
		return nil
	}
	var warnings []string
	_ = json.NewDecoder(bytes.NewReader(body[i+len(key):])).Decode(&warnings) // else it is no list of warnings
	for _, w := range warnings {
		if !strings.HasPrefix(w, "PromQL ") {
			q.Msg = excerpt([]byte(w))
			return q
		}
	}
	return nil
}

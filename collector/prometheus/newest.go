package prometheus

import (
	"io"
	"net/http"
	"sync/atomic"
)

const (
	// victoriaHeader is in each answer of VictoriaMetrics and of no other server here.
	victoriaHeader = "X-Server-Hostname"

	// latencyOffset is the parameter for how long VictoriaMetrics hides new samples, 30 s by
	// default: it answers with older values under the time that was asked for.
	latencyOffset = "latency_offset"

	// shortOffset is what it is asked for instead: scraped samples are stored at once.
	shortOffset = "1s"
)

// newest asks a VictoriaMetrics for its newest samples. Its usual answer is half a minute
// old, half of a lead time of a minute. An offset in the address is obeyed. Other servers
// are asked as usual.
type newest struct {
	next     http.RoundTripper
	victoria atomic.Bool // the server has said what it is
}

// RoundTrip implements [http.RoundTripper]. The first answer of a VictoriaMetrics is
// replaced by that to a second request.
func (n *newest) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Query().Has(latencyOffset) {
		return n.next.RoundTrip(req)
	}
	if n.victoria.Load() {
		return n.next.RoundTrip(withShortOffset(req, req.Body))
	}
	resp, err := n.next.RoundTrip(req)
	if err != nil || resp.Header.Get(victoriaHeader) == "" {
		return resp, err
	}
	n.victoria.Store(true)
	var body io.ReadCloser
	if req.Body != nil {
		if req.GetBody == nil {
			return resp, nil // cannot be sent twice; the next one asks better
		}
		again, err := req.GetBody()
		if err != nil {
			return resp, nil //nolint:nilerr // the answer is there
		}
		body = again
	}
	_ = resp.Body.Close()
	return n.next.RoundTrip(withShortOffset(req, body))
}

// withShortOffset returns a copy of req with that body and the parameter.
func withShortOffset(req *http.Request, body io.ReadCloser) *http.Request {
	r := req.Clone(req.Context())
	r.Body = body
	q := r.URL.Query()
	q.Set(latencyOffset, shortOffset)
	r.URL.RawQuery = q.Encode()
	return r
}

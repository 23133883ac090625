package prometheus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// Parameters by which a server refuses to answer with a part of the data, where a store
// that it asks is missing. Prometheus itself has no such stores.
const (
	partialResponse     = "partial_response"      // Thanos: true or false
	denyPartialResponse = "deny_partial_response" // cluster of VictoriaMetrics: 1 or 0
)

const acceptPart = "a store behind the server is missing, and a part of the demand is not taken for all of it: bring the store back, " +
	"or accept a part by ?" + partialResponse + "=true in the address"

// whole asks once, and where the answer says that it is a part of the data, again for all
// of it: a sum over the stores that are left looks like demand that has fallen, while an
// error holds what there is. From then on the server is asked so at once; before, it is not,
// since some refuse parameters that they do not know. An address that states how it wants it
// is obeyed.
func (t *transport) whole(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	if stated := req.URL.Query(); stated.Has(partialResponse) || stated.Has(denyPartialResponse) {
		return t.once(ctx, req)
	}
	if !t.insists.Load() {
		resp, body, err := t.once(ctx, req)
		if err != nil || !partial(body) {
			return resp, body, err
		}
		t.insists.Store(true)
		again, bodyErr := bodyAgain(req)
		if bodyErr != nil {
			return resp, body, nil //nolint:nilerr // cannot be sent twice; the next one asks better
		}
		req = req.Clone(ctx)
		req.Body = again
	}
	resp, body, err := t.once(ctx, insisting(req))
	if q, ok := errors.AsType[*QueryError](err); ok && (q.Status/100 == 5 || q.Status == http.StatusUnprocessableEntity) {
		q.Remedy = acceptPart
	}
	return resp, body, err
}

// partial reports whether an answer of the query API says that data are missing from it: by
// a warning that is not PromQL's own, which is about the query, or by the word of a cluster
// of VictoriaMetrics. Neither needs the answer to be decoded: a quote within a label is
// escaped.
func partial(body []byte) bool {
	if bytes.Contains(body[:min(len(body), 64)], []byte(`"isPartial":true`)) {
		return true
	}
	const key = `"warnings":[`
	i := bytes.LastIndex(body, []byte(key))
	if i < 0 {
		return false
	}
	first := bytes.TrimLeft(body[i+len(key):], " \n")
	return bytes.HasPrefix(first, []byte(`"`)) && !bytes.HasPrefix(first, []byte(`"PromQL `))
}

// insisting returns a copy of req, with its body, that wants all of the data or an error.
func insisting(req *http.Request) *http.Request {
	r := req.Clone(req.Context())
	q := r.URL.Query()
	q.Set(partialResponse, "false")
	q.Set(denyPartialResponse, "1")
	r.URL.RawQuery = q.Encode()
	return r
}

// bodyAgain returns the body of a request that was sent already, nil if it has none.
func bodyAgain(req *http.Request) (io.ReadCloser, error) {
	switch {
	case req.Body == nil:
		return nil, nil //nolint:nilnil // no body is one
	case req.GetBody == nil:
		return nil, errors.New("the body cannot be read twice")
	}
	return req.GetBody()
}

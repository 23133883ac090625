package prometheus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"
)

// transport is the official client with deadlines, retries, a bound on the size
// of an answer, and errors that say what to do. It stands below the official
// query API, which reads the answers.
type transport struct {
	api.Client

	address  string // without password, for messages
	timeout  time.Duration
	attempts int
	backoff  time.Duration
	jitter   func() float64
	now      func() time.Time // nil = the clock of the server is not looked at
}

func newTransport(o Options, rt http.RoundTripper) (*transport, error) {
	client := &http.Client{Transport: &bounded{next: &newest{next: rt}, limit: o.MaxResponse}}
	if !o.HTTP.FollowRedirects {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	c, err := api.NewClient(api.Config{Address: o.URL, Client: client})
	if err != nil {
		return nil, fmt.Errorf("prometheus: address: %w", err)
	}
	u := c.URL("", nil)
	return &transport{
		Client: c, address: u.Redacted(),
		timeout: o.Timeout, attempts: o.Attempts, backoff: o.Backoff, jitter: o.Jitter,
		now: o.Now,
	}, nil
}

// CloseIdleConnections drops the connections that serve no request.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.Client.(api.CloseIdler); ok {
		c.CloseIdleConnections()
	}
}

// Do sends req until it is answered, fails for good, or the attempts are used up.
// Each error is a *QueryError or a *SkewError; a response comes with it if there was one, because
// the layer above falls back to GET on some of them.
func (t *transport) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	wait := t.backoff
	for attempt := 1; ; attempt++ {
		resp, body, err := t.once(ctx, req)
		if err == nil {
			return resp, body, nil
		}
		if !retry(err) || attempt == t.attempts || ctx.Err() != nil {
			return resp, body, err
		}
		// Half of the wait is certain, half random: never at once, never in step.
		sleep(ctx, wait/2+time.Duration(t.jitter()*float64(wait/2)))
		wait = min(2*wait, 16*t.backoff)
		if req.GetBody != nil {
			again, bodyErr := req.GetBody()
			if bodyErr != nil {
				return resp, body, err
			}
			req.Body = again
		}
	}
}

// retry reports whether another attempt makes sense now. It does not where the
// server itself ran out of time on the query: it would again.
func retry(err error) bool {
	q, ok := errors.AsType[*QueryError](err)
	return ok && q.temporary() && (q.Type != TypeTimeout || q.Status == 0)
}

func (t *transport) once(caller context.Context, req *http.Request) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(caller, t.timeout)
	defer cancel()
	var before time.Time
	if t.now != nil {
		before = t.now()
	}
	var connected atomic.Bool
	resp, body, err := t.Client.Do(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}), req)
	if err != nil {
		q := t.networkError(caller, err)
		if q.Type == TypeTimeout && !connected.Load() { // as where a NetworkPolicy drops what is sent
			q.Type, q.Msg = TypeConnection, strings.Replace(q.Msg, "no answer", "no connection", 1)
			q.Remedy = "check the address and its port, and whether a NetworkPolicy or a firewall lets one through to it"
		}
		return resp, nil, q
	}
	if err := t.answerError(resp, body); err != nil {
		return resp, body, err
	}
	if err := t.checkDate(resp, before); err != nil {
		return nil, nil, err
	}
	if part := partialError(body); part != nil && !acceptsPart(req) {
		return nil, nil, part
	}
	return resp, body, nil
}

func (t *transport) networkError(caller context.Context, err error) *QueryError {
	q := &QueryError{Type: TypeConnection, err: err}
	if ue, ok := errors.AsType[*url.Error](err); ok { // whose text would repeat the address with its path
		err = ue.Err
	}
	q.Msg = fmt.Sprintf("%s: %s", t.address, lasting(err))
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errTooLarge):
		q.Type, q.Remedy = TypeTooLarge, "ask for less: aggregate with sum(…), or use a longer step"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		q.Type = TypeTimeout
		q.Msg = fmt.Sprintf("%s: no answer within %v", t.address, t.timeout)
		if caller.Err() != nil {
			q.Msg = t.address + ": no answer before the deadline of the caller"
		}
		q.Remedy = "check the load of the server, make the query cheaper by a recording rule, or raise the timeout"
	case errors.Is(err, context.Canceled):
		q.Type = TypeCanceled
	default:
		q.Remedy = connectionRemedy(err)
	}
	return q
}

// lasting returns the text of err without the port at this end of a broken connection, which
// differs at each attempt: by its text a failure that goes on is recognised, and logged once.
func lasting(err error) string {
	text := err.Error()
	if op, isOp := errors.AsType[*net.OpError](err); isOp && op.Source != nil {
		bare := *op
		bare.Source, bare.Addr = nil, nil // the server is named before it
		text = strings.Replace(text, op.Error(), bare.Error(), 1)
	}
	return text
}

// connectionRemedy says what to do about a connection that was not made: as a rule a single
// setting is wrong, which the error tells.
func connectionRemedy(err error) string {
	op, isOp := errors.AsType[*net.OpError](err)
	_, isFile := errors.AsType[*fs.PathError](err)
	_, isOtherName := errors.AsType[x509.HostnameError](err)
	_, isInvalid := errors.AsType[x509.CertificateInvalidError](err) // expired, or not made for a server
	_, isUnverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, isAlert := errors.AsType[tls.AlertError](err)
	_, isToken := errors.AsType[*url.Error](err) // that of the query itself has been taken off
	switch {
	case isFile:
		return "see that the file, which the HTTP settings name, is there and can be read"
	case isToken, strings.HasPrefix(err.Error(), "oauth2:"):
		return "check oauth2 in the HTTP settings: token_url, client_id and client_secret, and the way there"
	case isOp && op.Op == "proxyconnect":
		return "check proxy_url in the HTTP settings, or the variables HTTP_PROXY and HTTPS_PROXY"
	case isOtherName:
		return "use a name that the TLS certificate holds, or set tls_config.server_name in the HTTP settings"
	case isInvalid:
		return "have the server's certificate renewed, and see that the clocks agree"
	case isUnverified:
		return "name the authority of the server's TLS certificate as tls_config.ca_file in the HTTP settings"
	case isAlert || isOp && op.Op == "remote error":
		return "the server refuses the certificate of the client: check tls_config.cert_file and key_file in the HTTP settings"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks without TLS: use http:// in the address"
	}
	return "check the address, the server, and the way to it (DNS, NetworkPolicy, TLS)"
}

// answerError returns nil if body is the answer of a query API, whatever it says
// under a status of 200, and otherwise a *QueryError.
func (t *transport) answerError(resp *http.Response, body []byte) error {
	var answer struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	isPage := strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 512)])), "<")
	if resp.StatusCode/100 == 2 && !isPage {
		return nil // the layer above decodes it, once
	}
	q := &QueryError{Status: resp.StatusCode, Type: TypeHTTP, Msg: fmt.Sprintf("%s: %s", t.address, excerpt(body))}
	if json.Unmarshal(body, &answer) == nil && answer.Status == "error" && answer.Error != "" {
		q.Type, q.Msg = answer.ErrorType, answer.Error
	}
	q.judge(resp, isPage)
	if q.Type == TypeNotPrometheus {
		q.Msg = fmt.Sprintf("%s: content of type %q", t.address, resp.Header.Get("Content-Type"))
	}
	return q
}

// judge adds to q what the status of resp says, and what to do about it.
func (e *QueryError) judge(resp *http.Response, isPage bool) {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Type, e.Remedy = TypeUnauthorized, "check the credentials, the token and the tenant header of the Prometheus client"
		return
	case http.StatusNotFound:
		e.Type, e.Remedy = TypeNotFound, prefixRemedy
		return
	case http.StatusTooManyRequests:
		e.Remedy = "query less often, or raise the limit of the tenant"
		return
	}
	switch class := resp.StatusCode / 100; {
	case isPage && class != 5:
		e.Type, e.Remedy = TypeNotPrometheus, "a web page came in place of an answer; "+prefixRemedy
	case class == 3:
		e.Type = TypeNotPrometheus
		e.Remedy = fmt.Sprintf("the server redirects to %s; use that address, or log in by the HTTP settings", resp.Header.Get("Location"))
	case resp.StatusCode == http.StatusBadRequest && strings.HasSuffix(e.Msg, plainOnTLS):
		e.Remedy = "the server speaks TLS: use https:// in the address"
	case resp.StatusCode == http.StatusBadRequest:
		e.Remedy = "correct the query"
	case resp.StatusCode == http.StatusUnprocessableEntity:
		e.Remedy = "correct the query: the server can read it, but not compute it"
	}
}

const prefixRemedy = "check the address and its path prefix (Mimir: /prometheus, VictoriaMetrics cluster: /select/0/prometheus)"

// plainOnTLS is what a server of Go with TLS answers to a request without.
const plainOnTLS = "Client sent an HTTP request to an HTTPS server."

// excerpt returns the start of a body in one line.
func excerpt(body []byte) string {
	s := strings.Join(strings.Fields(string(body[:min(len(body), 200)])), " ")
	if s == "" {
		return "empty answer"
	}
	return strings.ToValidUTF8(s, "?")
}

// sleep waits for d or the end of ctx. A deadline waits in place of a timer, so
// that the package needs no clock.
func sleep(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// bounded refuses to read more than limit bytes of an answer.
type bounded struct {
	next  http.RoundTripper
	limit int64
}

var errTooLarge = errors.New("answer too large")

func (b *bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: b.limit, limit: b.limit}
	}
	return resp, err
}

type boundedBody struct {
	io.ReadCloser

	left, limit int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("%w: more than %d bytes", errTooLarge, b.limit)
	}
	return n, err
}

package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
)

// Options say which server to ask and how. Only URL is required.
type Options struct {
	// URL is the address before /api/v1, as in the package comment.
	URL string

	// HTTP holds TLS, credentials, headers and proxy, in Prometheus's own
	// format; nil is config.DefaultHTTPClientConfig. Credentials and certificates
	// given as files are read again when they change.
	HTTP *config.HTTPClientConfig

	// Timeout bounds one attempt, here and on the server. 0 means 30 s.
	Timeout time.Duration

	// Attempts is how often a failure that may pass is tried in all. 0 means 3.
	Attempts int

	// Backoff is the wait before the second attempt; it doubles up to 16 times
	// that, and each wait is shortened by up to half at random. 0 means 250 ms.
	Backoff time.Duration

	// Jitter returns a number in [0, 1) for that random part. nil is a source
	// seeded by the runtime, so that replicas do not return in step.
	Jitter func() float64

	// MaxResponse is how many bytes one answer may have. 0 means 64 MiB.
	MaxResponse int64

	// Now is the clock that queries name their times by. If it is given, the Date of
	// each answer is compared with it, and a difference above a minute is a
	// [SkewError] in place of the answer. nil compares nothing.
	Now func() time.Time

	// Notify is told what did not stop a query but may weaken its result: values
	// dropped because they are NaN or infinite, and warnings of the server, such
	// as a partial answer. nil is silence. It may be called concurrently.
	Notify func(query, notice string)
}

// A Client asks one server. It is safe for concurrent use.
type Client struct {
	api     v1.API
	timeout time.Duration
	notify  func(query, notice string)
	idle    api.CloseIdler
}

// ErrSettings marks the errors of [New] that are about Options.HTTP.
var ErrSettings = errors.New("http settings")

// New returns a client; it does not yet connect. It returns an error for an
// address that is no http or https URL or that reaches into the API, for numbers
// below zero, and, with [ErrSettings], for an HTTP configuration that contradicts
// itself or names files that cannot be read.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	if err := o.HTTP.Validate(); err != nil {
		return nil, fmt.Errorf("prometheus: %w: %w", ErrSettings, err)
	}
	rt, err := config.NewRoundTripperFromConfig(*o.HTTP, "forescale", config.WithUserAgent("forescale"))
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w: %w", ErrSettings, err)
	}
	t, err := newTransport(o, rt)
	if err != nil {
		return nil, err
	}
	return &Client{api: v1.NewAPI(t), timeout: o.Timeout, notify: o.Notify, idle: t}, nil
}

// Close drops the idle connections. The client may still be used after it.
func (c *Client) Close() { c.idle.CloseIdleConnections() }

func (o Options) withDefaults() (Options, error) {
	if o.Timeout < 0 || o.Attempts < 0 || o.Backoff < 0 || o.MaxResponse < 0 {
		return o, fmt.Errorf("prometheus: timeout %v, attempts %d, backoff %v, max response %d: want none below zero",
			o.Timeout, o.Attempts, o.Backoff, o.MaxResponse)
	}
	if o.HTTP == nil {
		defaults := config.DefaultHTTPClientConfig
		o.HTTP = &defaults
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Notify == nil {
		o.Notify = func(string, string) {}
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Attempts = cmp.Or(o.Attempts, 3)
	o.Backoff = cmp.Or(o.Backoff, 250*time.Millisecond)
	o.MaxResponse = cmp.Or(o.MaxResponse, 64<<20)
	return o, nil
}

// checkURL refuses what would fail later with a message that does not help.
func checkURL(raw string) error {
	const example = "want something like http://prometheus:9090"
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		if parse, ok := errors.AsType[*url.Error](err); ok { // whose text repeats the address, with its password
			err = parse.Err
		}
		return fmt.Errorf("prometheus: address: %w; %s", err, example)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("prometheus: address %q has no http:// or https:// and host; %s", u.Redacted(), example)
	}
	path := strings.TrimRight(u.Path, "/")
	for _, page := range []string{"/api/v1/query_range", "/api/v1/query", "/api/v1", "/graph", "/query"} {
		if before, found := strings.CutSuffix(path, page); found {
			u.Path = before
			return fmt.Errorf("prometheus: the address reaches into the server, to %s; want %q", page, u.Redacted())
		}
	}
	return nil
}

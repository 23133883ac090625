package prometheus

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
)

// ErrNoData is [collector.ErrNoData]: no series, or only NaN and infinite values.
var ErrNoData = collector.ErrNoData

// Kinds of failure that no Prometheus names, in [QueryError.Type] beside
// Prometheus's own, such as bad_data, execution, timeout and unavailable.
const (
	TypeConnection    = "connection"     // no server there, or the connection broke
	TypeTimeout       = "timeout"        // no answer in time; Prometheus uses the same word
	TypeCanceled      = "canceled"       // by the caller; Prometheus uses the same word
	TypeUnauthorized  = "unauthorized"   // 401 or 403
	TypeNotFound      = "not_found"      // 404: the path is wrong
	TypeNotPrometheus = "not_prometheus" // an answer, but not one of the query API
	TypeTooLarge      = "too_large"      // more bytes than Options.MaxResponse
	TypePartial       = "partial"        // an answer from which the data of a store are missing
	TypeHTTP          = "http"           // any other status
)

// A QueryError reports that a query got no result, why, and what to do.
type QueryError struct {
	Query  string // PromQL; empty if the failure does not depend on it
	Status int    // of HTTP; 0 if there was no answer
	Type   string // of Prometheus, or one of the constants above
	Msg    string // of the server or the network
	Remedy string // what a person can do; may be empty

	err error
}

// Error gives query, status, type, message and remedy in one line.
func (e *QueryError) Error() string {
	var b strings.Builder
	b.WriteString("prometheus: ")
	if e.Query != "" {
		fmt.Fprintf(&b, "query %q: ", brief(e.Query))
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d ", e.Status)
	}
	fmt.Fprintf(&b, "%s: %s", e.Type, e.Msg)
	if e.Remedy != "" {
		fmt.Fprintf(&b, "; %s", e.Remedy)
	}
	return b.String()
}

// Unwrap returns what the network or the context reported, or nil.
func (e *QueryError) Unwrap() error { return e.err }

// temporary reports whether the same query may succeed later without anybody
// changing anything.
func (e *QueryError) temporary() bool {
	switch e.Type {
	case TypeConnection, TypeTimeout:
		return true
	default:
		// 501 is how a proxy says that it does not know the method.
		return e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented
	}
}

// tooMuch reports whether the server gave up on the amount of data that it had to
// look at, so that a shorter range may succeed.
func (e *QueryError) tooMuch() bool {
	switch {
	case e.Type == TypeTimeout || e.Type == TypeTooLarge:
		return true
	case e.Status == http.StatusUnprocessableEntity || e.Status == http.StatusBadRequest:
		// Prometheus: "query processing would load too many samples into memory";
		// Mimir: "the query exceeded the maximum number of chunks";
		// Prometheus and Thanos: "exceeded maximum resolution of 11,000 points".
		return strings.Contains(e.Msg, "too many samples") || strings.Contains(e.Msg, "exceed")
	default:
		return false
	}
}

// A SeveralSeriesError reports that a query gave more than one series where it
// has to give exactly one.
type SeveralSeriesError struct {
	Query  string
	Count  int
	Labels []string // of the first few, as PromQL writes them

	// Replica is the only label in which they differ, if its name says that they may be copies of
	// one series, as two Prometheus servers scrape it for high availability; empty otherwise.
	Replica string
}

// Error gives the count and the first few series.
func (e *SeveralSeriesError) Error() string {
	more := ""
	if e.Count > len(e.Labels) {
		more = ", …"
	}
	remedy := "wrap the query in sum(…), or select one by its labels"
	if e.Replica != "" {
		remedy = fmt.Sprintf("if these are copies of one, as of two servers that scrape the same, a sum counts them %d times: let them be deduplicated, or use sum(max without (%s) (…)); else wrap the query in sum(…)",
			e.Count, e.Replica)
	}
	return fmt.Sprintf("prometheus: query %q: %d series, want exactly one: %s%s; %s", brief(e.Query), e.Count, strings.Join(e.Labels, ", "), more, remedy)
}

// A SkewError reports that the clocks of this machine and of the server differ by more
// than is allowed.
type SkewError struct {
	Skew  time.Duration // server minus here
	Limit time.Duration // the largest difference allowed, > 0
}

// Error gives the skew and its limit.
func (e *SkewError) Error() string {
	where := "ahead of"
	if e.Skew < 0 {
		where = "behind"
	}
	return fmt.Sprintf("prometheus: the clock of the server is %v %s ours, want at most %v; synchronize both clocks (NTP)", forecast.Span(e.Skew.Abs()), where, forecast.Span(e.Limit))
}

// brief keeps a query that fills pages from filling the log.
func brief(query string) string {
	const limit = 300
	runes := []rune(query)
	if len(runes) <= limit {
		return query
	}
	return string(runes[:limit]) + "…"
}

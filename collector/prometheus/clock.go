package prometheus

import (
	"context"
	"net/http"
	"time"
)

// CheckClock returns a [SkewError] if the clock of the server and now differ by
// more than limit, as far as the time that the request took lets one tell. A
// clock that is ahead asks for what is not there yet; one that is behind serves
// the past.
func (c *Client) CheckClock(ctx context.Context, now func() time.Time, limit time.Duration) error {
	skew, err := c.Skew(ctx, now)
	if err == nil && skew.Abs() > limit {
		return &SkewError{Skew: skew, Limit: limit}
	}
	return err
}

// Skew returns how far the clock of the server is ahead of now, which it calls
// just before and after the request: 0 if the server's time lies between the
// two, otherwise the distance to the nearer one. It also serves as a check that
// the server answers queries at all.
func (c *Client) Skew(ctx context.Context, now func() time.Time) (time.Duration, error) {
	before := now()
	s, err := c.Instant(ctx, "time()", time.Time{})
	if err != nil {
		return 0, err
	}
	after := now()
	server := time.UnixMilli(int64(s.Value * 1000))
	switch {
	case server.Before(before.Truncate(time.Millisecond)):
		return server.Sub(before), nil
	case server.After(after):
		return server.Sub(after), nil
	default:
		return 0, nil
	}
}

// dateSkew returns how far the clock of the server was ahead of ours, which read before
// when the request left and after when the answer was there. It is 0 if the Date of the
// answer, which is truncated to whole seconds, fits in between. It is false without a
// Date, and for an answer from a cache, whose Date is old.
func dateSkew(header http.Header, before, after time.Time) (time.Duration, bool) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return 0, false
	}
	switch {
	case date.After(after):
		return date.Sub(after), true
	case date.Add(time.Second).Before(before):
		return date.Add(time.Second).Sub(before), true
	}
	return 0, true
}

// maxSkew is how far the clocks may differ: from there on, what is asked for as present is
// the past of the server, or its future.
const maxSkew = time.Minute

// checkDate returns a [SkewError] if the clocks differ too much for an answer to
// be of use.
func (t *transport) checkDate(resp *http.Response, before time.Time) error {
	if t.now == nil {
		return nil
	}
	if skew, known := dateSkew(resp.Header, before, t.now()); known && skew.Abs() > maxSkew {
		// Rounded, so that the error and its line in a log are the same each time.
		return &SkewError{Skew: skew.Round(10 * time.Second), Limit: maxSkew}
	}
	return nil
}

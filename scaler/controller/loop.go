package controller

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// every calls f at once and then each period, one call after the other, until ctx ends,
// which is no error.
func every(ctx context.Context, period time.Duration, f func()) error {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// isNew reports whether err is an error with another text than the last one, nil or not: each is
// then logged once for as long as it lasts.
func isNew(err, last error) bool {
	return err != nil && (last == nil || last.Error() != err.Error())
}

// forEach calls f for all targets, up to limit at a time, and waits for the last one.
func (c *Controller) forEach(limit int, f func(*target)) {
	var group errgroup.Group
	group.SetLimit(limit)
	for _, t := range c.all() {
		group.Go(func() error {
			f(t)
			return nil
		})
	}
	_ = group.Wait() // no error comes back
}

package main

import (
	"context"
	"log/slog"
)

// quietStop passes on what controller-runtime logs, but for one line: a leader that
// is told to stop gives its Lease up, as it should, and controller-runtime reports
// that as an error, "leader election lost", after the stop. A Lease that is lost
// without a stop ends the manager with that error, and is not affected.
type quietStop struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quietStop) Handle(ctx context.Context, r slog.Record) error {
	expected := false
	if r.Message == "error received after stop sequence was engaged" {
		r.Attrs(func(a slog.Attr) bool {
			expected = expected || a.Key == "err" && a.Value.String() == "leader election lost"
			return !expected
		})
	}
	if expected {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quietStop) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietStop{q.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (q quietStop) WithGroup(name string) slog.Handler { return quietStop{q.Handler.WithGroup(name)} }

package main

import (
	"context"
	"log/slog"
	"sync"
)

// demoLog is a log handler that keeps the newest message for the view and counts
// messages by their text, so that the demo can wait for one.
type demoLog struct {
	mu      sync.Mutex // guards what follows
	newest  string
	count   map[string]int
	changed chan struct{} // closed at each message
}

var _ slog.Handler = (*demoLog)(nil)

func newDemoLog() *demoLog {
	return &demoLog{count: map[string]int{}, changed: make(chan struct{})}
}

// Enabled implements slog.Handler.
func (l *demoLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (l *demoLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = line
	l.count[r.Message]++
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// WithAttrs implements slog.Handler. The demo needs no attributes of loggers.
func (l *demoLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l *demoLog) WithGroup(string) slog.Handler { return l }

// last returns the newest message with its attributes.
func (l *demoLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// await waits until message came n times. It returns the error of ctx.
func (l *demoLog) await(ctx context.Context, message string, n int) error {
	for {
		l.mu.Lock()
		have, changed := l.count[message], l.changed
		l.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

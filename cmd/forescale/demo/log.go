package demo

import (
	"context"
	"log/slog"
	"sync"
)

// newestLog is a log handler that keeps the newest message for the view.
type newestLog struct {
	mu     sync.Mutex // guards newest
	newest string
}

var _ slog.Handler = (*newestLog)(nil)

// Enabled implements slog.Handler.
func (l *newestLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (l *newestLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = line
	return nil
}

// WithAttrs implements slog.Handler. The demo needs no attributes of loggers.
func (l *newestLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l *newestLog) WithGroup(string) slog.Handler { return l }

// last returns the newest message with its attributes.
func (l *newestLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

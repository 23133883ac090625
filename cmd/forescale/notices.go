package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// noticeAgain is how long a query is not warned of again.
	noticeAgain = time.Hour

	// mostNoticed bounds the queries that are remembered.
	mostNoticed = 10_000
)

// notices logs what weakened the answers to queries: as a warning once an hour for each
// query, because a part that is missing of a sum looks like less demand, and every few seconds
// for those who debug. It is safe for concurrent use.
type notices struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex           // guards told
	told map[string]time.Time // when a query was warned of last
}

func newNotices(log *slog.Logger, now func() time.Time) *notices {
	return &notices{log: log, now: now, told: map[string]time.Time{}}
}

// notify takes a notice about the answer to query.
func (n *notices) notify(query, notice string) {
	now, level := n.now(), slog.LevelDebug
	n.mu.Lock()
	if last, known := n.told[query]; !known || now.Sub(last) >= noticeAgain {
		if len(n.told) >= mostNoticed {
			clear(n.told)
		}
		n.told[query], level = now, slog.LevelWarn
	}
	n.mu.Unlock()
	n.log.Log(context.Background(), level, "query answered with a notice", "query", query, "notice", notice)
}

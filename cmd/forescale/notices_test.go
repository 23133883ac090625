package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Thanos that answers in part does so every few seconds: an operator hears of it, once an
// hour for each query.
func TestANoticeIsAWarningOnceAnHour(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	n := newNotices(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return now })
	for range 1800 { // an hour less two seconds
		n.notify("web", "PartialResponse: store 7 did not answer")
		now = now.Add(2 * time.Second)
	}
	n.notify("api", "3 of 5 values are NaN")
	require.Equal(t, 2, strings.Count(out.String(), "level=WARN"), out.String())
	require.Contains(t, out.String(), "store 7 did not answer")
	n.notify("web", "PartialResponse: store 8 did not answer")
	require.Equal(t, 3, strings.Count(out.String(), "level=WARN"))
}

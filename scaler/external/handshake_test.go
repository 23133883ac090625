package external

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A client that tries every two seconds is told of once a minute, and a probe never.
func TestAFailedHandshakeIsToldOnceAMinute(t *testing.T) {
	log, now := &logbook{}, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	l := &loudTLS{log: slog.New(slog.NewTextHandler(log, nil)), now: func() time.Time { return now }, told: map[string]time.Time{}}
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: port} }
	timeout := func(port int) error { return &net.OpError{Op: "read", Addr: at(port), Err: errors.New("i/o timeout")} }

	l.tell(at(1), io.EOF)
	l.tell(at(1), tls.RecordHeaderError{Msg: "first record"})
	for i := range 29 {
		now = now.Add(2 * time.Second)
		l.tell(at(i), tls.RecordHeaderError{Msg: "first record"})
		l.tell(at(i), timeout(i))
	}
	lines := log.lines()
	require.Len(t, lines, 2, "%q", lines)
	require.Contains(t, lines[0], "from=10.0.0.1:1 ")
	require.Contains(t, lines[0], "enableTLS")
	require.Contains(t, lines[1], "i/o timeout")
	now = now.Add(2 * time.Second)
	l.tell(at(99), tls.RecordHeaderError{Msg: "first record"})
	require.Len(t, log.lines(), 3)

	for i := range 100 {
		l.tell(at(i), fmt.Errorf("failure %d", i))
	}
	require.LessOrEqual(t, len(l.told), mostTold)
}

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

// The alert that the client has sent shows whether it does not trust the certificate.
func TestWhatToDoAboutAFailedHandshake(t *testing.T) {
	alert := func(text string) error { return &net.OpError{Op: "remote error", Err: errors.New("tls: " + text)} }
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no TLS":               {tls.RecordHeaderError{Msg: "first record"}, "enableTLS"},
		"no certificate":       {errors.New("tls: client didn't provide a certificate"), "tlsClientCert"},
		"a foreign one":        {&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, "tlsClientCert"},
		"it does not trust us": {alert("unknown certificate authority"), "caCert"},
		"another name":         {alert("bad certificate"), "caCert"},
		"an old client":        {alert("protocol version not supported"), "CAs of client and server match"},
		"it ends":              {alert("user canceled"), "CAs of client and server match"},
	} {
		require.Contains(t, remedyOf(tt.err), tt.want, name)
	}
}

// A client that tries every two seconds is logged once a minute, and a probe never.
func TestAFailedHandshakeIsLoggedOnceAMinute(t *testing.T) {
	log, now := &logbook{}, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	l := &loggingTLS{log: slog.New(slog.NewTextHandler(log, nil)), now: func() time.Time { return now }, logged: map[string]time.Time{}}
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: port} }
	timeout := func(port int) error { return &net.OpError{Op: "read", Addr: at(port), Err: errors.New("i/o timeout")} }

	l.report(at(1), io.EOF)
	l.report(at(1), tls.RecordHeaderError{Msg: "first record"})
	for i := range 29 {
		now = now.Add(2 * time.Second)
		l.report(at(i), tls.RecordHeaderError{Msg: "first record"})
		l.report(at(i), timeout(i))
	}
	lines := log.lines()
	require.Len(t, lines, 2, "%q", lines)
	require.Contains(t, lines[0], "from=10.0.0.1:1 ")
	require.Contains(t, lines[0], "enableTLS")
	require.Contains(t, lines[1], "i/o timeout")
	now = now.Add(2 * time.Second)
	l.report(at(99), tls.RecordHeaderError{Msg: "first record"})
	require.Len(t, log.lines(), 3)

	for i := range 100 {
		l.report(at(i), fmt.Errorf("failure %d", i))
	}
	require.LessOrEqual(t, len(l.logged), mostFailures)
}

package external

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/credentials"
)

// A loggingTLS is TLS that logs why a client was refused, which gRPC does not. KEDA shows only that
// the connection was closed. It is safe for concurrent use.
type loggingTLS struct {
	credentials.TransportCredentials

	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex           // guards logged
	logged map[string]time.Time // when each failure was logged last, by its text
}

const (
	logAgainAfter = time.Minute // least time between two log lines about the same failure
	mostFailures  = 16          // kinds of failure that are remembered
)

// ServerHandshake implements credentials.TransportCredentials.
func (l *loggingTLS) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	out, info, err := l.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		l.report(conn.RemoteAddr(), err)
	}
	return out, info, err
}

// Clone implements credentials.TransportCredentials. It returns l itself, which holds nothing of
// a single connection.
func (l *loggingTLS) Clone() credentials.TransportCredentials { return l }

// report logs a failure, unless the connection ended without sending anything, as a probe does.
func (l *loggingTLS) report(from net.Addr, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
		return
	}
	now, text := l.now(), err.Error()
	if op, isOp := errors.AsType[*net.OpError](err); isOp {
		text = op.Err.Error() // without the addresses, which are others each time
	}
	l.mu.Lock()
	last, known := l.logged[text]
	again := known && now.Sub(last) < logAgainAfter
	if !again {
		if len(l.logged) >= mostFailures {
			clear(l.logged)
		}
		l.logged[text] = now
	}
	l.mu.Unlock()
	if again {
		return
	}
	l.log.Warn("TLS handshake failed", "from", from.String(), "error", err, "remedy", remedyOf(err))
}

// readAgain is added to advice about a TriggerAuthentication: KEDA 2.21 caches what it has read of
// one until the generation of the ScaledObject changes.
const readAgain = ", which KEDA reads again when the ScaledObject changes"

// remedyOf says what to do about a handshake that failed, in KEDA's words.
func remedyOf(err error) string {
	_, isPlain := errors.AsType[tls.RecordHeaderError](err)
	_, isUnverified := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case isPlain:
		return "the client speaks without TLS: set enableTLS: \"true\" in the metadata of its trigger"
	case isUnverified, strings.Contains(err.Error(), "didn't provide a certificate"): // an error without a type; clients do not send a certificate that none of our CAs has signed
		return "put tlsClientCert and tlsClientKey, signed by a CA in --grpc-client-ca, into the TriggerAuthentication of its trigger" + readAgain
	case isOp && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate"): // alerts have no exported type
		return "the client does not trust this server: use a name of the server's certificate in scalerAddress, and put its CA into the TriggerAuthentication as caCert" + readAgain
	}
	return "check that the certificates and CAs of client and server match"
}

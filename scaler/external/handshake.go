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

// A loudTLS is TLS that logs why a client was refused. gRPC keeps that to itself, and KEDA
// shows only that the connection was closed. It is safe for concurrent use.
type loudTLS struct {
	credentials.TransportCredentials

	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex           // guards told
	told map[string]time.Time // when each failure was told last, by its text
}

const (
	sayAgain = time.Minute // a client that tries again and again is told once in this time
	mostTold = 16          // kinds of failure that are remembered
)

// ServerHandshake implements credentials.TransportCredentials.
func (l *loudTLS) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	out, info, err := l.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		l.tell(conn.RemoteAddr(), err)
	}
	return out, info, err
}

// Clone implements credentials.TransportCredentials. What is here belongs to no connection.
func (l *loudTLS) Clone() credentials.TransportCredentials { return l }

// tell logs a failure, unless the connection ended without sending anything, as a probe does.
func (l *loudTLS) tell(from net.Addr, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
		return
	}
	now, text := l.now(), err.Error()
	if op, isOp := errors.AsType[*net.OpError](err); isOp {
		text = op.Err.Error() // without the addresses, which are others each time
	}
	l.mu.Lock()
	last, known := l.told[text]
	again := known && now.Sub(last) < sayAgain
	if !again {
		if len(l.told) >= mostTold {
			clear(l.told)
		}
		l.told[text] = now
	}
	l.mu.Unlock()
	if again {
		return
	}
	l.log.Warn("client not let in", "from", from.String(), "error", err, "remedy", remedyOf(err))
}

// readAgain is added to what is to be done to a TriggerAuthentication: KEDA 2.21 keeps what it
// has read of one for as long as the generation of the ScaledObject stays.
const readAgain = ", which KEDA reads again when the ScaledObject changes"

// remedyOf says what to do about a handshake that failed, in KEDA's words.
func remedyOf(err error) string {
	_, isPlain := errors.AsType[tls.RecordHeaderError](err)
	_, isUnverified := errors.AsType[*tls.CertificateVerificationError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case isPlain:
		return "the client speaks without TLS: set enableTLS: \"true\" in the metadata of its trigger"
	case isUnverified, strings.Contains(err.Error(), "didn't provide a certificate"): // one without a type; a client keeps back what no authority of ours has signed
		return "put tlsClientCert and tlsClientKey, signed by an authority in --grpc-client-ca, into the TriggerAuthentication of its trigger" + readAgain
	case isOp && op.Op == "remote error" && strings.Contains(op.Err.Error(), "certificate"): // alerts have no exported type
		return "the client does not trust this server: name it in scalerAddress as its certificate does, and put the authority of that into the TriggerAuthentication as caCert" + readAgain
	}
	return "see that both ends have the certificates and authorities that fit"
}

package prometheus_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A connection that breaks does so from another port each time. What is told of it, once by
// its text, is the same.
func TestAConnectionThatBreaksIsToldOfInTheSameWords(t *testing.T) {
	var listen net.ListenConfig
	server, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64))
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a reset in place of an end
			}
			_ = conn.Close()
		}
	}()
	address := "http://" + server.Addr().String()
	first := instant(t, address, "{}")
	require.ErrorContains(t, first, address)
	require.ErrorContains(t, first, "connection reset by peer")
	require.EqualError(t, instant(t, address, "{}"), first.Error())
}

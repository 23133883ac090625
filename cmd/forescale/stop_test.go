package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// pipes listens for connections in memory, until it is closed.
type pipes struct {
	come   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A request that does not end, such as a scrape that nobody reads on, does not make an error of
// a stop.
func TestARequestThatHangsIsNoErrorOfAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{come: make(chan net.Conn), closed: make(chan struct{})}
		begun := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- serveHTTP(ctx, listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(begun)
				<-r.Context().Done()
			}))
		}()
		near, far := net.Pipe()
		listener.come <- far
		_, err := near.Write([]byte("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		<-begun
		cancel()
		require.NoError(t, <-done)
		_, err = near.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "it is cut off")
	})
}

package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

// A Prometheus that does not answer costs doctor the time of one query for each object, and
// not that of a history three times over.
func TestDoctorDoesNotWaitForAHistory(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}))
	defer server.Close()
	defer close(gone)
	var c serveConfig
	c.Prometheus.URL, c.Prometheus.Timeout = server.URL, api.Duration(100*time.Millisecond)
	client, err := newSource(c, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer client.Close()
	source := impatient{client, c.Prometheus.Timeout.Std()}
	begin := time.Now()
	_, err = source.Instant(t.Context(), "up", begin)
	require.ErrorContains(t, err, "no answer")
	_, err = source.Skew(t.Context(), time.Now)
	require.ErrorContains(t, err, "no answer")
	require.Less(t, time.Since(begin), 600*time.Millisecond, "less than one attempt at a history")
}

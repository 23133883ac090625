package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// loadServe reads the configuration of serve from flags and the text of a file.
func loadServe(t *testing.T, file string, flags ...string) (serveConfig, error) {
	t.Helper()
	var c serveConfig
	cmd := &cobra.Command{}
	c.bind(cmd.Flags())
	require.NoError(t, cmd.ParseFlags(flags))
	if file != "" {
		path := filepath.Join(t.TempDir(), "serve.yaml")
		require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
		file = path
	}
	err := c.load(cmd, file)
	return c, err
}

func TestAFlagWinsOverTheFile(t *testing.T) {
	c, err := loadServe(t, "tick: 2s\nforget: 1h\nprometheus: {url: http://file:9090}", "--tick", "1s")
	require.NoError(t, err)
	require.Equal(t, time.Second, c.Tick.Std(), "given on the command line")
	require.Equal(t, time.Hour, c.Forget.Std(), "given in the file")
	require.Equal(t, "http://file:9090", c.Prometheus.URL)
	require.Equal(t, 1, c.FitWorkers, "given nowhere")
}

func TestEveryFaultOfServeIsTold(t *testing.T) {
	_, err := loadServe(t, "", "--tick", "1ms", "--grpc-cert", "a.pem", "--log-level", "loud", "--http-address", "8080", "--fit-workers", "0")
	for _, want := range []string{
		`--tick: "1ms": want 10ms to 1m`, "want --grpc-cert and --grpc-key together", `--log-level: "loud"`,
		`--http-address: "8080": want host:port`, `--fit-workers: "0": want 1 to 64`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = loadServe(t, "tik: 2s\ntick: soon\nprometheus: http://prometheus:9090")
	for _, want := range []string{
		"tik: unknown key, did you mean tick?", // a typo is no default
		`tick: "soon": want a duration such as 90s`, "prometheus: want an object, found text",
	} {
		require.ErrorContains(t, err, want)
	}
}

// Logs are read by more people than secrets are meant for.
func TestThePasswordOfPrometheusIsNotShown(t *testing.T) {
	for address, want := range map[string]string{
		"http://me:secret@prometheus:9090": "http://me:xxxxx@prometheus:9090",
		"http://prometheus:9090":           "http://prometheus:9090",
		"http://me:secret@bad host":        "an address that is none",
	} {
		c, err := loadServe(t, "", "--prometheus-url", address)
		require.NoError(t, err)
		require.Equal(t, want, c.server())
	}
}

func TestWhatServeAnswersOverHTTP(t *testing.T) {
	for path, want := range map[string]int{
		"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusOK,
		"/debug/pprof/": http.StatusNotFound, // not asked for
	} {
		w := httptest.NewRecorder()
		handler(serveConfig{}, prometheus.NewRegistry()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, strings.NewReader("")))
		require.Equal(t, want, w.Code, path)
	}
}

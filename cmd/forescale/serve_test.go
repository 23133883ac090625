package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

// A fault is told where its value stands, and each flag has a place in the file.
func TestAFaultIsToldWhereItStands(t *testing.T) {
	_, err := loadServe(t, "tick: 1ms\nfitWorkers: 0\nhttp: {address: x}", "--fit-workers", "99")
	for _, want := range []string{
		`serve.yaml: tick: "1ms": want 10ms to 1m`, `serve.yaml: http.address: "x": want host:port`, `--fit-workers: "99": want 1 to 64`,
	} {
		require.ErrorContains(t, err, want)
	}
	var c serveConfig
	cmd := &cobra.Command{}
	c.bind(cmd.Flags())
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		require.Contains(t, keys(), f.Name)
		value := f.Value.String()
		if f.Value.Type() == "string" || f.Value.Type() == "duration" {
			value = strconv.Quote(value)
		}
		document := value
		for _, key := range slices.Backward(strings.Split(keys()[f.Name], ".")) {
			document = fmt.Sprintf("{%q: %s}", key, document)
		}
		_, err := loadServe(t, document)
		require.NoError(t, err, document)
	})
}

// Logs are read by more people than secrets are meant for.
func TestThePasswordOfPrometheusIsNotShown(t *testing.T) {
	for address, want := range map[string]string{
		"http://me:secret@prometheus:9090": "http://me:xxxxx@prometheus:9090",
		"http://prometheus:9090":           "http://prometheus:9090",
		"http://me:secret@bad host":        "(not a URL)",
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

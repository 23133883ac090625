package prometheus_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus/embedded"
)

// binaries returns the Prometheus servers to test against: those that
// FORESCALE_PROMETHEUS lists, separated as in PATH, each of which must then be
// there, or else the one in PATH, or else the one that make prometheus built.
func binaries(tb testing.TB) []string {
	tb.Helper()
	if list := os.Getenv("FORESCALE_PROMETHEUS"); list != "" {
		return filepath.SplitList(list)
	}
	if found, err := exec.LookPath("prometheus"); err == nil {
		return []string{found}
	}
	if built := filepath.Join(tools(), "prometheus"); isFile(built) {
		return []string{built}
	}
	tb.Skip("no prometheus in PATH, FORESCALE_PROMETHEUS lists none, and make prometheus built none")
	return nil
}

// tools returns the folder of the Makefile's tools.
func tools() string {
	if dir := os.Getenv("FORESCALE_TOOLS"); dir != "" {
		return dir
	}
	cache := os.Getenv("XDG_CACHE_HOME") // and not os.UserCacheDir, which is another on macOS
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(cache, "forescale", "bin")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// startProcess runs a Prometheus that scrapes target four times a second, if one
// is given, and returns its address. It is stopped at the end of the test.
func startProcess(tb testing.TB, binary, target string) string {
	tb.Helper()
	return startIn(tb, tb.TempDir(), binary, target)
}

// startIn is startProcess in dir, whose folder data may hold a database.
func startIn(tb testing.TB, dir, binary, target string) string {
	tb.Helper()
	text := "global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n"
	if target != "" {
		u, err := url.Parse(target)
		require.NoError(tb, err)
		text += fmt.Sprintf("scrape_configs: [{job_name: web, static_configs: [{targets: [%q]}]}]\n", u.Host)
	}
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(tb, os.WriteFile(file, []byte(text), 0o600))

	// The port is free until another program takes it in the moment between.
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	address := listener.Addr().String()
	require.NoError(tb, listener.Close())

	cmd := exec.CommandContext(tb.Context(), binary, "--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(tb, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(tb, cmd.Start())
	tb.Cleanup(func() { // the context of the test has ended: the signal is on its way
		_ = cmd.Wait()
		_ = log.Close()
		if tb.Failed() {
			said, _ := os.ReadFile(log.Name())
			tb.Logf("%s said:\n%s", binary, said)
		}
	})
	server := "http://" + address
	require.Eventually(tb, func() bool {
		status, _, err := fetch(tb, server+"/-/ready")
		return err == nil && status == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "%s does not get ready", binary)
	return server
}

func fetch(tb testing.TB, address string) (status int, body []byte, err error) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(tb, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// The HTTP layer of package embedded is ours, so it has to prove that it answers
// as a Prometheus does: the same status and, for a success, the same JSON.
// A timeout that has passed is left out: 3.15 answers 400, 422 or 503 at random.
func TestSameAnswersAsAProcess(t *testing.T) {
	ours, err := embedded.Start(t.Context(), embedded.Options{Now: noon, Dir: t.TempDir()})
	require.NoError(t, err)
	defer ours.Close()
	for _, binary := range binaries(t) {
		t.Run(filepath.Base(filepath.Dir(binary)), func(t *testing.T) {
			theirs := startProcess(t, binary, "")
			for _, request := range []string{
				"query?time=1772452800&query=vector(1)",
				"query?time=1772452800.25&query=1/3",
				"query?time=2026-03-02T12:00:00Z&query=label_replace(vector(0/0),%22a%22,%22%C3%A4%3C%22,%22%22,%22%22)",
				"query?time=1772452800&query=-1e30/0",
				"query?time=1772452800&query=nothing",
				"query?time=1772452800&query=%22text%22",
				"query?time=1772452800&query=vector(1)[90s:1m]",
				"query_range?start=1772452740&end=1772452800&step=30&query=time()/1e9",
				"query_range?start=1772452740&end=1772452800&step=1m&query=nothing",
				"query?query=sum(",
				"query?query=",
				"query?query=1&time=soon",
				"query?query=1&timeout=soon",
				"query?time=1772452800&query=vector(1)*on()group_left()(label_replace(vector(1),%22a%22,%22b%22,%22%22,%22%22)or%20vector(1))",
				"query_range?start=0&end=11001&step=1&query=1",
				"query_range?start=0&end=11000&step=11000&query=1",
				"query_range?start=0&end=1&step=0&query=1",
				"query_range?start=1&end=0&step=1&query=1",
				"query_range?start=0&end=1&step=1&query=vector(1)[5m:1m]",
				"unknown",
			} {
				wantStatus, want, err := fetch(t, theirs+"/api/v1/"+request)
				require.NoError(t, err)
				status, got, err := fetch(t, ours.URL()+"/api/v1/"+request)
				require.NoError(t, err)
				require.Equal(t, wantStatus, status, "%s\ntheirs %s\nours   %s", request, want, got)
				if status == http.StatusNotFound {
					continue
				}
				var a, b struct{ Status, ErrorType string }
				require.NoError(t, json.Unmarshal(want, &a), "%s: %s", request, want)
				require.NoError(t, json.Unmarshal(got, &b), "%s: %s", request, got)
				require.Equal(t, a, b, request)
				if status == http.StatusOK {
					require.JSONEq(t, string(want), string(got), request)
				}
			}
		})
	}
}

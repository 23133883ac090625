package main

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// takenPort returns the address of a port of loopback that somebody listens on.
func takenPort(t *testing.T) string {
	t.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// freePort returns the address of a port of loopback that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// A port that is taken is named by its flag, and the one that was had before it is free
// again, for another try within the process.
func TestAPortThatIsTakenFreesTheOther(t *testing.T) {
	free := func(address string) {
		t.Helper()
		var listen net.ListenConfig
		l, err := listen.Listen(t.Context(), "tcp", address)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	calls := freePort(t)
	c, err := loadServe(t, "", "--grpc-address", calls, "--http-address", takenPort(t), "--prometheus-url", "http://127.0.0.1:1")
	require.NoError(t, err)
	require.ErrorContains(t, serve(t.Context(), c, io.Discard), "--http-address: ")
	free(calls)

	web := freePort(t)
	own := controllerConfig{serveConfig: c, explain: takenPort(t)}
	own.HTTP.Address = web
	_, _, err = own.listen(t.Context())
	require.ErrorContains(t, err, "--explain-address: ")
	free(web)
}

func TestEveryFaultOfControllerIsTold(t *testing.T) {
	cmd := newControllerCommand()
	cmd.SetArgs([]string{
		"--lease-duration", "1s", "--write-rate", "0", "--kube-api-qps", "-1", "--hold-silence", "0s", "--identity", "",
		"--namespaces", "shop,,api", "--explain-address", "9443", "--lease", "", "--namespace", "", "--tick", "1ms",
	})
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(t.Context())
	for _, want := range []string{
		`--lease-duration: "1s": want 3s or more`, `--write-rate: "0": want a number above 0 and up to 100000`, `--kube-api-qps: "-1"`, `--hold-silence: "0s"`,
		`--identity: ""`, `--namespaces: "shop,,api": want names with commas between them`, `--explain-address: "9443"`, `--lease: ""`, `--namespace: ""`,
		`--tick: "1ms"`,
	} {
		require.ErrorContains(t, err, want)
	}
	good := controllerConfig{
		namespace: "forescale", leaseName: "forescale", identity: "a", leaseDuration: 15 * time.Second, writeRate: 100, qps: 200, holdSilence: time.Minute,
	}
	require.NoError(t, good.checkOwn())
}

// A weights file that cannot be read keeps the controller from starting, as it does
// serve: a network that was asked for and is missing would never be missed.
func TestTheControllerReadsItsNetwork(t *testing.T) {
	c, err := loadServe(t, "", "--network", "none.safetensors", "--prometheus-url", "http://127.0.0.1:1")
	require.NoError(t, err)
	require.ErrorContains(t, runController(t.Context(), &controllerConfig{serveConfig: c}, io.Discard), "--network: open none.safetensors")
}

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/leaderelection"
)

// Namespaces that a flag names stay as they are where a file is read too, and none at all,
// as from a variable that is empty, are not all.
func TestNamespacesAreThoseOfTheFlag(t *testing.T) {
	file := filepath.Join(t.TempDir(), "controller.yaml")
	require.NoError(t, os.WriteFile(file, []byte("tick: 1s"), 0o600))
	var c controllerConfig
	cmd := &cobra.Command{}
	c.bind(cmd.Flags())
	cmd.Flags().StringSliceVar(&c.namespaces, "namespaces", nil, "")
	require.NoError(t, cmd.ParseFlags([]string{"--namespaces", "shop,bank", "--http-address", ":1"}))
	require.NoError(t, c.load(cmd, file))
	require.Equal(t, []string{"shop", "bank"}, c.namespaces)
	require.Equal(t, ":1", c.HTTP.Address)
	require.Equal(t, time.Second, c.Tick.Std())

	for _, value := range []string{"", ",", "shop,"} {
		root := newRootCommand()
		root.SetArgs([]string{"controller", "--kubeconfig", "/missing", "--namespaces", value})
		require.ErrorContains(t, root.ExecuteContext(t.Context()), "an empty one would be all namespaces", value)
	}
}

// A Lease that is given up at a stop is no error; any other error is one.
func TestANormalStopIsQuiet(t *testing.T) {
	var out bytes.Buffer
	log := logr.FromSlogHandler(quietStop{slog.NewTextHandler(&out, nil)}).WithName("manager").WithValues("replica", "a")
	log.Error(errors.New("leader election lost"), "error received after stop sequence was engaged")
	require.Empty(t, out.String())
	log.Error(errors.New("watch failed"), "error received after stop sequence was engaged")
	require.Contains(t, out.String(), "watch failed")
	out.Reset()
	log.Error(errors.New("leader election lost"), "problem running manager")
	require.Contains(t, out.String(), "leader election lost")
}

// A manager that hangs, as one does that may not read the cluster, does not keep the
// process from its end; one that fails or ends is heard at once.
func TestAManagerThatHangsIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		begin := time.Now()
		time.AfterFunc(time.Minute, cancel)
		require.NoError(t, startManager(ctx, func(context.Context) error { <-release; return nil }, 12*time.Second))
		require.Equal(t, 72*time.Second, time.Since(begin))
		close(release)

		failed := errors.New("no rights")
		require.ErrorIs(t, startManager(t.Context(), func(context.Context) error { return failed }, time.Second), failed)
		require.NoError(t, startManager(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }, time.Second), "it ends when it is told to")
	})
}

// A replica that is not warm says so to the probe, and lives all the same.
func TestReadyWhenWarm(t *testing.T) {
	missing := "2 of 3 objects have no forecast yet"
	h := readyWhen(func() string { return missing }, handler(serveConfig{}, nil))
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	status, text := ask("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, text, "2 of 3 objects")
	status, _ = ask("/healthz")
	require.Equal(t, http.StatusOK, status)
	missing = ""
	status, _ = ask("/readyz")
	require.Equal(t, http.StatusOK, status)
}

// A replica that is told to stop gives its floors back, also where a part of it does not
// stop in time; one that fails leaves them to the next.
func TestFloorsAreGivenBackAtAStop(t *testing.T) {
	late, stuck := errors.New("failed waiting for all runnables to end"), errors.New("forbidden")
	for name, c := range map[string]struct {
		stopped     bool
		err, finish error
		finishes    bool
		want        []error
	}{
		"a stop":                          {true, context.Canceled, nil, true, nil},
		"a stop with a part that is late": {true, late, nil, true, []error{late}},
		"a floor that cannot be written":  {true, nil, stuck, true, []error{stuck}},
		"both":                            {true, late, stuck, true, []error{late, stuck}},
		"a part that fails":               {false, late, nil, false, []error{late}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if c.stopped {
				stop()
			}
			finishes := false
			err := finished(ctx, c.err, func(ctx context.Context) error {
				require.NoError(t, ctx.Err())
				finishes = true
				return c.finish
			})
			require.Equal(t, c.finishes, finishes)
			if c.want == nil {
				require.NoError(t, err)
			}
			for _, want := range c.want {
				require.ErrorIs(t, err, want)
			}
		})
	}
}

// However long a Lease is, a standby sees that it was given up before the replica that stops
// has waited for long enough.
func TestAStandbyLooksAtTheLeaseInTime(t *testing.T) {
	const handOver, latest = 5 * time.Second, 1 + leaderelection.JitterFactor
	for _, lease := range []time.Duration{shortestLease, 15 * time.Second, time.Minute, time.Hour} {
		require.Less(t, latest*retryOf(lease).Seconds(), handOver.Seconds(), lease)
		require.Greater(t, lease*2/3, retryOf(lease)*5, "and the holder tries some times to renew it")
	}
}

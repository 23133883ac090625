// Package e2e runs forescale against real components. See README.md.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

// env is what all cases share: one cluster, one adapter, one source of metrics.
type env struct {
	*stack.Stack
	dir     string
	binary  string
	metrics *stack.Metrics
	adapter *stack.External
	cpu     *stack.PodMetrics
}

var shared *env

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "forescale-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	defer func() {
		if code == 0 && os.Getenv("FORESCALE_KEEP") == "" {
			_ = os.RemoveAll(dir)
			return
		}
		fmt.Fprintln(os.Stderr, "logs are in", dir)
	}()
	e, err := setup(ctx, dir)
	defer e.close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		return code
	}
	shared = e
	code = m.Run()
	return code
}

func setup(ctx context.Context, dir string) (*env, error) {
	e := &env{dir: dir, binary: os.Getenv("FORESCALE_BINARY")}
	tools, err := filepath.Abs("tools")
	if err != nil {
		return e, err
	}
	bin, err := exec.Command(filepath.Join(tools, "build.sh"), "--path").Output()
	if err != nil {
		return e, fmt.Errorf("find the binaries: %w", err)
	}
	if e.binary == "" {
		e.binary = filepath.Join(dir, "forescale")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", e.binary, "./cmd/forescale")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			return e, fmt.Errorf("build forescale: %w\n%s", err, out)
		}
	}
	begin := time.Now()
	e.Stack, err = stack.Start(ctx, stack.Options{Dir: dir, Bin: strings.TrimSpace(string(bin)), K8s: os.Getenv("FORESCALE_K8S"), Tools: tools, Startup: 2 * time.Second})
	if err != nil {
		return e, err
	}
	if e.adapter, err = e.Adapter(ctx); err != nil {
		return e, err
	}
	if e.cpu, err = e.PodMetrics(ctx); err != nil {
		return e, err
	}
	if e.metrics, err = stack.NewMetrics(); err != nil {
		return e, err
	}
	crd, err := os.ReadFile(filepath.Join("..", "kustomize", "base", "crd", "forescale.dev_predictiveautoscalers.yaml"))
	if err != nil {
		return e, err
	}
	if err := e.Apply(ctx, string(crd)); err != nil {
		return e, err
	}
	version, err := e.Kube.Discovery().ServerVersion()
	if err != nil {
		return e, err
	}
	fmt.Printf("MEASURED the cluster, %s, is up after %.1f s\n", version.GitVersion, time.Since(begin).Seconds())
	return e, nil
}

func (e *env) close() {
	if e.Stack != nil {
		e.Stack.Stop()
	}
	if e.metrics != nil {
		e.metrics.Close()
	}
	if e.adapter != nil {
		e.adapter.Close()
	}
	if e.cpu != nil {
		e.cpu.Close()
	}
}

// A controller is one replica of forescale.
type controller struct {
	*stack.Process
	http string // address of its metrics
}

// start runs a replica for the length of a test, in its namespace and under its
// Lease, so that tests can run side by side.
func (b *bench) start(identity string, args ...string) *controller {
	b.t.Helper()
	return b.run(identity, append([]string{"--namespaces", b.ns, "--lease", "forescale-" + b.ns}, args...)...)
}

// run runs a replica in all namespaces.
func (b *bench) run(identity string, args ...string) *controller {
	b.t.Helper()
	name := strings.ReplaceAll(strings.ToLower(b.t.Name())+"-"+identity, "/", "-")
	port, err := stack.FreePort()
	require.NoError(b.t, err)
	c := &controller{http: fmt.Sprintf("127.0.0.1:%d", port)}
	c.Process, err = stack.Run(b.dir, name, b.binary, nil, append([]string{
		"controller", "--kubeconfig", b.Kubeconfig, "--prometheus-url", b.metrics.URL, "--identity", identity, "--http-address", c.http,
	}, args...)...)
	require.NoError(b.t, err)
	b.t.Cleanup(func() {
		if !c.Exited() {
			_ = c.Stop(syscall.SIGTERM, time.Minute)
		}
		if b.t.Failed() {
			tail, _ := exec.Command("tail", "-n", "30", c.Log).Output()
			b.t.Logf("the end of %s:\n%s", c.Log, tail)
		}
	})
	return c
}

// ready waits until the replica is warm, as its readiness probe tells.
func (b *bench) ready(c *controller) {
	b.t.Helper()
	b.eventually(patience, func() bool {
		res, err := http.Get("http://" + c.http + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, c.Name+" is ready")
}

// logged waits until the replica has said what.
func (b *bench) logged(c *controller, what string) {
	b.t.Helper()
	b.eventually(patience, func() bool {
		text, err := os.ReadFile(c.Log)
		return err == nil && strings.Contains(string(text), what)
	}, "the log of "+c.Name+" says "+what)
}

// leads reports whether the replica acts, as its metrics tell.
func (b *bench) leads(c *controller) bool {
	b.t.Helper()
	res, err := http.Get("http://" + c.http + "/metrics")
	require.NoError(b.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return strings.Contains(string(text), "\nforescale_leads 1\n")
}

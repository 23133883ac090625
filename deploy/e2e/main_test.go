// Package e2e runs forescale against real components. See README.md.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

// env is what all cases share: one cluster, one adapter, one source of metrics.
type env struct {
	*stack.Stack
	dir     string
	binary  string
	metrics *stack.Metrics
	adapter *stack.External
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
		build := exec.Command("go", "build", "-o", e.binary, "./cmd/forescale")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			return e, fmt.Errorf("build forescale: %w\n%s", err, out)
		}
	}
	begin := time.Now()
	e.Stack, err = stack.Start(ctx, stack.Options{Dir: dir, Bin: strings.TrimSpace(string(bin)), Tools: tools, Startup: 2 * time.Second})
	if err != nil {
		return e, err
	}
	if e.adapter, err = e.Adapter(ctx); err != nil {
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
	fmt.Printf("MEASURED the cluster is up after %.1f s\n", time.Since(begin).Seconds())
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
}

// A controller is one replica of forescale.
type controller struct {
	*stack.Process
	t *testing.T
}

// start runs a replica for the length of a test. Its Lease is that of the test.
func (e *env) start(t *testing.T, identity string, args ...string) *controller {
	t.Helper()
	name := strings.ToLower(t.Name()) + "-" + identity
	name = strings.ReplaceAll(name, "/", "-")
	p, err := stack.Run(e.dir, name, e.binary, nil, append([]string{
		"controller", "--kubeconfig", e.Kubeconfig, "--prometheus-url", e.metrics.URL, "--identity", identity,
		"--lease", "forescale", "--http-address", "127.0.0.1:0",
	}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	c := &controller{p, t}
	t.Cleanup(func() {
		if !p.Exited() {
			_ = p.Stop(syscall.SIGTERM, 30*time.Second)
		}
		if t.Failed() {
			tail, _ := exec.Command("tail", "-n", "30", p.Log).Output()
			t.Logf("the end of %s:\n%s", p.Log, tail)
		}
	})
	return c
}

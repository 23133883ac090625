package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// KEDA starts KEDA's operator and metrics adapter, and waits until the API server
// reaches them. A cluster has either this or an [External].
func (s *Stack) KEDA(ctx context.Context) error {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/kedacore/keda/v2")
	list.Dir = filepath.Join(s.Tools, "keda")
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("find the sources of KEDA: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no CRDs of KEDA found: %w", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := s.Apply(ctx, string(text)); err != nil {
			return err
		}
	}
	ports := make([]int, 5)
	for i := range ports {
		if ports[i], err = FreePort(); err != nil {
			return err
		}
	}
	if err := s.registerMetrics(ctx, ports[4]); err != nil {
		return err
	}
	if err := s.startKEDA(ports); err != nil {
		return err
	}
	return Until(ctx, time.Minute, func(context.Context) error {
		_, err := s.Kube.Discovery().ServerResourcesForGroupVersion("external.metrics.k8s.io/v1beta1")
		return err
	})
}

func (s *Stack) startKEDA(ports []int) error {
	dir := s.path("keda-certs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for from, to := range map[string]string{"ca.crt": "ca.crt", "keda.crt": "tls.crt", "keda.key": "tls.key"} {
		text, err := os.ReadFile(s.path(from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
			return err
		}
	}
	local := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	operator, err := Run(s.Dir, "keda-operator", filepath.Join(s.Bin, "keda-operator"),
		[]string{"POD_NAMESPACE=keda", "KEDA_CLUSTER_OBJECT_NAMESPACE=keda", "WATCH_NAMESPACE="},
		"--kubeconfig="+s.Kubeconfig, "--metrics-bind-address="+local(ports[0]), "--health-probe-bind-address="+local(ports[1]),
		"--metrics-service-bind-address="+local(ports[2]), "--cert-dir="+dir, "--enable-cert-rotation=false", "--leader-elect=false")
	if err != nil {
		return err
	}
	s.all = append(s.all, operator)
	adapter, err := Run(s.Dir, "keda-adapter", filepath.Join(s.Bin, "keda-adapter"),
		[]string{"POD_NAMESPACE=keda", "WATCH_NAMESPACE=", "KUBECONFIG=" + s.Kubeconfig},
		"--lister-kubeconfig="+s.Kubeconfig, "--authentication-kubeconfig="+s.Kubeconfig, "--authorization-kubeconfig="+s.Kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", ports[4]), "--client-ca-file="+s.path("ca.crt"),
		"--tls-cert-file="+filepath.Join(dir, "tls.crt"), "--tls-private-key-file="+filepath.Join(dir, "tls.key"), "--cert-dir="+dir,
		"--metrics-service-address="+local(ports[2]), fmt.Sprintf("--port=%d", ports[3]))
	if err != nil {
		return err
	}
	s.all = append(s.all, adapter)
	return nil
}

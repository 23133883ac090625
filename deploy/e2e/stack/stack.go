// Package stack starts real components on loopback: etcd, kube-apiserver, the
// controllers (the HPA's among them), the scheduler, and KWOK, which makes pods
// ready after a delay.
package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// Options are the settings of a [Stack].
type Options struct {
	Dir     string        // for keys, data and logs
	Bin     string        // folder of the binaries
	K8s     string        // version of the API server and the controllers, "1.37", from a folder of Bin; empty = those of Bin
	Tools   string        // folder of the tools modules
	HPASync time.Duration // 0 = the default of 15 s
	Startup time.Duration // from creation to readiness of a pod
}

// A Stack is a running cluster.
type Stack struct {
	Options

	Config     *rest.Config // of an administrator
	Kubeconfig string
	Kube       kubernetes.Interface
	Dynamic    dynamic.Interface
	Server     string // URL of the API server

	mapper    *restmapper.DeferredDiscoveryRESTMapper
	etcd, api *Process
	apiArgs   []string
	all       []*Process // in the order of their start
}

// Start starts a cluster. Call Stop in any case, also after an error.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	s := &Stack{Options: opts}
	ports := make([]int, 6)
	for i := range ports {
		var err error
		if ports[i], err = FreePort(); err != nil {
			return s, err
		}
	}
	s.Server = fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	s.Kubeconfig = s.path("admin.kubeconfig")
	for _, step := range []func() error{
		s.keys,
		func() error { return s.startEtcd(ctx, ports[0], ports[1]) },
		func() error { return s.startAPI(ctx, ports[0], ports[2]) },
		func() error { return s.startControllers(ports[3], ports[4], ports[5]) },
		func() error { return s.node(ctx) },
	} {
		if err := step(); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Stop ends every process, the last started first.
func (s *Stack) Stop() {
	for i := len(s.all) - 1; i >= 0; i-- {
		_ = s.all[i].Stop(syscall.SIGTERM, 3*time.Second)
	}
}

func (s *Stack) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *Stack) keys() error {
	ca, err := newAuthority(s.Dir, "ca")
	if err != nil {
		return err
	}
	front, err := newAuthority(s.Dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	return errors.Join(
		ca.issue("apiserver", "kube-apiserver", "", "localhost", "kubernetes", "kubernetes.default.svc", "127.0.0.1", "10.0.0.1"),
		ca.issue("admin", "admin", "system:masters"),
		ca.issue("kcm", "system:kube-controller-manager", ""),
		ca.issue("sched", "system:kube-scheduler", ""),
		ca.issue("keda", "keda", "", "keda-metrics-apiserver.keda.svc", "keda-operator.keda.svc", "metrics-server.kube-system.svc", "localhost", "127.0.0.1"),
		front.issue("front-proxy-client", "front-proxy-client", ""),
		writeServiceKeys(s.Dir),
		writeKubeconfig(s.Dir, "admin.kubeconfig", "admin", s.Server),
		writeKubeconfig(s.Dir, "kcm.kubeconfig", "kcm", s.Server),
		writeKubeconfig(s.Dir, "sched.kubeconfig", "sched", s.Server),
	)
}

func (s *Stack) run(name, binary string, args ...string) (*Process, error) {
	path := filepath.Join(s.Bin, binary)
	if s.K8s != "" && (binary == "kube-apiserver" || binary == "kube-controller-manager") {
		path = filepath.Join(s.Bin, "k8s-"+s.K8s, binary)
	}
	p, err := Run(s.Dir, name, path, nil, args...)
	if err == nil {
		s.all = append(s.all, p)
	}
	return p, err
}

func (s *Stack) startEtcd(_ context.Context, client, peer int) (err error) {
	c, p := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	s.etcd, err = s.run("etcd", "etcd", "--data-dir="+s.path("etcd"), "--unsafe-no-fsync", "--listen-client-urls="+c, "--advertise-client-urls="+c,
		"--listen-peer-urls="+p, "--initial-advertise-peer-urls="+p, "--initial-cluster=default="+p)
	return err
}

func (s *Stack) startAPI(ctx context.Context, etcd, port int) (err error) {
	s.apiArgs = []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcd), "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24", "--cert-dir=" + s.Dir,
		"--tls-cert-file=" + s.path("apiserver.crt"), "--tls-private-key-file=" + s.path("apiserver.key"), "--client-ca-file=" + s.path("ca.crt"),
		"--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + s.path("sa.key"), "--service-account-key-file=" + s.path("sa.pub"),
		"--requestheader-client-ca-file=" + s.path("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + s.path("front-proxy-client.crt"), "--proxy-client-key-file=" + s.path("front-proxy-client.key"),
	}
	if s.api, err = s.run("kube-apiserver", "kube-apiserver", s.apiArgs...); err != nil {
		return err
	}
	if s.Config, err = clientcmd.BuildConfigFromFlags("", s.Kubeconfig); err != nil {
		return err
	}
	s.Config.QPS = -1
	if s.Kube, err = kubernetes.NewForConfig(s.Config); err != nil {
		return err
	}
	if s.Dynamic, err = dynamic.NewForConfig(s.Config); err != nil {
		return err
	}
	s.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(s.Kube.Discovery()))
	return s.Ready(ctx)
}

// Ready waits until the API server is ready.
func (s *Stack) Ready(ctx context.Context) error {
	return Until(ctx, 2*time.Minute, func(ctx context.Context) error {
		return s.Kube.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// RestartAPI ends the API server and starts it again after a pause.
func (s *Stack) RestartAPI(ctx context.Context, pause time.Duration) error {
	_ = s.api.Stop(syscall.SIGKILL, 5*time.Second)
	time.Sleep(pause)
	var err error
	if s.api, err = s.run("kube-apiserver", "kube-apiserver", s.apiArgs...); err != nil {
		return err
	}
	return s.Ready(ctx)
}

// Freeze stops etcd's clock for a while, as a slow disk does.
func (s *Stack) Freeze(d time.Duration) error {
	if err := s.etcd.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(d)
	return s.etcd.Signal(syscall.SIGCONT)
}

// Drag makes etcd slow for a while: it stands still for nine tenths of the time,
// a second at a stretch.
func (s *Stack) Drag(d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := s.Freeze(900 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) startControllers(kcm, scheduler, kwok int) error {
	args := []string{"--leader-elect=false", "--bind-address=127.0.0.1", "--cert-dir=" + s.Dir}
	auth := func(name string) []string {
		k := s.path(name + ".kubeconfig")
		return append(args[:len(args):len(args)], "--kubeconfig="+k, "--authentication-kubeconfig="+k, "--authorization-kubeconfig="+k)
	}
	manage := append(auth("kcm"), fmt.Sprintf("--secure-port=%d", kcm), "--use-service-account-credentials=true",
		"--service-account-private-key-file="+s.path("sa.key"), "--root-ca-file="+s.path("ca.crt"), "--kube-api-qps=200", "--kube-api-burst=400")
	if s.HPASync > 0 {
		manage = append(manage, "--horizontal-pod-autoscaler-sync-period="+s.HPASync.String())
	}
	if _, err := s.run("kube-controller-manager", "kube-controller-manager", manage...); err != nil {
		return err
	}
	if _, err := s.run("kube-scheduler", "kube-scheduler", append(auth("sched"), fmt.Sprintf("--secure-port=%d", scheduler))...); err != nil {
		return err
	}
	stages, err := s.stages()
	if err != nil {
		return err
	}
	_, err = s.run("kwok", "kwok", "--kubeconfig="+s.Kubeconfig, "--manage-all-nodes", "--config="+stages, "--cidr=10.244.0.0/16", "--node-ip=10.10.0.1",
		"--node-port=0", fmt.Sprintf("--server-address=127.0.0.1:%d", kwok), "--node-lease-duration-seconds=40")
	return err
}

// stages joins the stages of KWOK that the tests need, with the start-up time in
// the one that makes a pod ready.
func (s *Stack) stages() (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok")
	list.Dir = filepath.Join(s.Tools, "kwok")
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find the sources of kwok: %w", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "kustomize", "stage")
	var parts []string
	for _, name := range []string{"node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease", "pod/fast/pod-ready", "pod/fast/pod-complete", "pod/fast/pod-delete"} {
		text, err := os.ReadFile(filepath.Join(root, name+".yaml"))
		if err != nil {
			return "", err
		}
		part := string(text)
		if name == "pod/fast/pod-ready" && s.Startup > 0 {
			part = strings.Replace(part, "\nspec:\n", fmt.Sprintf("\nspec:\n  delay:\n    durationMilliseconds: %d\n", s.Startup.Milliseconds()), 1)
		}
		parts = append(parts, part)
	}
	file := s.path("kwok.yaml")
	return file, os.WriteFile(file, []byte(strings.Join(parts, "\n---\n")), 0o600)
}

// node makes one node with much room.
func (s *Stack) node(ctx context.Context) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "e2e", Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}}}
	if _, err := s.Kube.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return err
	}
	return Until(ctx, time.Minute, func(ctx context.Context) error {
		n, err := s.Kube.CoreV1().Nodes().Get(ctx, "e2e", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("the node is not ready")
	})
}

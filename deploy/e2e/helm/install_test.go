package helm

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
	authv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

const (
	namespace = "forescale" // of the release
	patience  = 2 * time.Minute
)

// A cluster is one in which Helm works, with a forescale outside it: no image is run.
type cluster struct {
	*stack.Stack
	t       *testing.T
	dir     string
	binary  string
	metrics *stack.Metrics
}

func start(t *testing.T) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "forescale-helm-")
	require.NoError(t, err)
	c := &cluster{t: t, dir: dir, binary: os.Getenv("FORESCALE_BINARY")}
	if c.binary == "" {
		c.binary = filepath.Join(dir, "forescale")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", c.binary, "./cmd/forescale")
		build.Dir = filepath.Join("..", "..", "..")
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	tools, err := filepath.Abs(filepath.Join("..", "tools"))
	require.NoError(t, err)
	bin, err := exec.Command(filepath.Join(tools, "build.sh"), "--path").Output()
	require.NoError(t, err)
	c.metrics, err = stack.NewMetrics()
	require.NoError(t, err)
	c.Stack, err = stack.Start(t.Context(), stack.Options{Dir: dir, Bin: strings.TrimSpace(string(bin)), Tools: tools, K8s: os.Getenv("FORESCALE_K8S"), Startup: time.Second})
	t.Cleanup(func() {
		c.Stop()
		c.metrics.Close()
		if t.Failed() || os.Getenv("FORESCALE_KEEP") != "" {
			t.Logf("logs are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	require.NoError(t, err)
	return c
}

// helm is Helm's configuration for the cluster.
func (c *cluster) helm() *action.Configuration {
	settings := cli.New()
	settings.KubeConfig = c.Kubeconfig
	settings.SetNamespace(namespace)
	cfg := action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler))
	require.NoError(c.t, cfg.Init(settings.RESTClientGetter(), namespace, "secret"))
	return cfg
}

func (c *cluster) install(ch *chart.Chart, vals string) {
	c.t.Helper()
	install := action.NewInstall(c.helm())
	install.ReleaseName, install.Namespace, install.CreateNamespace = "forescale", namespace, true
	install.WaitStrategy, install.Timeout = kube.StatusWatcherStrategy, patience
	_, err := install.RunWithContext(c.t.Context(), ch, values(c.t, vals))
	require.NoError(c.t, err)
}

func (c *cluster) upgrade(ch *chart.Chart, vals string) {
	c.t.Helper()
	upgrade := action.NewUpgrade(c.helm())
	upgrade.Namespace = namespace
	upgrade.WaitStrategy, upgrade.Timeout = kube.StatusWatcherStrategy, patience
	_, err := upgrade.RunWithContext(c.t.Context(), "forescale", ch, values(c.t, vals))
	require.NoError(c.t, err)
}

func (c *cluster) uninstall() {
	c.t.Helper()
	uninstall := action.NewUninstall(c.helm())
	uninstall.WaitStrategy, uninstall.Timeout = kube.StatusWatcherStrategy, patience
	_, err := uninstall.Run("forescale")
	require.NoError(c.t, err)
}

func (c *cluster) deployment(ns, name string) *appsv1.Deployment {
	c.t.Helper()
	d, err := c.Kube.AppsV1().Deployments(ns).Get(c.t.Context(), name, metav1.GetOptions{})
	require.NoError(c.t, err)
	return d
}

// run starts what a pod of the Deployment would: its arguments, and its account if it has
// one. What differs outside a cluster is overridden by flags behind them.
func (c *cluster) run(deployment string, flags ...string) (p *stack.Process, http string) {
	c.t.Helper()
	pod := c.deployment(namespace, deployment).Spec.Template.Spec
	if account := pod.ServiceAccountName; account != "" {
		flags = append(flags, "--kubeconfig", c.account(account), "--namespace", namespace)
	}
	port, err := stack.FreePort()
	require.NoError(c.t, err)
	http = fmt.Sprintf("127.0.0.1:%d", port)
	p, err = stack.Run(c.dir, fmt.Sprint(deployment, port), c.binary, nil, slices.Concat(pod.Containers[0].Args, flags, []string{"--http-address", http})...)
	require.NoError(c.t, err)
	c.t.Cleanup(func() {
		if !p.Exited() {
			_ = p.Stop(syscall.SIGTERM, 10*time.Second)
		}
		if c.t.Failed() {
			tail, _ := exec.Command("tail", "-n", "20", p.Log).Output()
			c.t.Logf("the end of %s:\n%s", p.Log, tail)
		}
	})
	return p, http
}

// account writes a kubeconfig of a service account.
func (c *cluster) account(name string) string {
	c.t.Helper()
	token, err := c.Kube.CoreV1().ServiceAccounts(namespace).CreateToken(c.t.Context(), name, &authv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(c.t, err)
	file := filepath.Join(c.t.TempDir(), "kubeconfig")
	require.NoError(c.t, os.WriteFile(file, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: e2e
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
clusters: [{name: e2e, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: e2e, user: {token: %q}}]
`, c.Server, filepath.Join(c.dir, "ca.crt"), token.Status.Token), 0o600))
	return file
}

func (c *cluster) eventually(ok func() bool, what string) {
	c.t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(50 * time.Millisecond) {
		require.Less(c.t, time.Since(begin), patience, what)
	}
}

func (c *cluster) floor() int32 {
	c.t.Helper()
	h, err := c.Kube.AutoscalingV2().HorizontalPodAutoscalers("shop").Get(c.t.Context(), "web", metav1.GetOptions{})
	require.NoError(c.t, err)
	return *h.Spec.MinReplicas
}

// shortNames are those of the CRD.
func (c *cluster) shortNames() []string {
	c.t.Helper()
	crd, err := c.Dynamic.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}).
		Get(c.t.Context(), "predictiveautoscalers.forescale.dev", metav1.GetOptions{})
	require.NoError(c.t, err)
	names, _, err := unstructured.NestedStringSlice(crd.Object, "spec", "names", "shortNames")
	require.NoError(c.t, err)
	return names
}

// older is the chart with a CRD of which one name differs.
func older(t *testing.T) *chart.Chart {
	t.Helper()
	ch := load(t)
	for _, f := range ch.Files {
		if f.Name == "files/crd.yaml" {
			f.Data = bytes.Replace(f.Data, []byte("    - pa\n"), []byte("    - old\n"), 1)
		}
	}
	return ch
}

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: none}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 50
  metrics: [{type: External, external: {metric: {name: none}, target: {type: AverageValue, averageValue: "10"}}}]
---
apiVersion: forescale.dev/v1alpha1
kind: PredictiveAutoscaler
metadata: {name: web, namespace: shop}
spec:
  targetRef: {name: web}
  metric: {query: demand, step: 1s, history: 10m}
  forecast: {model: naive, buffer: "1"}
  scale: {targetPerReplica: "10", leadTime: 5s}
`

// A release is installed, upgraded, and uninstalled before its floors are given back, as
// nobody should; installing it again puts that right.
func TestLifeOfARelease(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	c := start(t)
	begin := time.Now()
	c.metrics.Set("demand", func(time.Time) float64 { return 95 })
	vals := fmt.Sprintf("prometheus: {url: %q}\nkeda: {enabled: true}\n", c.metrics.URL)
	c.install(older(t), vals)
	for _, name := range []string{"forescale", "forescale-keda"} {
		require.EqualValues(t, 2, c.deployment(namespace, name).Status.ReadyReplicas, name)
	}
	require.Equal(t, []string{"old"}, c.shortNames())
	require.True(t, c.hasClusterRole())
	c.knowsFlags()
	controller, _ := c.run("forescale", "--explain-address", "localhost:0")
	require.NoError(t, c.Apply(t.Context(), shop))
	c.acts(controller)
	c.answers()
	require.NoError(t, controller.Stop(syscall.SIGTERM, time.Minute))
	require.EqualValues(t, 2, c.floor())

	// The rest of its life it may act in one namespace only, in pods that keep Pod Security.
	require.NoError(t, c.ApplyAs(t.Context(), `{apiVersion: v1, kind: Namespace, metadata: {name: forescale, labels: {pod-security.kubernetes.io/enforce: restricted}}}`, "security"))
	vals += "controller: {replicaCount: 3, podCPU: true, namespaces: [shop]}\npodAnnotations: {all: new}\n"
	c.upgrade(load(t), vals)
	require.Equal(t, []string{"pa"}, c.shortNames(), "the CRD is upgraded")
	require.EqualValues(t, 3, c.deployment(namespace, "forescale").Status.ReadyReplicas)
	require.False(t, c.hasClusterRole())
	controller, _ = c.run("forescale", "--explain-address", "localhost:0")
	c.acts(controller)

	c.uninstall()
	require.False(t, c.hasDeployments())
	_ = controller.Stop(syscall.SIGTERM, time.Minute) // who may no longer give anything back
	require.EqualValues(t, 10, c.floor(), "the floor stays, and the object with the CRD")
	c.install(load(t), vals)
	controller, _ = c.run("forescale", "--explain-address", "localhost:0")
	objects := c.Dynamic.Resource(schema.GroupVersionResource{Group: "forescale.dev", Version: "v1alpha1", Resource: "predictiveautoscalers"}).Namespace("shop")
	require.NoError(t, objects.Delete(t.Context(), "web", metav1.DeleteOptions{}))
	c.eventually(func() bool {
		_, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}, "the object is gone")
	require.EqualValues(t, 2, c.floor(), "given back")
	require.NoError(t, controller.Stop(syscall.SIGTERM, time.Minute))
	c.uninstall()
	require.False(t, c.hasDeployments())
	fmt.Printf("MEASURED the life of a release took %.1f s\n", time.Since(begin).Seconds())
}

// acts waits until the controller has raised the floor and the replicas, with all the
// rights that it asks for.
func (c *cluster) acts(controller *stack.Process) {
	c.t.Helper()
	c.eventually(func() bool { return c.floor() == 10 && *c.deployment("shop", "web").Spec.Replicas == 10 }, "the floor is raised")
	text, err := os.ReadFile(controller.Log)
	require.NoError(c.t, err)
	require.NotContains(c.t, string(text), "forbidden")
}

// knowsFlags proves that each flag that the chart can give is one of forescale.
func (c *cluster) knowsFlags() {
	c.t.Helper()
	for key, o := range render(c.t, `{fullnameOverride: other, prometheus: {httpConfigSecret: s}, controller: {readOnly: true, namespaces: [shop]}, keda: {enabled: true, tls: {secretName: s, clientCA: true}}}`) {
		args, _ := at(o, "spec.template.spec.containers.0.args").([]any)
		words := []string{}
		for _, a := range args {
			words = append(words, fmt.Sprint(a))
		}
		if len(words) > 0 {
			out, err := exec.Command(c.binary, append(words, "--help")...).CombinedOutput()
			require.NoError(c.t, err, "%s: %s", key, out)
		}
	}
}

// answers waits until the scaler of KEDA is ready.
func (c *cluster) answers() {
	c.t.Helper()
	scaler, address := c.run("forescale-keda", "--grpc-address", "localhost:0")
	c.eventually(func() bool {
		res, err := http.Get("http://" + address + "/readyz")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
	}, "the scaler is ready")
	require.NoError(c.t, scaler.Stop(syscall.SIGTERM, time.Minute))
}

func (c *cluster) hasClusterRole() bool {
	c.t.Helper()
	_, err := c.Kube.RbacV1().ClusterRoles().Get(c.t.Context(), "forescale", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		require.NoError(c.t, err)
	}
	return err == nil
}

func (c *cluster) hasDeployments() bool {
	c.t.Helper()
	list, err := c.Kube.AppsV1().Deployments(namespace).List(c.t.Context(), metav1.ListOptions{})
	require.NoError(c.t, err)
	return len(list.Items) > 0
}

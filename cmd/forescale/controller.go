package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/forescale/forescale/collector/kubemetrics"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/controller"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/telemetry"
)

// controllerConfig is what controller takes beside the settings of serve.
type controllerConfig struct {
	serveConfig

	kubeconfig    string
	namespace     string
	namespaces    []string
	limited       bool // namespaces was given
	leaseName     string
	identity      string
	leaseDuration time.Duration
	readOnly      bool
	watchPods     bool
	writeRate     float64
	qps           float64
	holdSilence   time.Duration
	explain       string // address
}

func newControllerCommand() *cobra.Command {
	var (
		c    controllerConfig
		file string
	)
	cmd := &cobra.Command{
		Use:   "controller",
		Short: "Raise the floor of HPAs ahead of the load",
		Long: `controller acts on the PredictiveAutoscaler objects of a cluster: it raises
minReplicas of the HPA that an object names (or minReplicaCount of a ScaledObject)
before the load arrives, and gives it back when the forecast no longer needs it,
when the object is paused or deleted, and when forescale stops.

Several replicas may run: one acts, elected by a Lease; the others collect and
forecast too, and take over within the lease.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.GRPC.Address = ":0" // a setting of serve that is not used here
			c.limited = cmd.Flags().Changed("namespaces")
			if err := errors.Join(c.load(cmd, file), c.checkOwn()); err != nil {
				return err
			}
			return runController(cmd.Context(), &c, cmd.ErrOrStderr())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&file, "config", "", "YAML `file` with the settings that are shared with serve")
	c.bind(fs)
	for _, name := range []string{"grpc-address", "grpc-cert", "grpc-key", "grpc-client-ca", "grpc-reflection", "forget"} {
		_ = fs.MarkHidden(name) // of serve; it exists
	}
	fs.Lookup("tick").Usage = "time between two rounds in which queries and fits are started; floors are decided five times a second"
	fs.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig `file` of the cluster (default $KUBECONFIG, or the service account of the pod)")
	fs.StringVar(&c.namespace, "namespace", podNamespace(), "namespace of the Lease object")
	fs.StringSliceVar(&c.namespaces, "namespaces", nil, "act only in these namespaces, for which a Role in each is enough (default all). Of the controllers that share a --lease only one acts: give those for other namespaces another")
	fs.StringVar(&c.leaseName, "lease", "forescale", "name of the Lease object")
	fs.StringVar(&c.identity, "identity", hostName(), "name of this replica in the Lease; an underscore and a random suffix are added at each start")
	durationVar(fs, (*api.Duration)(&c.leaseDuration), "lease-duration", api.Duration(15*time.Second), "how long after the last renewal of the Lease another replica takes it, and the floors with it")
	fs.BoolVar(&c.readOnly, "read-only", false, "decide and report; write to an autoscaler only to give back the floor of a deleted object")
	fs.BoolVar(&c.watchPods, "watch-pods", true, "measure start-up times on the pods")
	fs.Float64Var(&c.writeRate, "write-rate", 100, "maximum number of writes to autoscalers per second; raises go first")
	fs.Float64Var(&c.qps, "kube-api-qps", 200, "maximum number of other requests to the API server per second")
	fs.StringVar(&c.explain, "explain-address", "", "answer forescale explain on this address, without encryption, such as localhost:9443 (default not at all)")
	durationVar(fs, (*api.Duration)(&c.holdSilence), "hold-silence", api.Duration(10*time.Minute), "how long a floor is held without data; after that it comes down by a tenth a minute")
	return cmd
}

// checkOwn returns every fault of what serve does not have.
func (c *controllerConfig) checkOwn() error {
	return faultsOf([]rule{
		{c.namespace != "", "namespace", c.namespace, "want the namespace of the Lease"},
		{(!c.limited || len(c.namespaces) > 0) && !slices.Contains(c.namespaces, ""), "namespaces", strings.Join(c.namespaces, ","), "want names with commas between them: an empty one would be all namespaces"},
		{c.leaseName != "", "lease", c.leaseName, "want the name of the Lease"},
		{c.identity != "", "identity", c.identity, "want a name for this replica"},
		{c.leaseDuration >= shortestLease, "lease-duration", c.leaseDuration.String(), "want 3s or more: it is renewed several times within"},
		{c.writeRate > 0 && c.writeRate <= 1e5, "write-rate", floatText(c.writeRate), "want a number above 0 and up to 100000"},
		{c.qps > 0 && c.qps <= 1e5, "kube-api-qps", floatText(c.qps), "want a number above 0 and up to 100000"},
		{c.holdSilence > 0, "hold-silence", c.holdSilence.String(), "want a duration above 0"},
		{c.explain == "" || isAddress(c.explain), "explain-address", c.explain, "want host:port or :port, such as localhost:9443"},
	})
}

// shortestLease leaves a holder that renews it some tries before another may take it.
const shortestLease = 3 * time.Second

// uniqueOf returns a name that no other process has. Two that bear one name, such as two pods
// on the network of one node, would both take a Lease under that name for their own, and act.
func uniqueOf(name string) string { return name + "_" + strings.ToLower(rand.Text()[:8]) }

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "forescale"
	}
	return name
}

// podNamespace is the namespace of the pod that this runs in.
func podNamespace() string {
	const file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	text, _ := os.ReadFile(file) // outside a pod there is none
	return cmp.Or(strings.TrimSpace(string(text)), "default")
}

// clusterConfig finds the cluster as kubectl does, or as a pod.
func clusterConfig(file string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	switch {
	case err == nil:
		return config, nil
	case clientcmd.IsEmptyConfig(err):
		return nil, errors.New("no cluster: give --kubeconfig, set $KUBECONFIG to a file that exists, or run in a pod with a service account")
	case file == "":
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	return nil, fmt.Errorf("--kubeconfig: %w", err)
}

// runController runs until ctx ends, and then hands its floors over, or gives them back;
// or until a part fails, which it returns.
func runController(ctx context.Context, c *controllerConfig, out io.Writer) error {
	log := c.logger(out)
	ctrl.SetLogger(logr.FromSlogHandler(quietStop{log.Handler()}))
	version, commit := buildVersion()
	c.identity = uniqueOf(c.identity)
	log.Info("forescale controller starts", "version", version, "commit", commit, "prometheus", c.server(), "identity", c.identity)
	limitMemory()
	source, store, err := newStore(c.serveConfig, -1, log)
	if err != nil {
		return err
	}
	defer source.Close()
	config, err := clusterConfig(c.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = float32(c.qps), int(2*c.qps)
	mgr, err := newManager(config, c)
	if err != nil {
		return err
	}
	cpu, err := kubemetrics.New(config)
	if err != nil {
		return err
	}
	acting, err := controller.New(config, controller.Options{
		Store: store, Identity: c.identity, Lease: types.NamespacedName{Namespace: c.namespace, Name: c.leaseName},
		ReadOnly: c.readOnly, WriteRate: c.writeRate, WatchPods: c.watchPods,
		HoldSilence: c.holdSilence, CPU: cpu, Log: log,
	})
	if err != nil {
		return err
	}
	if err := acting.Setup(ctx, mgr); err != nil {
		return err
	}
	return finished(ctx, c.runParts(ctx, store, mgr, acting), acting.Finish)
}

// finished ends a run whose parts have ended with err. One that was told to stop finishes,
// even if a part did not stop in good order. One that a part has ended, as where the Lease is
// lost, leaves its floors as they are to whoever leads next.
func finished(ctx context.Context, err error, finish func(context.Context) error) error {
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 45*time.Second)
	defer cancel()
	return errors.Join(err, finish(end))
}

// runParts runs the store, the manager and the HTTP server until one ends.
func (c *controllerConfig) runParts(ctx context.Context, store *live.Store, mgr manager.Manager, acting *controller.Controller) error {
	registry := prometheus.NewRegistry()
	if _, err := telemetry.NewWorkloads(registry, store, time.Now); err != nil {
		return err
	}
	if _, err := telemetry.NewObjects(registry, acting); err != nil {
		return err
	}
	listener, questions, err := c.listen(ctx)
	if err != nil {
		return err
	}
	// controller-runtime's registry has the process, its queues and its requests
	// to the API server.
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return store.Run(ctx) })
	group.Go(func() error {
		return serveHTTP(ctx, listener, readyWhen(acting.NotReady, handler(c.serveConfig, prometheus.Gatherers{registry, metrics.Registry})))
	})
	if questions != nil {
		group.Go(func() error { return serveExplain(ctx, questions, store) })
	}
	group.Go(func() error {
		if err := startManager(ctx, mgr.Start, stopManager+2*time.Second); err != nil {
			return err
		}
		return context.Canceled // the other parts end with the manager
	})
	return group.Wait()
}

// stopManager is how long the parts of the manager have to end.
const stopManager = 10 * time.Second

// startManager runs a manager by its start until it ends, or for patience after ctx has
// ended: controller-runtime 0.25 never returns where a cache has not been filled yet, for
// want of a right say, and takes all of a processor until it is killed.
func startManager(ctx context.Context, start func(context.Context) error, patience time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- start(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return nil // the process ends, and what hangs with it
	}
}

// listen opens the listeners of the HTTP server and of explain, which is nil without an
// address for it; both or none.
func (c *controllerConfig) listen(ctx context.Context) (web, questions net.Listener, err error) {
	var listen net.ListenConfig
	if web, err = listen.Listen(ctx, "tcp", c.HTTP.Address); err != nil {
		return nil, nil, fmt.Errorf("--http-address: %w", err)
	}
	if c.explain == "" {
		return web, nil, nil
	}
	if questions, err = listen.Listen(ctx, "tcp", c.explain); err != nil {
		_ = web.Close()
		return nil, nil, fmt.Errorf("--explain-address: %w", err)
	}
	return web, questions, nil
}

// readyWhen answers /readyz with 503 and what is missing until nothing is, and
// leaves the other paths to next.
func readyWhen(cold func() string, next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if missing := cold(); missing != "" {
			http.Error(w, "warming up: "+missing, http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
	return mux
}

// retryOf returns the time between two looks at a Lease of the given duration. A standby looks
// up to 2.2 times as late, and must still be within [controller.Options.HandOver], or the
// replica that stops would give its floors back.
func retryOf(lease time.Duration) time.Duration { return min(lease/8, 2*time.Second) }

func newManager(config *rest.Config, c *controllerConfig) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := controller.AddToScheme(scheme); err != nil {
		return nil, err
	}
	renew, retry := c.leaseDuration*2/3, retryOf(c.leaseDuration)
	stop := stopManager
	leases, err := coordination.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: c.leaseName}, Client: leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.identity},
	}
	var within map[string]cache.Config // nil = all namespaces
	for _, name := range c.namespaces {
		if within == nil {
			within = map[string]cache.Config{}
		}
		within[name] = cache.Config{}
	}
	mgr, err := ctrl.NewManager(config, manager.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"}, // ours are on the http address
		Cache: cache.Options{
			DefaultNamespaces: within,
			ByObject:          map[client.Object]cache.ByObject{&corev1.Pod{}: {Transform: controller.SlimPod}},
		},
		Client:         client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		LeaderElection: true, LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel: true, LeaseDuration: &c.leaseDuration, RenewDeadline: &renew, RetryPeriod: &retry,
		GracefulShutdownTimeout: &stop,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return mgr, nil
}

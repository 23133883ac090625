package controller

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

const (
	// finalizer keeps a deleted object until its floor has been given back.
	finalizer = "forescale.dev/release"

	// byTarget is the index of objects by kind and name of their target.
	byTarget = "target"

	// metricName is what the live store calls the demand of an object.
	metricName = "floor"
)

// A Controller acts on PredictiveAutoscaler objects. Make it with New, hand it to
// a manager with Setup, and call Finish when the manager has stopped.
type Controller struct {
	opts     Options
	log      *slog.Logger
	client   client.Client
	events   events.EventRecorder
	writer   *hpa.Writer
	queue    *writeQueue
	leads    atomic.Bool
	notReady atomic.Pointer[string] // what this replica waits for before it is ready; nil = nothing is known yet

	scaledObjects atomic.Bool             // the cluster has KEDA, and its ScaledObjects are watched
	passedOver    chan event.GenericEvent // objects to reconcile anew after the election

	mu      sync.RWMutex // guards targets, not their insides
	targets map[types.NamespacedName]*target
}

// New returns a controller that acts through config. It returns an error if no client can be
// made of that.
func New(config *rest.Config, opts Options) (*Controller, error) {
	opts = opts.withDefaults()
	own := rest.CopyConfig(config)
	own.QPS = -1 // no limit: the write queue has one, and knows which writes are urgent
	dyn, err := dynamic.NewForConfig(own)
	if err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	return &Controller{
		opts: opts, log: opts.Log, queue: newWriteQueue(opts.WriteRate),
		writer:  &hpa.Writer{Client: dyn, Holder: opts.Identity, Lease: opts.Lease.String()},
		targets: map[types.NamespacedName]*target{}, passedOver: make(chan event.GenericEvent),
	}, nil
}

// Setup registers the controller's parts with mgr.
func (c *Controller) Setup(ctx context.Context, mgr manager.Manager) error {
	c.client = mgr.GetClient()
	c.events = mgr.GetEventRecorder("forescale")
	c.writer.Mapper = mgr.GetRESTMapper()
	if err := awaitKind(ctx, c.writer.Mapper); err != nil {
		return err
	}
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.PredictiveAutoscaler{}, byTarget, func(o client.Object) []string {
		if pa, ok := o.(*v1alpha1.PredictiveAutoscaler); ok {
			return []string{pa.Spec.TargetRef.String()}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("controller: index: %w", err)
	}
	warm := false // a standby reconciles too, and writes nothing
	build := ctrl.NewControllerManagedBy(mgr).For(&v1alpha1.PredictiveAutoscaler{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Named("predictiveautoscaler").
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Workers, NeedLeaderElection: &warm})
	kind, err := hpa.KindOf(v1alpha1.KindHPA)
	if err != nil {
		return err
	}
	build = build.Watches(objectOf(kind), handler.EnqueueRequestsFromMapFunc(c.objectsOf(v1alpha1.KindHPA)))
	if c.opts.WatchPods {
		build = build.Watches(&corev1.Pod{}, c.watchPods())
	}
	build = build.WatchesRawSource(source.Channel(c.passedOver, &handler.EnqueueRequestForObject{}))
	built, err := build.Build(c)
	if err != nil {
		return fmt.Errorf("controller: %w", err)
	}
	await, err := c.watchKEDA(built, mgr.GetCache())
	if err != nil {
		return err
	}
	return c.addLoops(mgr, await)
}

// addLoops registers the parts that run beside Reconcile. await is nil or one more of them.
func (c *Controller) addLoops(mgr manager.Manager, await func(context.Context) error) error {
	loops := []func(context.Context) error{
		c.tick, c.report,
		func(ctx context.Context) error { return c.lead(ctx, mgr.Elected()) },
		func(ctx context.Context) error { return c.warmUp(ctx, mgr.GetCache().WaitForCacheSync) },
	}
	if c.opts.CPU != nil {
		loops = append(loops, c.measure)
	}
	for range c.opts.Workers {
		loops = append(loops, c.work)
	}
	if await != nil {
		loops = append(loops, await)
	}
	for _, f := range loops {
		if err := mgr.Add(everywhere(f)); err != nil {
			return fmt.Errorf("controller: %w", err)
		}
	}
	return nil
}

// everywhere is a loop that runs on standbys too.
type everywhere func(context.Context) error

// Start implements manager.Runnable.
func (f everywhere) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everywhere) NeedLeaderElection() bool { return false }

var _ reconcile.Reconciler = (*Controller)(nil)

// objectsOf returns the objects that target an autoscaler of kind.
func (c *Controller) objectsOf(kind string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		var list v1alpha1.PredictiveAutoscalerList
		ref := v1alpha1.TargetRef{Kind: kind, Name: o.GetName()}
		if err := c.client.List(ctx, &list, client.InNamespace(o.GetNamespace()), client.MatchingFields{byTarget: ref.String()}); err != nil {
			c.log.Error("objects of a target not listed", "target", o.GetName(), "error", err)
			return nil
		}
		out := make([]reconcile.Request, len(list.Items))
		for i := range list.Items {
			out[i].NamespacedName = client.ObjectKeyFromObject(&list.Items[i])
		}
		return out
	}
}

func (c *Controller) all() []*target {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Values(c.targets))
}

// in returns the targets of a namespace.
func (c *Controller) in(namespace string) []*target {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*target
	for name, t := range c.targets {
		if name.Namespace == namespace {
			out = append(out, t)
		}
	}
	return out
}

func (c *Controller) find(name types.NamespacedName) *target {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.targets[name]
}

// Leads reports whether this replica acts.
func (c *Controller) Leads() bool { return c.leads.Load() }

// AddToScheme makes every type known that the controller reads and writes.
func AddToScheme(s *runtime.Scheme) error {
	if err := corev1.AddToScheme(s); err != nil {
		return err
	}
	return v1alpha1.AddToScheme(s)
}

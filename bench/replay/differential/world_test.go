package differential

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	autoscalingclient "k8s.io/client-go/kubernetes/typed/autoscaling/v2"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	autoscalinglisters "k8s.io/client-go/listers/autoscaling/v2"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

const (
	namespace  = "shop"
	name       = "web"
	syncPeriod = 15 * time.Second
)

var (
	errSource = errors.New("the source of the metric is down")
	podLabels = map[string]string{"app": name}
)

// quiet silences the logs of the controllers, and the pause that the error
// handler makes, which would move the virtual clock.
func quiet() {
	klog.SetLogger(logr.Discard())
	utilruntime.ErrorHandlers = nil //nolint:reassign // the only way to keep its pauses out
}

// A world is the API server and the metrics of one HPA, as its controller sees
// them. It implements the clients that the controller takes.
type world struct {
	metrics.MetricsClient // the methods not written below are not called

	spec, status int32
	external     map[string]int64 // milli-units per metric name; absent = the source fails
	begin        func()           // called as a reconciliation starts
	hpas         *informer
}

func (w *world) Scales(string) scale.ScaleInterface { return w }

func (w *world) Get(context.Context, schema.GroupResource, string, metav1.GetOptions) (*autoscalingv1.Scale, error) {
	w.begin()
	return &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec:       autoscalingv1.ScaleSpec{Replicas: w.spec},
		Status:     autoscalingv1.ScaleStatus{Replicas: w.status, Selector: "app=" + name},
	}, nil
}

func (w *world) Update(_ context.Context, _ schema.GroupResource, s *autoscalingv1.Scale, _ metav1.UpdateOptions) (*autoscalingv1.Scale, error) {
	w.spec = s.Spec.Replicas
	return s, nil
}

func (w *world) Patch(context.Context, schema.GroupVersionResource, string, types.PatchType, []byte, metav1.PatchOptions) (*autoscalingv1.Scale, error) {
	return nil, errors.New("the controller does not patch")
}

func (w *world) GetExternalMetric(metric, _ string, _ labels.Selector) ([]int64, time.Time, error) {
	v, ok := w.external[metric]
	if !ok {
		return nil, time.Time{}, errSource
	}
	return []int64{v}, time.Now(), nil
}

// start runs the real controller for the HPA in the bubble of the test.
func (w *world) start(t *testing.T, object *autoscalingv2.HorizontalPodAutoscaler, pods ...*corev1.Pod) {
	t.Helper()
	quiet()
	w.hpas = newInformer(t, object)
	podInformer := newInformer(t)
	for _, p := range pods {
		require.NoError(t, podInformer.store.Add(p))
	}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Group: "apps", Version: "v1"}})
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	controller := podautoscaler.NewHorizontalController(t.Context(), sink{}, w, w, mapper, w,
		hpaInformer{w.hpas}, podsInformer{podInformer},
		syncPeriod, 5*time.Minute, 0.1, 5*time.Minute, 30*time.Second)
	done := make(chan struct{})
	go func() {
		defer close(done)
		controller.Run(t.Context(), 1)
	}()
	t.Cleanup(func() { <-done })
	w.hpas.handler.OnAdd(object, true)
}

// edit changes the spec of the HPA as a user does.
func (w *world) edit(t *testing.T, change func(*autoscalingv2.HorizontalPodAutoscalerSpec)) {
	t.Helper()
	old := w.hpa()
	changed := old.DeepCopy()
	change(&changed.Spec)
	require.NoError(t, w.hpas.store.Update(changed))
	w.hpas.handler.OnUpdate(old, changed)
}

func (w *world) hpa() *autoscalingv2.HorizontalPodAutoscaler {
	object, _, _ := w.hpas.store.GetByKey(namespace + "/" + name) // a store in memory does not fail
	return object.(*autoscalingv2.HorizontalPodAutoscaler)        //nolint:forcetypeassert // nothing else is stored
}

// UpdateStatus keeps the status and nothing else, as the API server does.
func (w *world) UpdateStatus(_ context.Context, h *autoscalingv2.HorizontalPodAutoscaler, _ metav1.UpdateOptions) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	old := w.hpa()
	changed := old.DeepCopy()
	changed.Status = *h.Status.DeepCopy()
	if err := w.hpas.store.Update(changed); err != nil {
		return nil, err
	}
	w.hpas.handler.OnUpdate(old, changed)
	return changed, nil
}

// HorizontalPodAutoscalers implements the getter of the HPA's client.
func (w *world) HorizontalPodAutoscalers(string) autoscalingclient.HorizontalPodAutoscalerInterface {
	return hpaClient{world: w}
}

type hpaClient struct {
	autoscalingclient.HorizontalPodAutoscalerInterface

	world *world
}

func (c hpaClient) UpdateStatus(ctx context.Context, h *autoscalingv2.HorizontalPodAutoscaler, o metav1.UpdateOptions) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	return c.world.UpdateStatus(ctx, h, o)
}

// An informer is a store with one handler. Real informers over the fake clients
// of client-go give the same decisions and take a hundred times longer.
type informer struct {
	cache.SharedIndexInformer

	store   cache.Indexer
	handler cache.ResourceEventHandler
}

func newInformer(t *testing.T, objects ...any) *informer {
	t.Helper()
	i := &informer{store: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})}
	for _, o := range objects {
		require.NoError(t, i.store.Add(o))
	}
	return i
}

func (i *informer) HasSynced() bool { return true }

func (i *informer) AddEventHandlerWithResyncPeriod(h cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	i.handler = h
	return nil, nil //nolint:nilnil // the controller does not look at it
}

type hpaInformer struct{ *informer }

func (i hpaInformer) Informer() cache.SharedIndexInformer { return i.informer }

func (i hpaInformer) Lister() autoscalinglisters.HorizontalPodAutoscalerLister {
	return autoscalinglisters.NewHorizontalPodAutoscalerLister(i.store)
}

type podsInformer struct{ *informer }

func (i podsInformer) Informer() cache.SharedIndexInformer { return i.informer }

func (i podsInformer) Lister() corelisters.PodLister { return corelisters.NewPodLister(i.store) }

// A sink swallows events.
type sink struct{ corev1client.EventInterface }

func (s sink) Events(string) corev1client.EventInterface { return s }

func (sink) CreateWithEventNamespace(e *corev1.Event) (*corev1.Event, error) { return e, nil }

func (sink) UpdateWithEventNamespace(e *corev1.Event) (*corev1.Event, error) { return e, nil }

func (sink) PatchWithEventNamespace(e *corev1.Event, _ []byte) (*corev1.Event, error) { return e, nil }

// object returns an HPA for the target of the world.
func object(minimum, maximum int32, specs ...autoscalingv2.MetricSpec) *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &minimum,
			MaxReplicas:    maximum,
			Metrics:        specs,
		},
	}
}

// externalSpec returns an External metric; average says whether the target is
// per replica.
func externalSpec(metric string, target int64, average bool) autoscalingv2.MetricSpec {
	q := resource.NewMilliQuantity(target, resource.DecimalSI)
	goal := autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: q}
	if average {
		goal = autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: q}
	}
	return autoscalingv2.MetricSpec{
		Type:     autoscalingv2.ExternalMetricSourceType,
		External: &autoscalingv2.ExternalMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: metric}, Target: goal},
	}
}

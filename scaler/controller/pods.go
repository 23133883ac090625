package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/forescale/forescale/scaler/capacity"
	"github.com/forescale/forescale/scaler/hpa"
)

// SlimPod drops what the controller does not read of a pod, which is nearly all
// of it, before a cache keeps it.
func SlimPod(o any) (any, error) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return o, nil
	}
	slim := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
		Labels: p.Labels, CreationTimestamp: p.CreationTimestamp, DeletionTimestamp: p.DeletionTimestamp,
	}}
	if limit := cpuLimit(p); limit != nil {
		slim.Spec.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: *limit}}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady || c.Type == corev1.PodScheduled {
			slim.Status.Conditions = append(slim.Status.Conditions, corev1.PodCondition{
				Type: c.Type, Status: c.Status, Reason: c.Reason, LastTransitionTime: c.LastTransitionTime,
			})
		}
	}
	return slim, nil
}

// pods are those that one target scales, as the informer tells. The zero value
// knows of none.
type pods struct {
	of       hpa.Target      // whose they are
	selector labels.Selector // nil before it is known
	asked    time.Time       // when that was read
	seen     map[types.UID]podState
	starts   capacity.Startup

	ready         int32
	unschedulable int32
}

// podState is what one pod adds to the counts, 0 or 1 each, and what it may use.
type podState struct {
	ready, unschedulable int32
	name, template       string
	cores                float64 // of processors at most; 0 = without limit
	started              bool    // it has been ready, and its start was noted
}

// see takes a pod as it is now and reports whether its start is new.
func (p *pods) see(pod *corev1.Pod) bool {
	if p.selector == nil {
		return false
	}
	if !pod.DeletionTimestamp.IsZero() || !p.selector.Matches(labels.Set(pod.Labels)) { // such as one set apart to be looked into
		p.drop(pod)
		return false
	}
	took, ready := startOf(pod)
	s := podState{started: ready || p.seen[pod.UID].started}
	fresh := s.started && !p.seen[pod.UID].started
	switch {
	case ready:
		s.ready, s.name, s.template, s.cores = 1, pod.Name, templateOf(pod), coresOf(pod)
	case unschedulable(pod):
		s.unschedulable = 1
	}
	p.put(pod.UID, s)
	if !fresh || took > mostStart {
		return false
	}
	p.starts.Started(templateOf(pod), took)
	return true
}

// templateOf returns the hash of a pod's template: that of a ReplicaSet, of a StatefulSet, or
// of a Rollout of Argo; empty where its owner sets none.
func templateOf(pod *corev1.Pod) string {
	return cmp.Or(pod.Labels["pod-template-hash"], pod.Labels["controller-revision-hash"], pod.Labels["rollouts-pod-template-hash"])
}

// mostStart is the longest time from the creation of a pod to its readiness that is taken
// for a start. If it is longer, the pod became ready again, after its node was away or a
// container restarted, before this process first saw it. A tenth of the pods like that would
// make the lead time of all a quarter of an hour.
const mostStart = time.Hour

// drop forgets a pod that is gone or going.
func (p *pods) drop(pod *corev1.Pod) {
	p.put(pod.UID, podState{})
	delete(p.seen, pod.UID)
}

func (p *pods) put(uid types.UID, s podState) {
	was := p.seen[uid]
	p.ready += s.ready - was.ready
	p.unschedulable += s.unschedulable - was.unschedulable
	if p.seen != nil {
		p.seen[uid] = s
	}
}

// watchPods notes what becomes of the pods of targets. It asks for no reconcile:
// counts and start-up times are of interest to the tick alone.
func (c *Controller) watchPods() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, _ queue) { c.eachOf(e.Object, c.seePod) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, _ queue) { c.eachOf(e.ObjectNew, c.seePod) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ queue) {
			c.eachOf(e.Object, func(t *target, pod *corev1.Pod) { t.pods.drop(pod) })
		},
	}
}

// eachOf calls f, under its lock, for each target in the namespace of a pod.
func (c *Controller) eachOf(o client.Object, f func(*target, *corev1.Pod)) {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	for _, t := range c.in(pod.Namespace) {
		t.mu.Lock()
		f(t, pod)
		t.mu.Unlock()
	}
}

// seePod notes a pod with a target whose lock is held.
func (c *Controller) seePod(t *target, pod *corev1.Pod) {
	if !t.pods.see(pod) {
		return
	}
	if d, measured := t.pods.starts.Estimate(nil); measured {
		c.opts.Store.SetStartup(t.key, d)
	}
}

// selectorLasts is how long the selector of a target is taken for known while it has pods. Of
// most kinds it never changes; a custom resource may state another one at any time.
const selectorLasts = 5 * time.Minute

// learnPods finds out which pods the target of t scales, unless that is known, and counts
// those that are there already. While there are none it asks again, because the scaled
// object may have been made anew, with other labels. The starts that were seen before stay
// known: usually the same program is scaled, and another one has another template.
func (c *Controller) learnPods(ctx context.Context, t *target, view *hpa.View) {
	if view == nil || !c.opts.WatchPods {
		return
	}
	t.mu.Lock()
	now, former := c.opts.Now(), t.pods.selector
	if t.pods.of != view.Target {
		former = nil
	}
	known := former != nil && len(t.pods.seen) > 0 && now.Sub(t.pods.asked) < selectorLasts
	t.mu.Unlock()
	if known {
		return
	}
	selector, err := c.selectorOf(ctx, view)
	c.logPodsUnknown(t, err)
	if err != nil {
		return
	}
	if former != nil && former.String() == selector.String() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.pods.asked = now
		return
	}
	c.listPods(ctx, t, pods{of: view.Target, selector: selector, asked: now, seen: map[types.UID]podState{}})
}

// logPodsUnknown logs, once per cause, why the pods of a target are not known, such as a missing right
// to read the scale of a custom resource. That the scaled object does not exist yet is not logged.
func (c *Controller) logPodsUnknown(t *target, err error) {
	if apierrors.IsNotFound(err) || errors.Is(err, context.Canceled) {
		err = nil
	}
	t.mu.Lock()
	news := isNew(err, t.podsErr)
	t.podsErr = err
	t.mu.Unlock()
	if news {
		c.log.Warn("pods of a target not known: their starts are not measured", "object", t.name.String(), "error", err)
	}
}

// listPods counts the pods that next selects, which then are those of t.
func (c *Controller) listPods(ctx context.Context, t *target, next pods) {
	t.mu.Lock() // also while the cache is read: an event of a pod comes wholly before or after
	defer t.mu.Unlock()
	var list corev1.PodList
	if err := c.client.List(ctx, &list, client.InNamespace(t.name.Namespace),
		client.MatchingLabelsSelector{Selector: next.selector}, client.UnsafeDisableDeepCopy); err != nil {
		c.log.Debug("pods of a target", "object", t.name.String(), "error", err)
		return
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) }) // starts are noted as they happened
	before := t.pods
	t.pods = next
	t.pods.starts = before.starts
	for i := range list.Items {
		if uid := list.Items[i].UID; before.seen[uid].started {
			t.pods.seen[uid] = podState{started: true} // which was noted
		}
		c.seePod(t, &list.Items[i])
	}
}

// selectorOf returns which pods the target of view scales. One that selects all is an error:
// it would count every pod.
func (c *Controller) selectorOf(ctx context.Context, view *hpa.View) (labels.Selector, error) {
	text, _, err := c.writer.Selector(ctx, view)
	if err != nil {
		return nil, err
	}
	selector, err := labels.Parse(text)
	if err == nil && selector.Empty() {
		err = fmt.Errorf("controller: the scale of %s %s selects every pod", view.Target.GVK.Kind, view.Target.Name)
	}
	return selector, err
}

// startOf returns the time from creation to readiness of a pod that is ready.
func startOf(pod *corev1.Pod) (time.Duration, bool) {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			took := c.LastTransitionTime.Sub(pod.CreationTimestamp.Time)
			return max(took, time.Second/2), true // both instants are whole seconds
		}
	}
	return 0, false
}

// unschedulable reports whether the scheduler has found no node for a pod.
func unschedulable(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return true
		}
	}
	return false
}

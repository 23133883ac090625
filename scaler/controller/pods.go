package controller

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func requestFor(name types.NamespacedName) reconcile.Request {
	return reconcile.Request{NamespacedName: name}
}

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
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady || c.Type == corev1.PodScheduled {
			slim.Status.Conditions = append(slim.Status.Conditions, corev1.PodCondition{
				Type: c.Type, Status: c.Status, Reason: c.Reason, LastTransitionTime: c.LastTransitionTime,
			})
		}
	}
	return slim, nil
}

// countPod notes the start of a pod with the target that scales it. It asks for
// no reconcile: a start-up time is of interest to the store alone.
func (c *Controller) countPod(_ context.Context, o client.Object) []reconcile.Request {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return nil
	}
	took, ready := startOf(pod)
	if !ready {
		return nil
	}
	for _, t := range c.all() {
		if t.name.Namespace == pod.Namespace {
			c.started(t, pod, took)
		}
	}
	return nil
}

func (c *Controller) started(t *target, pod *corev1.Pod, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.selector == "" || t.counted[pod.UID] {
		return
	}
	selector, err := labels.Parse(t.selector)
	if err != nil || !selector.Matches(labels.Set(pod.Labels)) {
		return
	}
	if len(t.counted) > 4096 {
		clear(t.counted)
	}
	t.counted[pod.UID] = true
	t.starts.Started(pod.Labels["pod-template-hash"], took)
	if d, measured := t.starts.Estimate(nil); measured {
		c.opts.Store.SetStartup(t.key, d)
	}
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

package controller

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

// Reconcile checks one object, finds its target and hands both to the tick.
func (c *Controller) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pa := &v1alpha1.PredictiveAutoscaler{}
	if err := c.client.Get(ctx, req.NamespacedName, pa); err != nil {
		if apierrors.IsNotFound(err) {
			c.forget(req.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, err
	}
	if !pa.DeletionTimestamp.IsZero() {
		return c.finish(ctx, pa)
	}
	view, trouble := c.look(ctx, pa)
	if trouble == nil {
		trouble = c.ensure(pa)
	}
	t := c.adopt(pa)
	c.learnPods(ctx, t, view)
	t.mu.Lock()
	if t.object == nil || t.object.Generation != pa.Generation {
		if pa.Spec.Unknown != "" {
			c.log.Warn("fields that this version does not know", "object", req.String(), "fields", pa.Spec.Unknown)
		}
		t.changed = c.opts.Now()
		t.floor.Retry()
	}
	t.object, t.trouble, t.gone = pa, trouble, false
	t.see(view)
	t.mu.Unlock()
	// Last, so that a thousand objects collect and forecast before they all have finalizers. The
	// floor of an object that is deleted in between is given back by the sweep.
	if err := c.finalize(ctx, pa.DeepCopy()); err != nil {
		if apierrors.IsConflict(err) { // a status was written meanwhile
			return ctrl.Result{RequeueAfter: time.Second}, nil
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if trouble != nil {
		return ctrl.Result{RequeueAfter: time.Minute}, nil
	}
	return ctrl.Result{}, nil
}

// finalize adds the finalizer to pa, so that its deletion waits until the floor has been
// given back.
func (c *Controller) finalize(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler) error {
	if !c.leads.Load() || c.opts.ReadOnly || pa.Spec.Mode == api.Paused || !controllerutil.AddFinalizer(pa, finalizer) {
		return nil
	}
	body := fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q,"finalizers":%s}}`, pa.ResourceVersion, quoted(pa.Finalizers))
	return c.client.Patch(ctx, pa, client.RawPatch(types.MergePatchType, body))
}

// ensure hands the workload of pa to the store, which keeps the former one if the
// specification is faulty.
func (c *Controller) ensure(pa *v1alpha1.PredictiveAutoscaler) *problem {
	err := pa.Spec.Validate()
	if err == nil {
		err = c.opts.Store.Ensure(keyOf(pa), pa.Spec.Spec)
	}
	if err != nil {
		return &problem{invalidSpec, err.Error() + "; until this is corrected the last valid specification stays in force, or, after a restart of forescale, the floor is held as without data"}
	}
	return nil
}

func keyOf(pa *v1alpha1.PredictiveAutoscaler) live.Key {
	return live.Key{Namespace: pa.Namespace, Name: pa.Name, Metric: metricName}
}

// adopt returns the target of pa, made on first sight. An object that was deleted and made
// anew, unseen in between, does not inherit the status and disputes of the former one.
func (c *Controller) adopt(pa *v1alpha1.PredictiveAutoscaler) *target {
	name := client.ObjectKeyFromObject(pa)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.targets[name]
	if t == nil || t.uid != pa.UID {
		t = &target{name: name, uid: pa.UID, key: keyOf(pa), adopted: c.opts.Now(), status: *pa.Status.DeepCopy()}
		c.targets[name] = t
	}
	return t
}

func (c *Controller) forget(name types.NamespacedName) {
	c.mu.Lock()
	t := c.targets[name]
	delete(c.targets, name)
	c.mu.Unlock()
	if t != nil {
		c.opts.Store.Remove(t.key)
	}
}

// look reads the target of pa, and says why it must not be acted on. A view may
// come with a problem: then only what is held is given back.
func (c *Controller) look(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler) (*hpa.View, *problem) {
	kind, err := hpa.KindOf(pa.Spec.TargetRef.Kind)
	if err != nil {
		return nil, &problem{invalidSpec, err.Error()}
	}
	if kind.GVK.Kind == v1alpha1.KindScaledObject && !c.scaledObjects.Load() {
		return nil, &problem{"NoKEDA", "targetRef.kind is ScaledObject and the cluster has no KEDA, or forescale may not list its ScaledObjects: install KEDA, or give that right, which is noticed within a minute; or target an HPA"}
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind.GVK)
	name := types.NamespacedName{Namespace: pa.Namespace, Name: pa.Spec.TargetRef.Name}
	if err := c.client.Get(ctx, name, u); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, &problem{"TargetNotFound", fmt.Sprintf("there is no %s %s: make it, or correct spec.targetRef", kind.GVK.Kind, name)}
		}
		return nil, &problem{"TargetUnreadable", err.Error()}
	}
	view, err := hpa.Read(kind, u)
	if err != nil {
		return nil, &problem{"TargetUnreadable", err.Error()}
	}
	if view.Scaled != "" {
		return view, &problem{"OwnedByScaledObject", fmt.Sprintf(
			"KEDA owns this HPA and reverts every change of it: set targetRef to kind ScaledObject, name %s, or add a trigger of type external to it", view.Scaled)}
	}
	if rival := c.rival(ctx, pa); rival != "" {
		return nil, &problem{"TargetTaken", fmt.Sprintf("%s is acted on by PredictiveAutoscaler %s, which is older: delete one of the two", name, rival)}
	}
	if other := c.elsewhere(ctx, view); other != nil {
		return nil, other
	}
	return view, nil
}

// rival returns the name of an older object with the same target.
func (c *Controller) rival(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler) string {
	var list v1alpha1.PredictiveAutoscalerList
	err := c.client.List(ctx, &list, client.InNamespace(pa.Namespace), client.MatchingFields{byTarget: pa.Spec.TargetRef.String()})
	if err != nil {
		return ""
	}
	return pa.Elder(list.Items)
}

// releaseDeadline is how long a deleted object waits for its floor to be given back.
const releaseDeadline = time.Minute

// finish gives the floor of a deleted object back, and removes the finalizer. After the
// deadline it does so in any case; the sweep then tries to give the floor back.
func (c *Controller) finish(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler) (ctrl.Result, error) {
	busy := false
	if t := c.find(client.ObjectKeyFromObject(pa)); t != nil {
		t.mu.Lock()
		t.gone, busy = true, t.busy
		t.mu.Unlock()
	}
	if busy { // a raise under way would be done after the floor has been looked at
		return ctrl.Result{RequeueAfter: 100 * time.Millisecond}, nil
	}
	if !controllerutil.ContainsFinalizer(pa, finalizer) {
		return ctrl.Result{}, nil
	}
	if !c.leads.Load() { // the elected replica does it; should that be this one, nothing else may bring it back here
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	if err := c.giveBack(ctx, pa); err != nil {
		if waits := c.opts.Now().Sub(pa.DeletionTimestamp.Time); waits < releaseDeadline {
			retry := max(time.Second, min(waits/2, 10*time.Second)) // ever less often, so that the log line below is rare
			c.log.Warn("floor not given back yet", "object", client.ObjectKeyFromObject(pa).String(), "error", err, "retry", retry)
			return ctrl.Result{RequeueAfter: retry}, nil
		}
		c.note(pa, warning, "ReleaseFailed", "Release", fmt.Sprintf("the floor was not given back in time: %v", err))
	}
	before := pa.DeepCopy()
	controllerutil.RemoveFinalizer(pa, finalizer)
	return ctrl.Result{}, client.IgnoreNotFound(c.client.Patch(ctx, pa, client.MergeFrom(before)))
}

// giveBack releases the floor that pa holds, if it holds one.
func (c *Controller) giveBack(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler) error {
	kind, err := hpa.KindOf(pa.Spec.TargetRef.Kind)
	if err != nil {
		return nil //nolint:nilerr // a kind without a floor has nothing to give back
	}
	name := types.NamespacedName{Namespace: pa.Namespace, Name: pa.Spec.TargetRef.Name}
	return c.restore(ctx, kind, name, pa.Name)
}

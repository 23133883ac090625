package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// lead begins to act when this replica is elected, and then sweeps, now and each
// minute, for floors that no object claims.
func (c *Controller) lead(ctx context.Context, elected <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case <-elected:
	}
	c.catchUp(ctx)
	c.leads.Store(true)
	c.log.Info("elected: this replica acts", "identity", c.opts.Identity)
	defer c.leads.Store(false)
	if !c.recheck(ctx) {
		return nil
	}
	return every(ctx, sweepEvery, func() {
		if !c.opts.ReadOnly {
			c.sweep(ctx)
		}
	})
}

// catchUp reads the statuses again as the former leader has left them; this replica has read them
// when it first saw the objects. So events are not repeated, and the times in a status do not go
// back.
func (c *Controller) catchUp(ctx context.Context) {
	var list v1alpha1.PredictiveAutoscalerList
	if err := c.client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		c.log.Warn("statuses of the former leader not read", "error", err)
		return
	}
	for i := range list.Items {
		pa := &list.Items[i]
		if t := c.find(client.ObjectKeyFromObject(pa)); t != nil && t.uid == pa.UID {
			t.mu.Lock()
			t.status = *pa.Status.DeepCopy()
			t.mu.Unlock()
		}
	}
}

// recheck asks for a reconcile of every object, for the finalizers and deletions that this
// replica skipped as a standby. It uses the queue of Reconcile, which retries failures and
// handles one request at a time per object. It returns false when ctx ends.
func (c *Controller) recheck(ctx context.Context) bool {
	for _, t := range c.all() {
		pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: t.name.Namespace, Name: t.name.Name}}
		select {
		case c.passedOver <- event.GenericEvent{Object: pa}:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// sweepEvery is how long a floor without an object stands at most.
const sweepEvery = time.Minute

// sweep restores floors whose object is gone.
func (c *Controller) sweep(ctx context.Context) {
	for _, name := range []string{v1alpha1.KindHPA, v1alpha1.KindScaledObject} {
		kind, err := hpa.KindOf(name)
		if err != nil || name == v1alpha1.KindScaledObject && !c.scaledObjects.Load() {
			continue
		}
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GVK.GroupVersion().WithKind(kind.GVK.Kind + "List"))
		if err := c.client.List(ctx, list); err != nil {
			c.log.Warn("floors without an object not looked for", "kind", name, "error", err)
			continue
		}
		for i := range list.Items {
			c.sweepOne(ctx, kind, &list.Items[i])
		}
	}
}

func (c *Controller) sweepOne(ctx context.Context, kind hpa.Kind, u *unstructured.Unstructured) {
	if _, claimed := u.GetAnnotations()[hpa.Annotation]; !claimed {
		return
	}
	view, err := hpa.Read(kind, u)
	if err != nil {
		c.log.Warn("claim of a floor not read", "target", u.GetNamespace()+"/"+u.GetName(), "error", err)
		return
	}
	if view.Claim == nil {
		return
	}
	pa := &v1alpha1.PredictiveAutoscaler{}
	err = c.client.Get(ctx, types.NamespacedName{Namespace: view.Name.Namespace, Name: view.Claim.For}, pa)
	if err == nil && pa.Spec.TargetRef.String() == (v1alpha1.TargetRef{Kind: kind.GVK.Kind, Name: view.Name.Name}).String() {
		return
	}
	if err != nil && !apierrors.IsNotFound(err) || c.elsewhere(ctx, view) != nil {
		return
	}
	c.log.Info("floor without an object: giving it back", "target", view.Name.String(), "holder", view.Claim.Holder)
	if err := c.restore(ctx, kind, view.Name, view.Claim.For); err != nil {
		c.log.Warn("floor without an object not given back", "target", view.Name.String(), "error", err)
	}
}

// elsewhere returns a problem if another installation holds the floor and is alive.
func (c *Controller) elsewhere(ctx context.Context, v *hpa.View) *problem {
	if v.Claim == nil || v.Claim.Lease == "" || v.Claim.Lease == c.opts.Lease.String() {
		return nil
	}
	namespace, name, _ := strings.Cut(v.Claim.Lease, "/")
	lease, err := c.readLease(ctx, types.NamespacedName{Namespace: namespace, Name: name})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil: // unknown: do not act
		return &problem{"FloorHeldElsewhere", fmt.Sprintf("%s holds the floor under the lease %s, which cannot be read: %v", v.Claim.Holder, v.Claim.Lease, err)}
	case lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil:
		return nil
	case c.opts.Now().Sub(lease.Spec.RenewTime.Time) > time.Duration(*lease.Spec.LeaseDurationSeconds)*time.Second:
		return nil
	}
	return &problem{"FloorHeldElsewhere", fmt.Sprintf("%s holds the floor under the lease %s: two installations of forescale must not share a target", v.Claim.Holder, v.Claim.Lease)}
}

func (c *Controller) readLease(ctx context.Context, name types.NamespacedName) (*coordinationv1.Lease, error) {
	gvr := coordinationv1.SchemeGroupVersion.WithResource("leases")
	u, err := c.writer.Client.Resource(gvr).Namespace(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	lease := &coordinationv1.Lease{}
	return lease, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, lease)
}

// Finish ends the controller's work after its manager has stopped in good order:
// if another replica takes the Lease within Options.HandOver it goes on with the
// floors as they are, else every floor is given back. It returns which could not be
// given back, and why; a failure does not keep the others.
func (c *Controller) Finish(ctx context.Context) error {
	held := c.held()
	if len(held) == 0 || c.opts.ReadOnly {
		return nil
	}
	if c.taken(ctx) {
		c.log.Info("handed over", "floors", len(held))
		return nil
	}
	c.log.Info("no other replica: giving every floor back", "floors", len(held))
	var group errgroup.Group // without a context that the first failure ends
	group.SetLimit(c.opts.Workers)
	failed := make([]error, len(held))
	for i, f := range held {
		group.Go(func() error {
			failed[i] = c.restore(ctx, f.kind, f.target, f.claimant)
			return nil
		})
	}
	_ = group.Wait() // no error comes back
	return errors.Join(failed...)
}

// A heldFloor is one to give back.
type heldFloor struct {
	kind     hpa.Kind
	target   types.NamespacedName
	claimant string // name of the PredictiveAutoscaler that it is claimed for
}

// held returns the floors that this replica wrote or took over, and those that it may have
// written: a write that failed, or was under way at the end, may have succeeded on the server.
func (c *Controller) held() []heldFloor {
	var out []heldFloor
	for _, t := range c.all() {
		t.mu.Lock()
		if t.view != nil && (t.view.Claim != nil || t.failed != nil || t.busy) {
			out = append(out, heldFloor{t.view.Kind, t.view.Name, t.name.Name})
		}
		t.mu.Unlock()
	}
	return out
}

// taken waits until another replica holds the Lease, for a while.
func (c *Controller) taken(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.opts.HandOver)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if lease, err := c.readLease(ctx, c.opts.Lease); err == nil {
			if holder := lease.Spec.HolderIdentity; holder != nil && *holder != "" && *holder != c.opts.Identity {
				return true
			}
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}

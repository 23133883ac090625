package controller

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// lookForKEDA is the time between two checks whether KEDA was installed after this process
// started: one small request each.
const lookForKEDA = 30 * time.Second

// A kedaWatch begins to watch ScaledObjects once the cluster has them.
type kedaWatch struct {
	kind hpa.Kind
	by   controller.Controller
	in   cache.Cache
	done bool // they are watched
}

// watchKEDA watches ScaledObjects if the cluster has them, and else returns a loop that does
// so once it has. An API server that does not answer is an error: it tells nothing.
func (c *Controller) watchKEDA(by controller.Controller, in cache.Cache) (loop func(context.Context) error, err error) {
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	if err != nil {
		return nil, err
	}
	w := &kedaWatch{kind: kind, by: by, in: in}
	if err := c.tryKEDA(w); err != nil {
		return nil, err
	}
	if w.done { // the manager waits until all have been listed
		c.scaledObjects.Store(true)
		return nil, nil //nolint:nilnil // nothing is left to do
	}
	c.log.Info("no KEDA in this cluster: ScaledObjects cannot be targets until it is installed")
	return func(ctx context.Context) error { return c.awaitKEDA(ctx, w) }, nil
}

// tryKEDA begins to watch ScaledObjects if the cluster has them.
func (c *Controller) tryKEDA(w *kedaWatch) error {
	if found, err := c.served(w.kind); err != nil || !found {
		return err
	}
	var objects client.Object = objectOf(w.kind)
	if err := w.by.Watch(source.Kind(w.in, objects, handler.EnqueueRequestsFromMapFunc(c.objectsOf(v1alpha1.KindScaledObject)))); err != nil {
		return fmt.Errorf("controller: watch ScaledObjects: %w", err)
	}
	w.done = true
	return nil
}

// awaitKEDA tries until ScaledObjects are watched and all have been listed, because a read before
// that would block, and then asks for a reconcile of every object.
func (c *Controller) awaitKEDA(ctx context.Context, w *kedaWatch) error {
	ticker := time.NewTicker(lookForKEDA)
	defer ticker.Stop()
	var last error // such as that of an API server that restarts
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if !w.done {
			err := c.tryKEDA(w)
			if isNew(err, last) {
				c.log.Warn("not known whether KEDA was installed", "error", err)
			}
			last = err
			if !w.done {
				continue
			}
			ticker.Reset(time.Second)
		}
		if informer, err := w.in.GetInformer(ctx, objectOf(w.kind), cache.BlockUntilSynced(false)); err == nil && informer.HasSynced() {
			break
		}
	}
	c.scaledObjects.Store(true)
	c.log.Info("KEDA was installed: ScaledObjects can be targets")
	c.recheck(ctx)
	return nil
}

// served reports whether the cluster has kind. An API server that does not answer is an error, or
// it would be taken for one without KEDA.
func (c *Controller) served(kind hpa.Kind) (bool, error) {
	_, err := c.writer.Mapper.RESTMapping(kind.GVK.GroupKind(), kind.GVK.Version)
	switch {
	case meta.IsNoMatchError(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("controller: find out whether the cluster has KEDA: %w", err)
	}
	return true, nil
}

// objectOf returns an empty object of kind.
func objectOf(kind hpa.Kind) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind.GVK)
	return u
}

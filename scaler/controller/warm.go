package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/live"
)

// warmUpTimeout is how long an object that cannot be forecast, such as for lack of history, keeps
// a replica from being ready.
const warmUpTimeout = 5 * time.Minute

// warmUp watches until this replica is warm for the first time: it has seen every
// object, and forecasts each, or knows why it cannot. Later events, such as new objects
// and missing data, do not make it unready again: a replica that holds its floors is
// better than none.
func (c *Controller) warmUp(ctx context.Context, synced func(context.Context) bool) error {
	if !synced(ctx) {
		return nil // ctx has ended
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		missing := c.missing(ctx)
		c.notReady.Store(&missing)
		if missing == "" {
			c.log.Info("warm: this replica is ready")
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// NotReady returns what this replica still waits for before it is ready, for a
// readiness probe to say; empty from then on. A replica that is not ready acts all the
// same, if it is elected, on the objects that it forecasts already.
func (c *Controller) NotReady() string {
	if text := c.notReady.Load(); text != nil {
		return *text
	}
	return "the cluster has not been read yet"
}

// missing says which objects are not warm.
func (c *Controller) missing(ctx context.Context) string {
	var list v1alpha1.PredictiveAutoscalerList
	if err := c.client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return err.Error()
	}
	now, waiting := c.opts.Now(), 0
	for i := range list.Items {
		pa := &list.Items[i]
		if t := c.find(client.ObjectKeyFromObject(pa)); pa.DeletionTimestamp.IsZero() && (t == nil || !t.warm(now)) {
			waiting++
		}
	}
	if waiting == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d objects have no forecast yet", waiting, len(list.Items))
}

// warm reports whether the model of an object is fitted, or will not be soon because the object
// or its target is not in order, or its demand cannot be read.
func (t *target) warm(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.object == nil:
		return false
	case t.trouble != nil, now.Sub(t.adopted) >= warmUpTimeout:
		return true
	case t.scale.Err != nil:
		return !errors.Is(t.scale.Err, live.ErrStarting)
	}
	return t.scale.Model != "" && t.scale.Model == t.object.Spec.Default().Forecast.Model
}

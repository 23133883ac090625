package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

const (
	decideEvery = 200 * time.Millisecond

	writeTimeout = 10 * time.Second // of one write, with the reads that it takes

	// A write that failed is tried again after firstRetry, and waits twice as long each
	// time, up to lastRetry.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// tick decides every target, several times a second, and puts those that need a
// write in the queue.
func (c *Controller) tick(ctx context.Context) error {
	return every(ctx, decideEvery, func() {
		now := c.opts.Now()
		for _, t := range c.all() {
			t.mu.Lock()
			a, _ := t.decide(c.opts.Store, now, c.opts)
			waits := t.busy
			t.mu.Unlock()
			c.announceFindings(t)
			switch {
			case a == raise && waits:
				c.queue.promote(t.name)
			case a != keep && c.claimWrite(t, now):
				c.queue.push(t.name, a)
			}
		}
	})
}

// claimWrite claims the right to write for t.
func (c *Controller) claimWrite(t *target, now time.Time) bool {
	if !c.leads.Load() || c.opts.ReadOnly {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy || now.Before(t.retryAt) {
		return false
	}
	t.busy, t.decided = true, now
	return true
}

// work writes for those in the queue until ctx ends.
func (c *Controller) work(ctx context.Context) error {
	for {
		name, err := c.queue.pop(ctx)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended, which is how work ends
		}
		if t := c.find(name); t != nil {
			c.act(ctx, t)
		}
	}
}

// act decides again, because time has passed in the queue, and writes.
func (c *Controller) act(ctx context.Context, t *target) {
	t.mu.Lock()
	a, floor := t.decide(c.opts.Store, c.opts.Now(), c.opts)
	view, verdict, why := t.view, t.verdict, t.why(a)
	request := hpa.Request{Floor: floor, Original: verdict.Original, For: t.name.Name, Patient: a == raise && t.patient(floor)}
	if !c.leads.Load() {
		a = keep
	}
	t.writing = a != keep
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var (
		after *hpa.View
		claim *hpa.Claim
		err   error
	)
	switch a {
	case raise, lower:
		after, claim, err = c.writer.Raise(ctx, view, request)
	case release:
		after, err = c.writer.Release(ctx, view, verdict.Original)
	case keep:
	}
	if after != nil { // the floor is written, whatever became of the count
		c.logLate(t, err)
		err = nil
	}
	if errors.Is(err, hpa.ErrChanged) {
		after, err = c.reread(ctx, t, view)
		c.settle(t, func() {
			if err == nil { // else what was known stands: no event need come that shows it again
				t.see(after)
			}
		}, err)
		return
	}
	c.settle(t, func() {
		if after == nil {
			return
		}
		t.floor.Wrote(after, claim)
		t.see(after)
		t.lastWrite = c.opts.Now()
		if after.Floor() != view.Floor() {
			t.lastScale = t.lastWrite
			c.log.Info("floor moved", "object", t.name.String(), "target", view.Name.String(), "from", view.Floor(), "to", after.Floor(),
				"took", c.opts.Now().Sub(t.decided), "original", verdict.Base, "patient", request.Patient, "reason", why)
			c.announce(t, view, after, why)
		}
	}, err)
}

// why returns the reason word for a move of the floor: that of the decision or, if the floor
// is given back for another reason than demand, that of the condition which says so.
func (t *target) why(a action) string {
	switch {
	case a != release:
	case t.refused():
		return t.trouble.reason
	case t.view.Zero:
		return string(scaler.ScalingDisabled)
	case t.object.Spec.Default().Mode != api.Active:
		return string(t.object.Spec.Default().Mode)
	case t.view.Paused != "":
		return v1alpha1.TargetPaused
	case t.verdict.Contested:
		return v1alpha1.Contested
	}
	return string(t.scale.Decision.Reason)
}

// withheld returns the reason for which the last decision has no effect on the target; empty if it
// has one.
func (t *target) withheld() string {
	switch {
	case t.trouble != nil:
		return t.trouble.reason
	case t.view == nil:
		return ""
	case t.view.Zero:
		return string(scaler.ScalingDisabled)
	case t.view.Unable.Reason != "":
		return t.view.Unable.Reason
	case t.view.Paused != "":
		return v1alpha1.TargetPaused
	}
	return ""
}

// logLate logs, once for consecutive failures of one cause, that only the floor could be raised
// and not the count: the autoscaler raises that at its next sync, within 15 s. A nil err means
// that the count was raised too.
func (c *Controller) logLate(t *target, err error) {
	t.mu.Lock()
	news := isNew(err, t.lateErr)
	t.lateErr = err
	t.mu.Unlock()
	if news {
		c.log.Warn("floor raised, but not the replicas: the autoscaler does that at its next sync", "object", t.name.String(), "error", err)
	}
}

// reread reads the target anew after somebody else has written it; nil if it is gone.
func (c *Controller) reread(ctx context.Context, t *target, old *hpa.View) (*hpa.View, error) {
	view, err := c.writer.Get(ctx, old.Kind, old.Name)
	if apierrors.IsNotFound(err) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.trouble = &problem{"TargetNotFound", fmt.Sprintf("%s is gone", old.Name)}
		return nil, nil //nolint:nilnil // no object is the new state
	}
	return view, err
}

// settle ends a write: done runs under the lock, and a failure waits.
func (c *Controller) settle(t *target, done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy, t.writing = false, false
	done()
	if err == nil {
		t.failed, t.failures, t.retryAt = nil, 0, time.Time{}
		return
	}
	wait := min(lastRetry, firstRetry<<min(t.failures, 6))
	t.failures++
	t.retryAt = c.opts.Now().Add(wait)
	if isNew(err, t.failed) {
		c.log.Warn("floor not written", "object", t.name.String(), "error", err, "retry", wait)
	}
	t.failed = err
}

// restore gives back the floor of one object, whoever held it, if it is claimed
// for the PredictiveAutoscaler of that name.
func (c *Controller) restore(ctx context.Context, kind hpa.Kind, name types.NamespacedName, claimant string) error {
	for range 5 {
		view, err := c.writer.Get(ctx, kind, name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("controller: read %s: %w", name, err)
		}
		if view.Claim == nil || view.Claim.For != claimant {
			return nil
		}
		var afresh hpa.Floor // a value that its user has stated since is what to leave
		_, err = c.writer.Release(ctx, view, afresh.Judge(view, c.opts.Now()).Original)
		if err == nil {
			c.log.Info("floor given back", "target", name.String(), "from", view.Floor())
			return nil
		}
		if !errors.Is(err, hpa.ErrChanged) {
			return err
		}
	}
	return fmt.Errorf("controller: %s: %w", name, hpa.ErrChanged)
}

func quoted(list []string) string {
	text, err := json.Marshal(list)
	if err != nil {
		return "[]"
	}
	return string(text)
}

// announce writes the events of a floor that moved, and why it did.
func (c *Controller) announce(t *target, before, after *hpa.View, why string) {
	if !t.worthAnEvent(before, after) {
		return
	}
	if after.Floor() > before.Floor() {
		c.note(t.object, normal, "FloorRaised", "Raise", fmt.Sprintf("floor of %s raised from %d to %d: %s",
			before.Name.Name, before.Floor(), after.Floor(), t.cause()))
		return
	}
	c.note(t.object, normal, "FloorReleased", "Release", fmt.Sprintf("floor of %s given back, %s: %d", before.Name.Name, why, after.Floor()))
}

// cause says what made the count that the last decision asks for: demand, and the last rule that
// moved the count from there.
func (t *target) cause() string {
	d := &t.scale.Decision
	text := "demand is unknown"
	if d.Asked >= 0 {
		text = fmt.Sprintf("demand asks for %d within %s", d.Asked, api.Duration(t.scale.LeadTime.Round(time.Second)))
	}
	if len(d.Trail()) > 0 && d.Replicas != d.Asked {
		text += fmt.Sprintf(", %s makes it %d", d.Reason, d.Replicas)
	}
	return text
}

// worthAnEvent reports whether a floor that moved is worth an event: when it leaves
// what its owner set, when it has risen by far since the last one, and when it is
// back.
func (t *target) worthAnEvent(before, after *hpa.View) bool {
	if after.Floor() <= before.Floor() {
		return after.Claim == nil
	}
	if before.Claim != nil && !far(after.Floor(), t.announced) {
		return false
	}
	t.announced = after.Floor()
	return true
}

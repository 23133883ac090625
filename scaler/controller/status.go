package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// maxLag is how long a status may lag behind counts that moved by little: rare
// enough for the API server. Somebody who has just made or changed an object looks
// at it, so the status lags by no more than a third of the time since then.
const maxLag = time.Hour

// messageLag is how long the message of a condition may lag behind its cause. Usually one cause has
// one text, but an error of a server may hold another number each time.
const messageLag = time.Minute

// report writes the status of each object where it changed.
func (c *Controller) report(ctx context.Context) error {
	return every(ctx, time.Second, func() {
		if c.leads.Load() {
			c.forEach(c.opts.Workers, func(t *target) { c.reportOne(ctx, t) })
		}
	})
}

func (c *Controller) reportOne(ctx context.Context, t *target) {
	now := c.opts.Now()
	t.mu.Lock()
	next, worth := t.nextStatus(now, c.opts)
	if !worth || ctx.Err() != nil {
		t.mu.Unlock()
		return
	}
	t.written = now
	pa := t.object.DeepCopy()
	t.mu.Unlock()
	body, err := statusPatch(&next)
	if err == nil {
		err = c.client.Status().Patch(ctx, pa, client.RawPatch(types.MergePatchType, body))
	}
	err = client.IgnoreNotFound(err)
	t.mu.Lock()
	news := isNew(err, t.statusErr)
	t.statusErr = err
	before := t.status.Conditions
	if err == nil {
		t.status = next
	}
	t.mu.Unlock()
	if err == nil {
		c.announceChanges(pa, before, next.Conditions)
	}
	if news {
		c.log.Warn("status not written", "object", t.name.String(), "error", err)
	}
}

// nextStatus makes the status of now and reports whether it is worth a write.
func (t *target) nextStatus(now time.Time, o Options) (v1alpha1.Status, bool) {
	if t.object == nil || t.gone || now.Sub(t.written) < o.StatusEvery {
		return v1alpha1.Status{}, false
	}
	if t.trouble == nil && t.scale.Model == "" && now.Sub(t.adopted) < o.StatusEvery { // in a moment there will be a model to report
		return v1alpha1.Status{}, false
	}
	next := t.describe(now, o.ReadOnly)
	worth := t.news(&next, now)
	return next, worth
}

// news reports whether next is worth a write at now: at once where it differs from what was
// written last, with patience where a message or a count has moved by little.
func (t *target) news(next *v1alpha1.Status, now time.Time) bool {
	last, since := &t.status, now.Sub(t.written)
	moved := last.Floor != next.Floor || last.CurrentReplicas != next.CurrentReplicas || far(last.DesiredReplicas, next.DesiredReplicas)
	return differs(last, next) ||
		retold(last, next) && since >= messageLag ||
		moved && since >= min(now.Sub(t.changed)/3, maxLag)
}

// statusPatch is a merge patch that makes the status s, whatever it was: fields
// that s leaves out are removed.
func statusPatch(s *v1alpha1.Status) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{"originalMinReplicas": nil, "reason": nil, "trail": nil, "observed": nil, "predicted": nil, "leadTime": nil, "model": nil}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"status": fields})
}

// differs reports whether something changed that an operator would want to know
// at once: a condition, whether the floor is held, or a count or the lead time by far.
// Smaller changes are written along with the next such change.
func differs(a, b *v1alpha1.Status) bool {
	if a.ObservedGeneration != b.ObservedGeneration || a.Model != b.Model || !equality.Semantic.DeepEqual(a.OriginalMinReplicas, b.OriginalMinReplicas) {
		return true
	}
	if far(a.Floor, b.Floor) || far(a.CurrentReplicas, b.CurrentReplicas) || a.DesiredReplicas < 0 != (b.DesiredReplicas < 0) || far(seconds(a.LeadTime), seconds(b.LeadTime)) {
		return true
	}
	return !slices.EqualFunc(a.Conditions, b.Conditions, func(x, y metav1.Condition) bool {
		return x.Type == y.Type && x.Status == y.Status && x.Reason == y.Reason && x.ObservedGeneration == y.ObservedGeneration
	})
}

// retold reports whether a condition that a and b share has another message, which means another
// cause. The message of Trusted does not count, because the figure in it moves all the time.
func retold(a, b *v1alpha1.Status) bool {
	return !slices.EqualFunc(a.Conditions, b.Conditions, func(x, y metav1.Condition) bool {
		return x.Message == y.Message || x.Type == v1alpha1.Trusted
	})
}

// far reports whether two counts differ by two and by a fifth at least, or by
// being known at all.
func far(a, b int32) bool {
	x, y := int64(a), int64(b) // counts may be as large as they can
	gap := max(x-y, y-x)
	return gap >= 2 && 5*gap >= max(x, y) || (a < 0) != (b < 0)
}

// seconds reads a duration of a status; 0 if there is none.
func seconds(text string) int32 {
	d, err := api.ParseDuration(text)
	if err != nil {
		return 0
	}
	return int32(d.Std() / time.Second) //nolint:gosec // a lead time is below an hour
}

// describe makes the status of now.
func (t *target) describe(now time.Time, readOnly bool) v1alpha1.Status {
	s := v1alpha1.Status{ObservedGeneration: t.object.Generation, DesiredReplicas: -1}
	s.Conditions = slices.Clone(t.status.Conditions)
	if t.view != nil {
		s.CurrentReplicas, s.Floor = t.current(), t.verdict.InForce
		if t.verdict.Held {
			s.OriginalMinReplicas = t.verdict.Original
		}
	}
	if t.scale.LeadTime > 0 {
		d := &t.scale.Decision
		s.DesiredReplicas, s.Reason = d.Asked, string(d.Reason)
		for _, step := range d.Trail() {
			s.Trail = append(s.Trail, v1alpha1.TrailStep{Rule: string(step.Rule), Replicas: step.Replicas})
		}
		s.Observed, s.Predicted = figure(t.scale.Demand.Observed), figure(t.scale.Demand.Predicted)
		s.LeadTime, s.Model = api.Duration(t.scale.LeadTime.Round(time.Second)).String(), t.scale.Model
	}
	if why := t.withheld(); why != "" {
		s.Reason = why
	}
	if !t.lastScale.IsZero() {
		at := metav1.NewTime(t.lastScale)
		s.LastScaleTime = &at
	} else {
		s.LastScaleTime = t.status.LastScaleTime
	}
	for _, f := range []func(bool) metav1.Condition{t.ready, t.forecasting, t.trusted, t.acting, t.contested} {
		cond := f(readOnly)
		cond.ObservedGeneration, cond.LastTransitionTime = t.object.Generation, metav1.NewTime(now)
		meta.SetStatusCondition(&s.Conditions, cond)
	}
	return s
}

// current returns how many replicas there are, as the status of the target says; a ScaledObject
// does not say, so for one these are the ready pods.
func (t *target) current() int32 {
	if t.view.Kind.GVK.Kind == v1alpha1.KindScaledObject && t.pods.selector != nil {
		return t.pods.ready
	}
	return t.view.Current
}

func figure(v float64) string {
	if math.IsNaN(v) {
		return "unknown"
	}
	return api.Figure(v, 4)
}

func yes(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func no(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

func (t *target) ready(bool) metav1.Condition {
	switch {
	case t.trouble != nil:
		return no(v1alpha1.Ready, t.trouble.reason, t.trouble.message)
	case t.view == nil:
		return no(v1alpha1.Ready, "TargetNotFound", "the target has not been read yet")
	case t.view.Zero:
		return no(v1alpha1.Ready, string(scaler.ScalingDisabled), "the target is scaled to zero, where a floor has no effect: scale it to one or more")
	case t.view.Unable.Reason != "":
		return no(v1alpha1.Ready, t.view.Unable.Reason, t.view.Unable.Message+": "+t.view.Unable.Remedy())
	}
	if unknown := t.object.Spec.Unknown; unknown != "" {
		return yes(v1alpha1.Ready, "FieldsUnknown", "in order, but for fields that this version of forescale, which is older than the CRD, does not know and ignores: "+unknown)
	}
	return yes(v1alpha1.Ready, "Valid", "the object and its target are in order")
}

func (t *target) forecasting(bool) metav1.Condition {
	switch {
	case t.scale.Err != nil:
		return no(v1alpha1.Forecasting, string(scaler.NoData), t.scale.Err.Error())
	case t.scale.LeadTime == 0:
		return no(v1alpha1.Forecasting, "Starting", "no decision has been made yet")
	case math.IsNaN(t.scale.Demand.Predicted) && t.scale.HistoryErr != nil: // it does not pass by itself
		return no(v1alpha1.Forecasting, "HistoryUnreadable", "observed demand alone decides: "+t.scale.HistoryErr.Error())
	case math.IsNaN(t.scale.Demand.Predicted) && t.scale.FitErr != nil:
		return no(v1alpha1.Forecasting, "NoForecast", "no model is fitted yet, observed demand alone decides: "+t.scale.FitErr.Error())
	case math.IsNaN(t.scale.Demand.Predicted):
		return no(v1alpha1.Forecasting, "NoForecast", "no model is fitted yet: observed demand alone decides")
	}
	return yes(v1alpha1.Forecasting, "ModelFitted", "model "+t.scale.Model+" forecasts")
}

// trusted says how good the forecast has been on this very workload: it acts until
// it has lost to a rule without a model, but it is not called trusted before it
// was scored.
func (t *target) trusted(bool) metav1.Condition {
	skill := figure(t.scale.Skill)
	switch {
	case t.scale.LeadTime == 0 || t.scale.Model == "" || t.scale.Trusted && math.IsNaN(t.scale.Skill):
		c := no(v1alpha1.Trusted, "NotScored", "too few forecasts have come due to score it on this workload")
		c.Status = metav1.ConditionUnknown
		return c
	case !t.scale.Trusted:
		return no(v1alpha1.Trusted, "WorseThanReactive",
			"its loss is "+skill+" times that of the last value: the last value with its usual growth stands in until the forecast is the better one again")
	}
	return yes(v1alpha1.Trusted, "Earned", "its loss is "+skill+" times that of the last value")
}

func (t *target) acting(readOnly bool) metav1.Condition {
	mode := t.object.Spec.Default().Mode
	switch {
	case t.refused() || t.view == nil || t.view.Zero || t.view.Unable.Reason != "":
		return no(v1alpha1.Acting, "NotReady", "see condition Ready")
	case readOnly:
		return no(v1alpha1.Acting, "ReadOnly", "forescale runs with --read-only")
	case mode != api.Active:
		return no(v1alpha1.Acting, string(mode), "spec.mode is "+string(mode))
	case t.view.Paused != "":
		return no(v1alpha1.Acting, v1alpha1.TargetPaused, fmt.Sprintf(
			"annotation %s pauses %s %s, and with it forescale: remove it when they shall scale again", t.view.Paused, t.view.Kind.GVK.Kind, t.view.Name.Name))
	case t.verdict.Contested:
		return no(v1alpha1.Acting, v1alpha1.Contested, "see condition Contested")
	case t.failed != nil:
		return no(v1alpha1.Acting, "WriteFailed", t.failed.Error())
	case t.unseen:
		return no(v1alpha1.Acting, floorUnseen, fmt.Sprintf(
			"the HPA controller has not taken up minReplicas %d within %s: kubectl describe hpa %s, and the log of kube-controller-manager, say why",
			t.verdict.InForce, api.Duration(confirmWithin), t.view.Name.Name))
	}
	return t.holding()
}

// holding is how an object that may act does.
func (t *target) holding() metav1.Condition {
	switch {
	case t.scale.Err == nil && t.scale.LeadTime > 0 && t.scale.Target <= 0:
		return no(v1alpha1.Acting, "CapacityUnknown",
			"no rate per replica has been seen to keep scale.latencyObjective yet, and scale.targetPerReplica is not given: learning takes metric.latencyQuery and some minutes of load")
	case t.pods.unschedulable > 0:
		return yes(v1alpha1.Acting, unschedulableReason, fmt.Sprintf(
			"%d of the target's pods cannot be scheduled, %d are ready: add nodes to the cluster, or lower maxReplicas", t.pods.unschedulable, t.pods.ready))
	case t.verdict.Held && t.verdict.InForce > t.verdict.Base:
		return yes(v1alpha1.Acting, "FloorHeld", "the floor is raised and will be given back")
	case t.scale.Err != nil:
		return yes(v1alpha1.Acting, "FloorFree", "demand is unknown, which raises no floor: see condition Forecasting")
	}
	return yes(v1alpha1.Acting, "FloorFree", "demand needs no more than minReplicas")
}

func (t *target) contested(bool) metav1.Condition {
	if !t.verdict.Contested {
		return no(v1alpha1.Contested, "Uncontested", "nobody else moves the floor")
	}
	if t.verdict.Manager == "" {
		return yes(v1alpha1.Contested, "Reverted", fmt.Sprintf(
			"an admission webhook or policy changes the floor that forescale writes: set scale.maxReplicas of this object to the bound of that policy; forescale does not write again before %s, unless this object is changed",
			t.verdict.Until.UTC().Format(time.RFC3339)))
	}
	return yes(v1alpha1.Contested, "Reverted", fmt.Sprintf(
		"field manager %q reverts the floor each time: make that tool ignore the field, forescale doctor prints the setting; forescale does not write again before %s, unless this object is changed, such as to mode Paused and back",
		t.verdict.Manager, t.verdict.Until.UTC().Format(time.RFC3339)))
}

const (
	// unschedulableReason is the reason while pods cannot be scheduled.
	unschedulableReason = "PodsUnschedulable"

	// floorUnseen is the reason while the HPA controller does not act on a floor that was written.
	floorUnseen = "FloorUnseen"
)

// announceFindings reports once what a tick found out about others.
func (c *Controller) announceFindings(t *target) {
	t.mu.Lock()
	v, pa, view := t.verdict, t.object, t.view
	t.verdict.Edited, t.verdict.Reverted = false, false
	waiting := t.pods.unschedulable
	changed := waiting > 0 && !t.unschedulableReported
	t.unschedulableReported = waiting > 0 && c.leads.Load() // a standby reports nothing
	bound, stated := t.bound()
	t.mu.Unlock()
	if changed {
		c.note(pa, warning, unschedulableReason, "Observe", fmt.Sprintf("%d pods of the target cannot be scheduled", waiting))
	}
	if bound > 0 {
		text := fmt.Sprintf("the CPU of a replica is fully used at a demand of %s, below scale.targetPerReplica %s: forescale counts on no more than that", figure(bound), stated)
		c.log.Info("CPU limits what a replica serves", "object", t.name.String(), "full", bound, "stated", stated.String())
		c.note(pa, normal, "BoundByCPU", "Observe", text)
	}
	if view == nil || !v.Edited && !v.Reverted {
		return
	}
	c.announceVerdict(pa, view, v)
}

// bound returns, once, the demand that the processors of a replica carry, if that is
// less than what the object states and nothing was learned from latency; else 0.
func (t *target) bound() (float64, api.Number) {
	if t.object == nil {
		return 0, 0
	}
	stated := t.object.Spec.Scale.TargetPerReplica
	binds := t.object.Spec.PodCPU && t.object.Spec.Scale.LatencyObjective == nil && t.scale.Target > 0 && t.scale.Target < stated.Float()
	changed := binds && !t.boundReported
	t.boundReported = binds
	if !changed {
		return 0, stated
	}
	return t.scale.Target, stated
}

// announceVerdict reports that somebody else has moved the floor.
func (c *Controller) announceVerdict(pa *v1alpha1.PredictiveAutoscaler, view *hpa.View, v hpa.Verdict) {
	switch {
	case v.Edited:
		c.log.Info("the user changed the floor: the new value is the one to give back", "target", view.Name.String(), "value", v.Base)
		c.note(pa, normal, "OriginalChanged", "Observe", fmt.Sprintf("%s was set to %d by its user, which will be given back", view.Kind.Min, v.Base))
	case v.Contested:
		c.log.Warn("floor contested", "target", view.Name.String(), "manager", v.Manager)
		c.note(pa, warning, v1alpha1.Contested, "Observe", fmt.Sprintf("%s reverts %s each time: backing off", byWhom(v.Manager), view.Kind.Min))
	default:
		c.log.Info("floor reverted by somebody else", "target", view.Name.String(), "manager", v.Manager, "value", v.InForce)
	}
}

// byWhom names a field manager, or what moves a field without being one.
func byWhom(manager string) string {
	if manager == "" {
		return "an admission webhook or policy"
	}
	return strconv.Quote(manager)
}

package doctor

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// object checks one PredictiveAutoscaler and what it stands on.
func (d Doctor) object(ctx context.Context, pa *v1alpha1.PredictiveAutoscaler, now time.Time) []Finding {
	about := pa.Namespace + "/" + pa.Name
	var out []Finding
	add := func(l Level, text, remedy string) { out = append(out, Finding{l, about, text, remedy}) }
	if err := pa.Spec.Validate(); err != nil {
		add(Fault, err.Error(), "correct the object")
		return out
	}
	if unknown := pa.Spec.Unknown; unknown != "" {
		add(Advice, "this doctor, older than the CRD, does not know and did not look at: "+unknown, "run forescale doctor of the version of the CRD")
	}
	out = append(out, d.query(ctx, about, pa.Spec.Metric.Query, now)...)
	if pa.Spec.PodCPU {
		if _, err := d.Dynamic.Resource(podMetrics()).Namespace(pa.Namespace).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
			add(Advice, "podCPU: "+err.Error(), "install a metrics server, apply deploy/kustomize/overlays/pod-cpu or set controller.podCPU of the chart, or leave podCPU out: it is an extra")
		} else {
			add(Fine, "podCPU: the resource metrics API answers", "")
		}
	}
	kind, err := hpa.KindOf(pa.Spec.TargetRef.Kind)
	if err != nil {
		add(Fault, err.Error(), "correct spec.targetRef.kind")
		return out
	}
	u, err := d.Dynamic.Resource(kind.GVR()).Namespace(pa.Namespace).Get(ctx, pa.Spec.TargetRef.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		add(Fault, fmt.Sprintf("there is no %s %s/%s", kind.GVK.Kind, pa.Namespace, pa.Spec.TargetRef.Name), "make it, or correct spec.targetRef")
		return out
	case err != nil:
		remedy := "see whether the API server answers"
		if apierrors.IsForbidden(err) {
			remedy = "give this account the right to read it"
		}
		add(Fault, fmt.Sprintf("target: %v", err), remedy)
		return out
	}
	return append(out, target(about, kind, u)...)
}

// query checks that a query of demand yields what it must.
func (d Doctor) query(ctx context.Context, about, query string, now time.Time) []Finding {
	sample, err := d.Source.Instant(ctx, query, now)
	if err != nil {
		return []Finding{{Fault, about, "metric.query: " + err.Error(), unlessSaid(err, "make the query yield exactly one series, such as sum(rate(...[1m]))")}}
	}
	out := []Finding{{Fine, about, fmt.Sprintf("metric.query yields one series, now %g", sample.Value), ""}}
	if readsCounter(query) {
		out = append(out, Finding{Advice, about, fmt.Sprintf("metric.query %q reads a counter, by its name: a counter only rises and is not a demand", query), "take its rate, such as sum(rate(http_requests_total[1m]))"})
	}
	if _, err := d.Source.Instant(ctx, query, now.Add(-24*time.Hour)); err != nil {
		out = append(out, Finding{Advice, about, "metric.query has no value of a day ago: with less than a day of history no daily rhythm can be learned", "wait, or let Prometheus keep two weeks (--storage.tsdb.retention.time=15d)"})
	}
	return out
}

// readsCounter reports whether query reads a counter, by its name, without taking a change
// over time as rate() does. It is false where the names do not tell.
func readsCounter(query string) bool {
	return counterName.MatchString(query) && !strings.Contains(query, "[")
}

// counterName is a metric with the ending that OpenMetrics asks of counters.
var counterName = regexp.MustCompile(`[a-zA-Z0-9_:]_total\b`)

// unseen is how old an object may be before a controller ought to have seen it.
const unseen = time.Minute

// acted checks that pa is the object that acts on its target, that a controller runs,
// and what the controller reports.
func acted(pa *v1alpha1.PredictiveAutoscaler, all []v1alpha1.PredictiveAutoscaler, now time.Time) []Finding {
	about := pa.Namespace + "/" + pa.Name
	switch elder := pa.Elder(all); {
	case elder != "":
		return []Finding{{Fault, about, fmt.Sprintf("its target %s is acted on by PredictiveAutoscaler %s, which is older", pa.Spec.TargetRef, elder), "delete one of the two"}}
	case pa.Status.ObservedGeneration == 0 && now.Sub(pa.CreationTimestamp.Time) > unseen:
		return []Finding{{Fault, about, "no controller has seen this object", "check that forescale controller runs, that its --namespaces, if set, include " + pa.Namespace + ", and that no controller for other namespaces holds the same --lease"}}
	}
	return reported(pa)
}

// reported returns what, by its own conditions, keeps the controller from acting on pa. The
// controller knows more than can be seen from outside: who puts a floor back, what it
// may not write, and whether Prometheus answers where it runs.
func reported(pa *v1alpha1.PredictiveAutoscaler) []Finding {
	about := pa.Namespace + "/" + pa.Name
	out := cut(pa)
	for _, kind := range []string{v1alpha1.Ready, v1alpha1.Forecasting, v1alpha1.Acting, v1alpha1.Contested} {
		c := meta.FindStatusCondition(pa.Status.Conditions, kind)
		switch {
		case c == nil || c.ObservedGeneration != pa.Generation: // it is about what the object was
		case kind == v1alpha1.Contested:
			if c.Status == metav1.ConditionTrue {
				out = append(out, Finding{Fault, about, "the controller reports " + c.Reason, c.Message})
			}
		case kind == v1alpha1.Ready && c.Reason == "FieldsUnknown":
			out = append(out, Finding{Advice, about, "the controller reports " + c.Reason + ": " + c.Message, "run a controller of the version of the CRD, or leave the fields out"})
		case c.Status != metav1.ConditionFalse, c.Reason == "NotReady", c.Reason == v1alpha1.Contested, c.Reason == v1alpha1.TargetPaused: // another condition says it
		case c.Reason == "Starting", c.Reason == "NoForecast": // it passes by itself
		case c.Reason == string(api.Shadow), c.Reason == string(api.Paused), c.Reason == "ReadOnly":
			out = append(out, Finding{Advice, about, "it does not act: " + c.Message, "to let it act, set spec.mode to Active and run the controller without --read-only"})
		default:
			out = append(out, Finding{Fault, about, "the controller reports " + c.Reason, c.Message})
		}
	}
	return out
}

// cut reports a maximum that is below what the forecast asks for: the HPA itself, which sees only
// its own metric, does not.
func cut(pa *v1alpha1.PredictiveAutoscaler) []Finding {
	if pa.Status.ObservedGeneration != pa.Generation {
		return nil
	}
	for _, step := range pa.Status.Trail {
		if step.Rule == string(scaler.TooManyReplicas) {
			return []Finding{{
				Advice, pa.Namespace + "/" + pa.Name, fmt.Sprintf("more is asked for than maxReplicas allows: the count is cut to %d", step.Replicas),
				"raise maxReplicas of the target, or scale.maxReplicas if the object has one",
			}}
		}
	}
	return nil
}

// unsaid returns what of reported the findings do not say already: the controller usually fails by
// the same cause that was seen from outside.
func unsaid(reported, findings []Finding) []Finding {
	const ofQuery = "metric.query: "
	return slices.DeleteFunc(reported, func(r Finding) bool {
		return r.Level == Fault && slices.ContainsFunc(findings, func(f Finding) bool {
			return f.Level == Fault && strings.Contains(r.Remedy, strings.TrimPrefix(f.Text, ofQuery))
		})
	})
}

func podMetrics() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "metrics.k8s.io", Version: "v1beta1", Resource: "pods"}
}

// target checks the autoscaler that is acted on.
func target(about string, kind hpa.Kind, u *unstructured.Unstructured) []Finding {
	view, err := hpa.Read(kind, u)
	if err != nil {
		return []Finding{{Fault, about, err.Error(), "remove the annotation by hand after restoring " + kind.Min}}
	}
	if view.Scaled != "" {
		return []Finding{{
			Fault, about, fmt.Sprintf("KEDA owns HPA %s and reverts every change of it", view.Name.Name),
			fmt.Sprintf("set targetRef to {kind: ScaledObject, name: %s}", view.Scaled),
		}}
	}
	out := []Finding{{Fine, about, fmt.Sprintf("target %s %s, floor %d, ceiling %d", kind.GVK.Kind, view.Name.Name, view.Floor(), view.Ceiling()), ""}}
	if view.Zero {
		out = append(out, Finding{Fault, about, "the target is scaled to zero, where a floor has no effect", "scale it to one or more"})
	}
	if view.Unable.Reason != "" {
		out = append(out, Finding{Fault, about, view.Unable.Message, view.Unable.Remedy()})
	}
	if view.Paused != "" {
		out = append(out, Finding{Advice, about, fmt.Sprintf("annotation %s pauses the %s, and with it forescale", view.Paused, kind.GVK.Kind), "remove it to let them scale again"})
	}
	for _, owner := range view.Owners {
		if rule := ignoreRule(view, owner.Manager); rule != "" {
			out = append(out, Finding{Advice, about, fmt.Sprintf("field manager %q writes %s and may revert our floor", owner.Manager, kind.Min), rule})
		}
	}
	h := &autoscalingv2.HorizontalPodAutoscaler{}
	if kind.GVK.Group == "autoscaling" && runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, h) == nil {
		out = append(out, margins(about, h)...)
	}
	return out
}

// ignoreRule returns the setting by which a tool that applies manifests, known by its
// field manager, ignores the floor; empty for tools that do not apply them again.
func ignoreRule(v *hpa.View, manager string) string {
	manager = strings.ToLower(manager)
	switch {
	case strings.Contains(manager, "argocd"):
		return fmt.Sprintf(`in the Argo CD Application:
          spec:
            syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}
            ignoreDifferences:
            - {group: %s, kind: %s, name: %s, jsonPointers: [/spec/%s]}
        or leave %s out of the manifest`, v.Kind.GVK.Group, v.Kind.GVK.Kind, v.Name.Name, v.Kind.Min, v.Kind.Min)
	case strings.Contains(manager, "kustomize-controller"):
		return fmt.Sprintf(`in the Flux Kustomization, from Flux 2.9 on:
          spec:
            ignore:
            - {paths: [/spec/%s], target: {kind: %s, name: %s}}
        or leave %s out of the manifest`, v.Kind.Min, v.Kind.GVK.Kind, v.Name.Name, v.Kind.Min)
	case strings.Contains(manager, "helm-controller"):
		return fmt.Sprintf(`in the Flux HelmRelease:
          spec:
            driftDetection:
              ignore:
              - {paths: [/spec/%s], target: {kind: %s, name: %s}}
        or leave %s out of the chart's values`, v.Kind.Min, v.Kind.GVK.Kind, v.Name.Name, v.Kind.Min)
	}
	return ""
}

// margins looks for a headroom that is paid for twice, and for behavior that
// slows what the floor leaves to the HPA.
func margins(about string, h *autoscalingv2.HorizontalPodAutoscaler) []Finding {
	var out []Finding
	for _, m := range h.Spec.Metrics {
		if of, share := utilization(m); share != nil && *share < 80 {
			out = append(out, Finding{Advice, about, fmt.Sprintf("the HPA's target of %d %% %s adds a headroom to that of the forecast's quantile",
				*share, of), "set averageUtilization to 85 or more: the HPA is only the safety net"})
		}
	}
	b := h.Spec.Behavior
	out = append(out, settles(about, "", windowOf(b), scaler.FloorHold)...)
	if b != nil && b.ScaleUp != nil && b.ScaleUp.SelectPolicy != nil && *b.ScaleUp.SelectPolicy == autoscalingv2.DisabledPolicySelect {
		out = append(out, Finding{Advice, about, "behavior.scaleUp is Disabled: above the floor nothing reacts", "remove it, so that the HPA can make up for a forecast that is too low"})
	}
	if b == nil || b.ScaleUp == nil || b.ScaleUp.Tolerance == nil {
		out = append(out, Finding{
			Advice, about, "the HPA ignores changes of its metric within 10 %",
			fmt.Sprintf("from Kubernetes 1.35 on set behavior.scaleUp.tolerance: \"%v\"; the floor itself is not subject to it", scaler.FloorTolerance),
		})
	}
	return out
}

// utilization returns what of a pod or a container m looks at, and the share of its request
// that is the target; nil if the target is none.
func utilization(m autoscalingv2.MetricSpec) (of corev1.ResourceName, share *int32) {
	switch {
	case m.Resource != nil:
		return m.Resource.Name, m.Resource.Target.AverageUtilization
	case m.ContainerResource != nil:
		return m.ContainerResource.Name, m.ContainerResource.Target.AverageUtilization
	}
	return "", nil
}

// windowOf returns the stabilization window for scaling down that b states; nil if it does not.
func windowOf(b *autoscalingv2.HorizontalPodAutoscalerBehavior) *int32 {
	if b == nil || b.ScaleDown == nil {
		return nil
	}
	return b.ScaleDown.StabilizationWindowSeconds
}

// settles checks how long an HPA holds a count before it scales down; nil is the default of the
// cluster. Forescale delays scaling down by rules of its own, so that a window longer than right
// holds pods twice. at is the path of the behavior in the object.
func settles(about, at string, window *int32, right time.Duration) []Finding {
	const byDefault = 5 * time.Minute
	set, how := byDefault, " by default"
	if window != nil {
		set, how = time.Duration(*window)*time.Second, ""
	}
	if set <= right {
		return nil
	}
	return []Finding{{
		Advice, about, fmt.Sprintf("before it scales down, its HPA holds a count for %.0f s%s, on top of forescale's own hold: that only adds to the bill", set.Seconds(), how),
		fmt.Sprintf("set %sbehavior.scaleDown.stabilizationWindowSeconds: %.0f", at, right.Seconds()),
	}}
}

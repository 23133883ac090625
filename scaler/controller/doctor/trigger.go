package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/external"
	"github.com/forescale/forescale/scaler/hpa"
)

// A scaledObject is what is looked at of a ScaledObject of KEDA.
type scaledObject struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Triggers []trigger `json:"triggers"`
		Fallback *struct {
			Behavior string `json:"behavior"` // empty = static
			Replicas int32  `json:"replicas"`
		} `json:"fallback"`
		Advanced struct {
			HPA struct {
				Behavior struct {
					ScaleUp struct {
						Tolerance any `json:"tolerance"` // nil = the default of the cluster
					} `json:"scaleUp"`
					ScaleDown struct {
						Window *int32 `json:"stabilizationWindowSeconds"` // nil = the default of the cluster
					} `json:"scaleDown"`
				} `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
	} `json:"spec"`
	Status struct {
		Conditions []metav1.Condition `json:"conditions"`
	} `json:"status"`
}

// A trigger is one of a ScaledObject.
type trigger struct {
	Type       string            `json:"type"`
	MetricType string            `json:"metricType"`
	Metadata   map[string]string `json:"metadata"`

	// Authentication is nil without a TriggerAuthentication. To an external scaler that has
	// nothing to give but certificates.
	Authentication *struct{} `json:"authenticationRef"`
}

// ours reports whether forescale is to serve t: it is external, and its metadata have keys
// of a specification.
func (t trigger) ours() bool {
	if t.Type != "external" && t.Type != "external-push" {
		return false
	}
	for key := range t.Metadata {
		part, _, dotted := strings.Cut(key, ".")
		if dotted && (part == "metric" || part == "scale" || part == "forecast") {
			return true
		}
	}
	return false
}

// triggers checks the ScaledObjects of scope that ask forescale, and returns how many
// those are. A cluster without KEDA has none.
func (d Doctor) triggers(ctx context.Context, scope Scope, now time.Time) (out []Finding, served int) {
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	if err != nil {
		return nil, 0
	}
	list, err := d.Dynamic.Resource(kind.GVR()).Namespace(scope.Namespace).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, 0
	case err != nil:
		return []Finding{{Advice, "ScaledObjects", err.Error(), "triggers of forescale were not checked: allow this account to list scaledobjects"}}, 0
	}
	found := make([][]Finding, len(list.Items))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range list.Items {
		var so scaledObject
		err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[i].Object, &so)
		if err != nil || !slices.ContainsFunc(so.Spec.Triggers, trigger.ours) || scope.Name != "" && so.Metadata.Name != scope.Name {
			continue
		}
		served++
		group.Go(func() error {
			found[i] = d.scaledObject(ctx, &so, &list.Items[i], now)
			return nil
		})
	}
	_ = group.Wait() // no error comes back
	return slices.Concat(found...), served
}

// scaledObject checks one that asks forescale.
func (d Doctor) scaledObject(ctx context.Context, so *scaledObject, u *unstructured.Unstructured, now time.Time) []Finding {
	about := "ScaledObject " + so.Metadata.Namespace + "/" + so.Metadata.Name
	var out []Finding
	add := func(l Level, text, remedy string) { out = append(out, Finding{l, about, text, remedy}) }
	names := map[string]bool{}
	for i, t := range so.Spec.Triggers {
		if !t.ours() {
			continue
		}
		name, findings := d.trigger(ctx, so, about, t, now)
		if name != "" && names[name] {
			add(Fault, fmt.Sprintf("triggers.%d: metricName %s is that of another trigger too", i, name), "give each trigger a metricName of its own")
		}
		names[name] = true
		out = append(out, findings...)
	}
	if len(so.Spec.Triggers) == 1 {
		add(Advice, "forescale is its only trigger: while KEDA cannot reach that, nothing scales", "keep a reactive trigger, such as cpu, beside it")
	}
	if f := so.Spec.Fallback; f != nil && (f.Behavior == "" || f.Behavior == "static" || f.Behavior == "currentReplicasIfLower") {
		add(Advice, fmt.Sprintf("its fallback also takes replicas away: without data for metric.ttl a target that runs more goes down to %d", f.Replicas),
			"set fallback.behavior: currentReplicasIfHigher (KEDA 2.17), or leave fallback out: the HPA then holds")
	}
	behavior := so.Spec.Advanced.HPA.Behavior
	out = append(out, settles(about, "advanced.horizontalPodAutoscalerConfig.", behavior.ScaleDown.Window, scaler.AnswerHold)...)
	if behavior.ScaleUp.Tolerance == nil {
		add(Advice, "the HPA behind it ignores changes of its metric within 10 %", `from Kubernetes 1.35 on set advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.tolerance: "0"`)
	}
	return append(out, ofKEDA(about, so, u)...)
}

// ofKEDA returns findings about the conditions that KEDA reports on a ScaledObject, and
// about the annotations of its user.
func ofKEDA(about string, so *scaledObject, u *unstructured.Unstructured) (out []Finding) {
	add := func(l Level, text, remedy string) { out = append(out, Finding{l, about, text, remedy}) }
	if kind, err := hpa.KindOf(v1alpha1.KindScaledObject); err == nil {
		if view, err := hpa.Read(kind, u); err == nil && view.Paused != "" {
			add(Advice, "annotation "+view.Paused+" pauses it", "remove it when it shall scale again")
		}
	}
	for _, c := range so.Status.Conditions {
		switch {
		case c.Type == "Ready" && c.Status == metav1.ConditionFalse:
			add(Fault, "KEDA reports "+c.Reason+": "+c.Message, "kubectl -n keda logs deploy/keda-operator says more")
		case c.Type == "Fallback" && c.Status == metav1.ConditionTrue:
			add(Fault, "it runs on its fallback, because a trigger has no answer", "see the other findings, and forescale explain")
		}
	}
	return out
}

// trigger checks one that forescale is to serve, and returns the name of its metric;
// empty if that is not known.
func (d Doctor) trigger(ctx context.Context, so *scaledObject, about string, t trigger, now time.Time) (name string, out []Finding) {
	add := func(l Level, text, remedy string) { out = append(out, Finding{l, about, text, remedy}) }
	known := maps.Clone(t.Metadata)
	hidden := map[string]bool{} // whose values are in the pods
	for key := range t.Metadata {
		if of, from := strings.CutSuffix(key, "FromEnv"); from {
			delete(known, key)
			hidden[of] = true
		}
	}
	name, spec, err := external.Decode(known)
	if faults := unlessHidden(err, hidden); len(faults) > 0 {
		add(Fault, "metadata: "+faults.Error(), "correct the trigger")
		return "", out
	}
	if len(hidden) > 0 {
		add(Advice, "metadata keys from the environment of the pods are not checked: "+strings.Join(slices.Sorted(maps.Keys(hidden)), ", "), "")
	}
	if query := known["metric.query"]; query != "" {
		out = append(out, d.query(ctx, about, query, now)...)
	}
	out = append(out, settings(about, t, spec, hidden)...)
	encrypted, findings := tlsOf(about, t)
	out = append(out, findings...)
	out = append(out, d.address(ctx, about, t.Metadata["scalerAddress"])...)
	if len(hidden) > 0 {
		name = ""
	}
	return name, append(out, d.asked(ctx, about, Server{t.Metadata["scalerAddress"], encrypted}, &pb.Workload{
		Namespace: so.Metadata.Namespace, Name: so.Metadata.Name, Metric: name,
	})...)
}

// settings checks what a trigger states besides its query.
func settings(about string, t trigger, spec api.Spec, hidden map[string]bool) (out []Finding) {
	add := func(l Level, text, remedy string) { out = append(out, Finding{l, about, text, remedy}) }
	if t.MetricType != "" && t.MetricType != "AverageValue" {
		add(Fault, "with metricType "+t.MetricType+" the HPA multiplies demand by the running replicas, although it is the demand on all of them together", "set AverageValue, or leave it out")
	}
	if spec.Mode != "" && spec.Mode != api.Active {
		add(Advice, "mode is "+string(spec.Mode)+": it answers with the observed demand", "set mode to Active to let the forecast act")
	}
	if spec.Scale.LeadTime.Auto() && !hidden["scale.leadTime"] {
		add(Advice, "scale.leadTime is auto, but behind KEDA forescale sees no pods to measure it on: 75 s are assumed", "state how long a pod takes from its creation to readiness, and 15 s more for the HPA")
	}
	return out
}

// unlessHidden returns the faults in err but those about keys whose values are not known.
func unlessHidden(err error, hidden map[string]bool) api.Faults {
	if err == nil {
		return nil
	}
	var faults, out api.Faults
	if !errors.As(err, &faults) {
		return api.Faults{{Path: "metadata", Want: err.Error()}}
	}
	for _, f := range faults {
		if !hidden[f.Path] {
			out = append(out, f)
		}
	}
	return out
}

// tlsOf checks the keys that say how KEDA connects, and returns whether it encrypts.
func tlsOf(about string, t trigger) (encrypted bool, out []Finding) {
	metadata := t.Metadata
	for _, key := range []string{"enableTLS", "unsafeSsl"} {
		if text := metadata[key]; text != "" {
			if _, err := strconv.ParseBool(text); err != nil {
				out = append(out, Finding{Fault, about, fmt.Sprintf("%s: %q is neither true nor false", key, text), "correct the trigger"})
			}
		}
	}
	for _, key := range []string{"caCert", "tlsClientCert", "tlsClientKey"} {
		if metadata[key] != "" {
			out = append(out, Finding{Fault, about, key + " stands in the metadata, where KEDA does not look for it", "put it into a TriggerAuthentication"})
		}
	}
	encrypted, _ = strconv.ParseBool(metadata["enableTLS"])
	if unsafe, _ := strconv.ParseBool(metadata["unsafeSsl"]); unsafe {
		out = append(out, Finding{Advice, about, "unsafeSsl: KEDA takes any certificate for that of forescale", "put caCert into a TriggerAuthentication and remove it"})
	}
	return encrypted || t.Authentication != nil, out
}

// asked asks the server itself what it answers to KEDA. Outside the cluster the name of a
// Service cannot be resolved, and nothing is asked.
func (d Doctor) asked(ctx context.Context, about string, at Server, of *pb.Workload) []Finding {
	address := at.Address
	if d.Explain == nil || address == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	x, err := d.Explain(ctx, at, of)
	switch code := status.Code(err); {
	case err == nil && x.GetAnswer().GetError() != "":
		return []Finding{{Fault, about, "forescale answers KEDA: " + x.GetAnswer().GetError(), ""}}
	case err == nil:
		return []Finding{{Fine, about, fmt.Sprintf("%s answers KEDA: %.6g, %.6g for each replica", address, x.GetAnswer().GetValue(), x.GetAnswer().GetTargetPerReplica()), ""}}
	case code == codes.NotFound:
		return []Finding{{Advice, about, address + " answers, but KEDA has not asked it for this metric for a quarter of an hour", "check the log of KEDA: kubectl -n keda logs deploy/keda-operator"}}
	case strings.Contains(status.Convert(err).Message(), "produced zero addresses"), strings.Contains(status.Convert(err).Message(), "no such host"):
		return []Finding{{Fine, about, "scalerAddress " + address + " cannot be resolved from here, so the server was not asked", ""}}
	default:
		return []Finding{{Advice, about, "no answer from " + address + ", asked from here: " + status.Convert(err).Message(), "KEDA may still reach it: kubectl get scaledobject shows whether it is READY"}}
	}
}

// Package doctor checks a cluster for what keeps forescale from acting, and says
// what to do about it.
//
// # The idea
//
// Every check ends in a [Finding]: in order, advice, or a fault, the latter two with a
// remedy that can be typed. Doctor only reads; it asks for its rights to write by
// SelfSubjectAccessReview, which changes nothing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	authv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/collector/prometheus"
	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// A Level is how bad a finding is.
type Level int

// The levels, from good to bad.
const (
	Fine Level = iota
	Advice
	Fault
)

// String returns ok, advice or FAULT.
func (l Level) String() string { return [...]string{"ok", "advice", "FAULT"}[min(max(l, Fine), Fault)] }

// A Finding is the result of one check.
type Finding struct {
	Level  Level
	About  string // what was checked
	Text   string // what was found
	Remedy string // what to do; empty if all is well
}

// Write prints the findings and returns the worst level. A finding that several objects
// share is printed once, where it comes up first.
func Write(w io.Writer, findings []Finding) Level {
	worst := Fine
	about := map[Finding][]string{} // by what was found, without of what
	for _, f := range findings {
		worst = max(worst, f.Level)
		key := f
		key.About = ""
		about[key] = append(about[key], f.About)
	}
	for _, f := range findings {
		f.About = ""
		names, first := about[f]
		if !first {
			continue
		}
		delete(about, f)
		fmt.Fprintf(w, "%-6s  %s: %s\n", f.Level, listed(names), strings.ReplaceAll(f.Text, "\n", "\n        "))
		if f.Remedy != "" {
			fmt.Fprintf(w, "        %s\n", f.Remedy)
		}
	}
	return worst
}

// listed joins names, the first few of many.
func listed(names []string) string {
	const most = 3
	names = slices.Compact(names)
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// A Source reads metrics, as that of the live store does, and tells how far its
// clock is from ours.
type Source interface {
	Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error)
	Skew(ctx context.Context, now func() time.Time) (time.Duration, error)
}

// A Doctor examines. It is not changed by use.
type Doctor struct {
	Objects    client.Reader
	Kube       kubernetes.Interface
	Dynamic    dynamic.Interface
	Source     Source
	Prometheus string // address of Source, for texts

	// Explain asks the server of a trigger about its workload, as the API of forescale
	// serve has it; nil asks nobody.
	Explain func(ctx context.Context, at Server, of *pb.Workload) (*pb.ExplainResponse, error)
}

// A Server is one that KEDA asks.
type Server struct {
	Address   string // for gRPC
	Encrypted bool   // by TLS
}

// A Scope says what to examine.
type Scope struct {
	Kubeconfig string
	Namespace  string // empty = all
	Name       string // empty = all
	ReadOnly   bool   // do not ask for the right to write
}

// parallel bounds the objects that are examined at once: a Prometheus that hangs costs
// its time limit for each.
const parallel = 8

// Examine checks what scope says, by the clock now.
func (d Doctor) Examine(ctx context.Context, scope Scope, now func() time.Time) []Finding {
	var list v1alpha1.PredictiveAutoscalerList
	err := d.Objects.List(ctx, &list, client.InNamespace(scope.Namespace))
	at := now()
	triggers, served := d.triggers(ctx, scope, at)
	out := d.clock(ctx, now)
	if served == 0 || len(list.Items) > 0 { // behind KEDA nothing is asked of the cluster
		out = append(out, d.rights(ctx, scope, list.Items)...)
	}
	objects, seen := d.objects(ctx, scope, list.Items, at)
	out = append(append(out, objects...), triggers...)
	switch {
	case apierrors.IsForbidden(err):
		out = append(out, Finding{Fault, "objects", err.Error(), "apply deploy/kustomize/base/rbac.yaml or the chart in deploy/helm, or name a namespace that this account may read: -n"})
	case seen+served > 0:
	case err != nil:
		out = append(out, Finding{Fault, "objects", err.Error(), "install the CRD: kubectl apply --server-side -k deploy/kustomize/base, or the chart in deploy/helm"})
	case scope.Name != "":
		out = append(out, Finding{Fault, "objects", "no PredictiveAutoscaler is named " + scope.Name + ", and no ScaledObject with a trigger of forescale", "correct the name, or --namespace: kubectl get pa,so -A lists them"})
	default:
		out = append(out, Finding{Advice, "objects", "no PredictiveAutoscaler here, and no ScaledObject with a trigger of forescale", "make one, deploy/samples/hpa.yaml shows how"})
	}
	return out
}

// objects checks the objects of scope, and returns how many those are.
func (d Doctor) objects(ctx context.Context, scope Scope, all []v1alpha1.PredictiveAutoscaler, now time.Time) (out []Finding, seen int) {
	found := make([][]Finding, len(all))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range all {
		if scope.Name != "" && all[i].Name != scope.Name {
			continue
		}
		seen++
		group.Go(func() error {
			seen := d.object(ctx, &all[i], now)
			found[i] = append(seen, unsaid(acted(&all[i], all, now), seen)...)
			return nil
		})
	}
	_ = group.Wait() // no error comes back
	return slices.Concat(found...), seen
}

// clock checks that Prometheus answers and agrees on the time.
func (d Doctor) clock(ctx context.Context, now func() time.Time) []Finding {
	about := "Prometheus " + d.Prometheus
	skew, err := d.Source.Skew(ctx, now)
	switch {
	case err != nil:
		return []Finding{{Fault, about, err.Error(), unlessSaid(err, "correct --prometheus-url (outside of the cluster it may take kubectl port-forward), or --prometheus-http-config")}}
	case skew.Abs() > 5*time.Second:
		return []Finding{{Fault, about, fmt.Sprintf("its clock is %s away from this one", skew.Round(time.Second)), "keep both in step with NTP: forecasts are about instants"}}
	}
	return []Finding{{Fine, about, "answers, and its clock agrees", ""}}
}

// unlessSaid is a remedy for a query that failed; empty where the error says itself
// what to do.
func unlessSaid(err error, remedy string) string {
	var query *prometheus.QueryError
	var several *prometheus.SeveralSeriesError
	if errors.As(err, &several) || errors.As(err, &query) && query.Remedy != "" {
		return ""
	}
	return remedy
}

// A need is a right that is needed.
type need struct{ group, resource, sub, verb string }

// needs lists the rights that are needed in scope, for objects.
func needs(scope Scope, objects []v1alpha1.PredictiveAutoscaler) []need {
	out := []need{
		{"forescale.dev", "predictiveautoscalers", "", "list"},
		{"forescale.dev", "predictiveautoscalers", "", "watch"},
		{"autoscaling", "horizontalpodautoscalers", "", "get"},
		{"autoscaling", "horizontalpodautoscalers", "", "list"},
		{"autoscaling", "horizontalpodautoscalers", "", "watch"},
		{"", "pods", "", "list"},
		{"", "pods", "", "watch"},
		{"apps", "deployments", "scale", "get"},
		{"coordination.k8s.io", "leases", "", "get"},
	}
	if !scope.ReadOnly {
		out = append(out, need{"forescale.dev", "predictiveautoscalers", "", "patch"}, need{"forescale.dev", "predictiveautoscalers", "status", "patch"},
			need{"autoscaling", "horizontalpodautoscalers", "", "patch"}, need{"apps", "deployments", "scale", "patch"}, need{"events.k8s.io", "events", "", "create"})
	}
	ofKEDA := func(pa v1alpha1.PredictiveAutoscaler) bool {
		return pa.Spec.TargetRef.Kind == v1alpha1.KindScaledObject
	}
	if slices.ContainsFunc(objects, ofKEDA) {
		out = append(out, need{"keda.sh", "scaledobjects", "", "get"}, need{"keda.sh", "scaledobjects", "", "list"}, need{"keda.sh", "scaledobjects", "", "watch"})
		if !scope.ReadOnly {
			out = append(out, need{"keda.sh", "scaledobjects", "", "patch"})
		}
	}
	return out
}

// rights asks the API server what this account may do of what it must.
func (d Doctor) rights(ctx context.Context, scope Scope, objects []v1alpha1.PredictiveAutoscaler) []Finding {
	all := needs(scope, objects)
	var out []Finding
	for _, n := range all {
		review := &authv1.SelfSubjectAccessReview{Spec: authv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authv1.ResourceAttributes{
			Namespace: scope.Namespace, Group: n.group, Resource: n.resource, Subresource: n.sub, Verb: n.verb,
		}}}
		answer, err := d.Kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		what := n.verb + " " + n.resource
		if n.sub != "" {
			what += "/" + n.sub
		}
		switch {
		case err != nil:
			out = append(out, Finding{Fault, "rights", err.Error(), ""})
		case !answer.Status.Allowed:
			out = append(out, Finding{Fault, "rights", "this account may not " + what, "apply deploy/kustomize/base/rbac.yaml or the chart in deploy/helm"})
		}
	}
	if len(out) == 0 {
		out = append(out, Finding{Fine, "rights", fmt.Sprintf("this account may do what is needed (%d checked)", len(all)), ""})
	}
	return out
}

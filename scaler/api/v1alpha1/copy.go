package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/forescale/forescale/scaler/api"
)

// GroupVersion returns the group and version of the objects of this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: "forescale.dev", Version: "v1alpha1"}
}

// AddToScheme makes the objects of this package known to s. It always succeeds.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion(), &PredictiveAutoscaler{}, &PredictiveAutoscalerList{})
	metav1.AddToGroupVersion(s, GroupVersion())
	return nil
}

// DeepCopyInto copies in to out. It is written by hand because api, which
// imports the standard library only, cannot carry generated methods.
func (in *Spec) DeepCopyInto(out *Spec) {
	*out = *in
	out.Forecast.Seasons = slices.Clone(in.Forecast.Seasons)
	out.Forecast.Events = slices.Clone(in.Forecast.Events)
	out.Scale.MinReplicas = clone(in.Scale.MinReplicas)
	out.Scale.LatencyObjective = clone(in.Scale.LatencyObjective)
	out.Scale.Service = clone(in.Scale.Service)
	if in.Scale.Behavior != nil {
		out.Scale.Behavior = &api.Behavior{
			ScaleUp:   cloneRules(in.Scale.Behavior.ScaleUp),
			ScaleDown: cloneRules(in.Scale.Behavior.ScaleDown),
		}
	}
}

// DeepCopy returns a copy of in, nil for nil.
func (in *Spec) DeepCopy() *Spec {
	if in == nil {
		return nil
	}
	out := new(Spec)
	in.DeepCopyInto(out)
	return out
}

func cloneRules(in *api.ScalingRules) *api.ScalingRules {
	out := clone(in)
	if out != nil {
		out.StabilizationWindowSeconds = clone(in.StabilizationWindowSeconds)
		out.Policies = slices.Clone(in.Policies)
		out.Tolerance = clone(in.Tolerance)
	}
	return out
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

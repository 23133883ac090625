package hpa

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Kind says where an autoscaler keeps its bounds.
type Kind struct {
	GVK      schema.GroupVersionKind
	Resource string // plural
	Min      string // name of the field under spec that is the floor
	Max      string // name of the field under spec that is the ceiling
}

// KindOf returns the kind by name, HorizontalPodAutoscaler or ScaledObject, and
// an error for any other.
func KindOf(name string) (Kind, error) {
	switch name {
	case "", "HorizontalPodAutoscaler":
		return Kind{
			GVK:      schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
			Resource: "horizontalpodautoscalers", Min: "minReplicas", Max: "maxReplicas",
		}, nil
	case "ScaledObject":
		return Kind{
			GVK:      schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: name},
			Resource: "scaledobjects", Min: "minReplicaCount", Max: "maxReplicaCount",
		}, nil
	}
	return Kind{}, fmt.Errorf("hpa: kind %q has no floor, want HorizontalPodAutoscaler or ScaledObject", name)
}

// GVR returns the resource of k.
func (k Kind) GVR() schema.GroupVersionResource {
	return k.GVK.GroupVersion().WithResource(k.Resource)
}

package controller

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// The floor moves between what the HPA's owner set and the HPA's ceiling; the
// object may narrow that, and never widens it.
func TestBoundsOfTheFloor(t *testing.T) {
	for name, c := range map[string]struct {
		scale    api.ScaleSpec
		min, max int32
	}{
		"those of the HPA":            {api.ScaleSpec{}, 3, 20},
		"a higher minimum":            {api.ScaleSpec{MinReplicas: new(int32(5))}, 5, 20},
		"a lower minimum is none":     {api.ScaleSpec{MinReplicas: new(int32(1))}, 3, 20},
		"a minimum above the ceiling": {api.ScaleSpec{MinReplicas: new(int32(30))}, 20, 20},
		"a lower maximum":             {api.ScaleSpec{MaxReplicas: 10}, 3, 10},
		"a higher maximum is none":    {api.ScaleSpec{MaxReplicas: 90}, 3, 20},
		"a maximum below the owner's": {api.ScaleSpec{MaxReplicas: 2}, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			x := &target{
				object:  &v1alpha1.PredictiveAutoscaler{Spec: v1alpha1.Spec{Spec: api.Spec{Scale: c.scale}}},
				view:    &hpa.View{Max: 20},
				verdict: hpa.Verdict{InForce: 7, Base: 3, Held: true},
			}
			got := x.seen()
			require.Equal(t, c.min, got.Min)
			require.Equal(t, c.max, got.Max)
			require.EqualValues(t, 7, got.Current)
			require.EqualValues(t, -1, got.Ready, "the pods are not known")
			x.pods.selector, x.pods.ready = labels.Everything(), 4
			require.EqualValues(t, 4, x.seen().Ready)
		})
	}
}

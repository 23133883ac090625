package hpa

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// KEDA copies the annotations of a ScaledObject to the HPA that it makes of it:
// there the claim is no claim, or two controllers would quarrel about the floor.
func TestACopiedClaimIsNone(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		on   string
		ours bool
	}{
		"its own":             {"HorizontalPodAutoscaler/web", true},
		"of its ScaledObject": {"ScaledObject/web", false},
		"of another HPA":      {"HorizontalPodAutoscaler/db", false},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
				"metadata":{"name":"web","namespace":"shop"},"spec":{"minReplicas":9,"maxReplicas":50}}`)))
			u.SetAnnotations(map[string]string{
				Annotation: fmt.Sprintf(`{"on":%q,"original":2,"floor":9,"holder":"a","lease":"forescale/forescale","for":"web"}`, c.on),
			})
			v, err := Read(kind, u)
			require.NoError(t, err)
			require.Equal(t, c.ours, v.Claim != nil)
			require.EqualValues(t, 9, v.Floor())
		})
	}
}

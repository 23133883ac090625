package hpa

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// KEDA copies the annotations of a ScaledObject to the HPA that it creates: there the claim does not
// count, else two controllers would contend for the floor.
func TestACopiedClaimDoesNotCount(t *testing.T) {
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

// A ScaledObject is paused as KEDA reads it (getBoolAnnotation and NeedToBePausedByAnnotation of its
// apis/keda/v1alpha1/scaledobject_types.go, 2.21): a value that is no boolean pauses too, and so
// does any paused count.
func TestAPausedScaledObject(t *testing.T) {
	for name, c := range map[string]struct {
		annotation, value, want string
	}{
		"paused":               {"paused", "true", "autoscaling.keda.sh/paused"},
		"by a word":            {"paused", "yes please", "autoscaling.keda.sh/paused"},
		"no longer":            {"paused", "false", ""},
		"at a count":           {"paused-replicas", "0", "autoscaling.keda.sh/paused-replicas"},
		"on its way up":        {"paused-scale-out", "true", "autoscaling.keda.sh/paused-scale-out"},
		"not on its way up":    {"paused-scale-out", "false", ""},
		"only on its way down": {"paused-scale-in", "true", ""},
		"something else":       {"force-activation", "true", ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject",
				"metadata":{"name":"web","namespace":"shop"},"spec":{"minReplicaCount":2,"scaleTargetRef":{"name":"web"}}}`)))
			u.SetAnnotations(map[string]string{"autoscaling.keda.sh/" + c.annotation: c.value})
			kind, err := KindOf("ScaledObject")
			require.NoError(t, err)
			v, err := Read(kind, u)
			require.NoError(t, err)
			require.Equal(t, c.want, v.Paused)
			kind, err = KindOf("")
			require.NoError(t, err)
			v, err = Read(kind, u)
			require.NoError(t, err)
			require.Empty(t, v.Paused, "KEDA copies the annotations to its HPA, where they mean nothing")
		})
	}
}

// Whether the HPA's controller follows a floor is read from the generation that it has observed, if
// it reports one, else from the counts of its status.
func TestAFloorIsConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		kind, object string
		want         bool
	}{
		"its generation was seen": {"", `"metadata":{"generation":3},"spec":{"minReplicas":9},"status":{"observedGeneration":3,"desiredReplicas":2}`, true},
		"a former one was":        {"", `"metadata":{"generation":3},"spec":{"minReplicas":9},"status":{"observedGeneration":2,"desiredReplicas":9}`, false},
		"none, and it desires it": {"", `"spec":{"minReplicas":9},"status":{"currentReplicas":2,"desiredReplicas":9}`, true},
		"none, and it desires less, as its metric gave it before": {"", `"spec":{"minReplicas":9},"status":{"currentReplicas":2,"desiredReplicas":2}`, false},
		"none, its metric is missing, and it finds as many":       {"", `"spec":{"minReplicas":9},"status":{"currentReplicas":9,"desiredReplicas":2}`, true},
		"never looked at":        {"", `"metadata":{"generation":1},"spec":{"minReplicas":9}`, false},
		"no generation observed": {"ScaledObject", `"metadata":{"generation":3},"spec":{"minReplicaCount":9,"scaleTargetRef":{"name":"web"}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			kind, err := KindOf(c.kind)
			require.NoError(t, err)
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"v1","kind":"Any",`+c.object+`}`)))
			v, err := Read(kind, u)
			require.NoError(t, err)
			require.Equal(t, c.want, v.Confirmed())
		})
	}
}

// A part that cannot be read is an error, and not left out of the view: it may contain the value to
// give back, and an unknown floor must not be moved.
func TestAnObjectThatCannotBeRead(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	for name, c := range map[string]struct{ object, want string }{
		"a claim that was edited": {
			`"metadata":{"name":"web","namespace":"shop","annotations":{"forescale.dev/floor":"{\"floor\": nine}"}},"spec":{"minReplicas":9}`,
			"annotation forescale.dev/floor: invalid character 'i' in literal null (expecting 'u'); remove it, and set minReplicas to what its owner wants",
		},
		"a minimum that is no number": {`"metadata":{"name":"web","namespace":"shop"},"spec":{"minReplicas":"9"}`, "minReplicas"},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",`+c.object+`}`)))
			_, err := Read(kind, u)
			require.ErrorContains(t, err, "hpa: shop/web: ")
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A target at zero is recognized only by the condition that its HPA reports: an HPA that lacks
// metrics, or is at a bound, still scales.
func TestATargetAtZeroIsReportedByItsHPA(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		conditions string
		want       bool
	}{
		"switched off":          {`{"type":"AbleToScale","status":"True"},{"type":"ScalingActive","status":"False","reason":"ScalingDisabled"}`, true},
		"no metrics":            {`{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric"}`, false},
		"active again":          {`{"type":"ScalingActive","status":"True","reason":"ScalingDisabled"}`, false},
		"another condition":     {`{"type":"ScalingLimited","status":"False","reason":"ScalingDisabled"}`, false},
		"nothing looked at yet": {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"v1","kind":"Any","spec":{"minReplicas":9},"status":{"conditions":[`+c.conditions+`]}}`)))
			v, err := Read(kind, u)
			require.NoError(t, err)
			require.Equal(t, c.want, v.Zero)
		})
	}
}

// An HPA whose target was deleted or renamed says so; one that has scaled it a moment ago, or lacks
// metrics, can scale.
func TestAnHPAThatCannotScaleItsTargetIsReported(t *testing.T) {
	kind, err := KindOf("")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		conditions string
		want       Unable
	}{
		"the target is gone":    {`{"type":"AbleToScale","status":"False","reason":"FailedGetScale","message":"deployments.apps \"web\" not found"}`, Unable{"FailedGetScale", `deployments.apps "web" not found`}},
		"it can":                {`{"type":"AbleToScale","status":"True","reason":"SucceededRescale","message":"new size: 7"}`, Unable{}},
		"no metrics":            {`{"type":"AbleToScale","status":"True"},{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric"}`, Unable{}},
		"nothing looked at yet": {``, Unable{}},
	} {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			require.NoError(t, u.UnmarshalJSON([]byte(`{"apiVersion":"v1","kind":"Any","spec":{"minReplicas":9},"status":{"conditions":[`+c.conditions+`]}}`)))
			v, err := Read(kind, u)
			require.NoError(t, err)
			require.Equal(t, c.want, v.Unable)
			require.False(t, v.Zero)
		})
	}
}

// Versions are compared as numbers; if either is not a number, the view counts as newer.
func TestNewer(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		want bool
	}{
		"later":         {"10", "9", true},
		"earlier":       {"9", "10", false},
		"the same":      {"9", "9", false},
		"beyond 32 bit": {"18446744073709551615", "18446744073709551614", true},
		"no number":     {"abc", "9", true},
		"before none":   {"9", "", true},
	} {
		require.Equal(t, c.want, (&View{ResourceVersion: c.a}).Newer(&View{ResourceVersion: c.b}), name)
	}
}

package v1alpha1

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTheElderOfTwoActs(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	later := metav1.NewTime(at.Add(time.Second))
	object := func(namespace, name, kind, target string, made metav1.Time) PredictiveAutoscaler {
		return PredictiveAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: made},
			Spec:       Spec{TargetRef: TargetRef{Kind: kind, Name: target}},
		}
	}
	gone := object("shop", "a", "", "web", at)
	gone.DeletionTimestamp = &later
	pa := object("shop", "b", KindHPA, "web", later)
	for name, c := range map[string]struct {
		other PredictiveAutoscaler
		elder string
	}{
		"itself":                      {pa, ""},
		"an older one":                {object("shop", "z", "", "web", at), "z"},
		"of the same second, by name": {object("shop", "a", "", "web", later), "a"},
		"the later by name":           {object("shop", "c", "", "web", later), ""},
		"of another target":           {object("shop", "a", "", "api", at), ""},
		"of another kind":             {object("shop", "a", KindScaledObject, "web", at), ""},
		"of another namespace":        {object("mall", "a", "", "web", at), ""},
		"one that is being deleted":   {gone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.elder, pa.Elder([]PredictiveAutoscaler{pa, c.other}))
		})
	}
}

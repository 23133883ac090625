package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// none is a cluster without any object.
type none struct{ client.Reader }

func (none) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// Who asks about one object by its name means that it is there.
func TestAnObjectThatIsNotThere(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	d := Doctor{Objects: none{}, Kube: kubefake.NewClientset(), Source: young{now}}
	for name, c := range map[string]struct {
		scope Scope
		want  string
	}{
		"by name":   {Scope{Namespace: "shop", Name: "wbe"}, "FAULT   objects: no PredictiveAutoscaler is named wbe"},
		"of a kind": {Scope{Namespace: "shop"}, "advice  objects: no PredictiveAutoscaler here"},
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := d.Examine(t.Context(), c.scope, now)
			require.NoError(t, err)
			var out strings.Builder
			Write(&out, findings)
			require.Contains(t, out.String(), c.want)
		})
	}
}

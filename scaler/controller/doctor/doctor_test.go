package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// none is a cluster without any object.
type none struct{ client.Reader }

func (none) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// unread is a cluster whose objects cannot be listed.
type unread struct {
	client.Reader

	err error
}

func (u unread) List(context.Context, client.ObjectList, ...client.ListOption) error { return u.err }

// Objects that cannot be listed are one finding among others: which rights are missing
// is what its reader needs.
func TestObjectsThatCannotBeListed(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	kind := schema.GroupResource{Group: "forescale.dev", Resource: "predictiveautoscalers"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not allowed": {apierrors.NewForbidden(kind, "", errors.New("cannot list")), "or name a namespace that this account may read"},
		"no CRD":      {&meta.NoKindMatchError{}, "install the CRD"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			kube := kubefake.NewClientset()
			kube.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, &authv1.SelfSubjectAccessReview{}, nil // nothing is allowed
			})
			d := Doctor{Objects: unread{err: c.err}, Kube: kube, Dynamic: noKEDA(), Source: young{now}}
			require.Equal(t, Fault, Write(&out, d.Examine(t.Context(), Scope{}, func() time.Time { return now })))
			require.Contains(t, out.String(), c.want)
			require.Contains(t, out.String(), "this account may not list pods")
		})
	}
}

// What is asked of the account depends on what the objects act on.
func TestTheRightsThatAreNeeded(t *testing.T) {
	patch := need{"keda.sh", "scaledobjects", "", "patch"}
	var keda v1alpha1.PredictiveAutoscaler
	keda.Spec.TargetRef.Kind = v1alpha1.KindScaledObject
	all := []v1alpha1.PredictiveAutoscaler{{}, keda}
	require.NotContains(t, needs(Scope{}, all[:1]), patch)
	require.Contains(t, needs(Scope{}, all), patch)
	require.NotContains(t, needs(Scope{ReadOnly: true}, all), patch)
	require.Contains(t, needs(Scope{ReadOnly: true}, all), need{"keda.sh", "scaledobjects", "", "watch"})
	require.Contains(t, needs(Scope{}, all), need{"keda.sh", "scaledobjects", "", "get"})
	for _, n := range []need{
		{"", "pods", "", "watch"}, // without which no cache is ever full
		{"apps", "deployments", "scale", "get"},
		{"autoscaling", "horizontalpodautoscalers", "", "get"}, // without which no floor is given back
	} {
		require.Contains(t, needs(Scope{ReadOnly: true}, nil), n)
	}
}

// Who asks about one object by its name means that it is there.
func TestAnObjectThatIsNotThere(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	d := Doctor{Objects: none{}, Kube: kubefake.NewClientset(), Dynamic: noKEDA(), Source: young{now}}
	for name, c := range map[string]struct {
		scope Scope
		want  string
	}{
		"by name":   {Scope{Namespace: "shop", Name: "wbe"}, "FAULT   objects: no PredictiveAutoscaler is named wbe"},
		"of a kind": {Scope{Namespace: "shop"}, "advice  objects: no PredictiveAutoscaler here"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			Write(&out, d.Examine(t.Context(), c.scope, func() time.Time { return now }))
			require.Contains(t, out.String(), c.want)
		})
	}
}

// What two hundred objects have in common fills one line and not two hundred.
func TestWhatIsTheSameIsSaidOnce(t *testing.T) {
	var out strings.Builder
	f := func(level Level, about, text string) Finding { return Finding{level, about, text, "do this"} }
	require.Equal(t, Fault, Write(&out, []Finding{
		f(Fine, "rights", "in order"),
		f(Advice, "shop/a", "young"), f(Fault, "shop/a", "gone"),
		f(Advice, "shop/b", "young"), f(Advice, "shop/b", "young"),
		f(Advice, "shop/c", "young"), f(Fault, "shop/c", "gone"),
		f(Advice, "shop/d", "young"), f(Advice, "shop/e", "young"), f(Fine, "shop/e", "young"),
	}))
	require.Equal(t, `ok      rights: in order
        do this
advice  shop/a, shop/b, shop/c and 2 more: young
        do this
FAULT   shop/a, shop/c: gone
        do this
ok      shop/e: young
        do this
`, out.String())
}

// slow is a source that takes six seconds to answer, by the clock that both have.
type slow struct {
	young

	clock time.Time
}

func (s *slow) Skew(_ context.Context, now func() time.Time) (time.Duration, error) {
	s.clock = s.clock.Add(6 * time.Second)
	return s.clock.Sub(now()), nil
}

// An answer that takes long is no wrong clock.
func TestTheClockGoesOnWhileAQueryIsAnswered(t *testing.T) {
	source := &slow{clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	findings := Doctor{Source: source}.clock(t.Context(), func() time.Time { return source.clock })
	require.Equal(t, Fine, findings[0].Level, findings[0].Text)
}

// An error that says what to do is not followed by something else to do.
func TestARemedyIsGivenOnce(t *testing.T) {
	const remedy = "make the query yield one series"
	require.Equal(t, remedy, unlessSaid(errors.New("no series"), remedy))
	require.Equal(t, remedy, unlessSaid(&prometheus.QueryError{Type: prometheus.TypeConnection, Msg: "refused"}, remedy))
	require.Empty(t, unlessSaid(&prometheus.QueryError{Status: 429, Remedy: "query less often"}, remedy))
	require.Empty(t, unlessSaid(&prometheus.SeveralSeriesError{Count: 2}, remedy))
}

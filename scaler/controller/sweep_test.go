package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// claimant is a client that knows the object for which a floor is held, or fails.
type claimant struct {
	client.Client
	target v1alpha1.TargetRef
	err    error
}

func (c claimant) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if pa, ok := into.(*v1alpha1.PredictiveAutoscaler); ok {
		pa.Spec.TargetRef = c.target
	}
	return c.err
}

// A floor is given back if its object is gone or scales something else by now, either of which may
// have happened while no replica ran. It is kept while that is unknown.
func TestAFloorWithoutAnObjectIsGivenBack(t *testing.T) {
	gone := apierrors.NewNotFound(schema.GroupResource{Group: "forescale.dev", Resource: "predictiveautoscalers"}, "web")
	for name, tt := range map[string]struct {
		client claimant
		back   bool
	}{
		"its object has gone":       {claimant{err: gone}, true},
		"it scales another HPA":     {claimant{target: v1alpha1.TargetRef{Name: "db"}}, true},
		"it scales a ScaledObject":  {claimant{target: v1alpha1.TargetRef{Kind: v1alpha1.KindScaledObject, Name: "web"}}, true},
		"it scales this one":        {claimant{target: v1alpha1.TargetRef{Name: "web"}}, false},
		"this one, and says so":     {claimant{target: v1alpha1.TargetRef{Kind: v1alpha1.KindHPA, Name: "web"}}, false},
		"what it scales is unknown": {claimant{err: errors.New("etcd has no leader")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := holding(t, "web")
			clear(c.targets) // the process is new
			c.client = tt.client
			kind, err := hpa.KindOf("")
			require.NoError(t, err)
			u, err := c.writer.Client.Resource(kind.GVR()).Namespace("shop").Get(t.Context(), "web", metav1.GetOptions{})
			require.NoError(t, err)
			c.sweepOne(t.Context(), kind, u)
			floor, claimed := s.floor("web")
			require.Equal(t, tt.back, !claimed)
			require.Equal(t, tt.back, floor < 9)
		})
	}
}

// If another client changes the floor each time it is to be given back, it does not count as given
// back: the deletion of its object has to wait.
func TestAFloorThatIsAlwaysChangedIsNotGivenBack(t *testing.T) {
	c, s := holding(t, "web")
	s.statuses = 100
	kind, err := hpa.KindOf("")
	require.NoError(t, err)
	require.ErrorIs(t, c.restore(t.Context(), kind, c.all()[0].name, "web"), hpa.ErrChanged)
	_, claimed := s.floor("web")
	require.True(t, claimed)
}

// lists is a client that tells of what kinds it was asked for lists.
type lists struct {
	client.Client
	asked chan string
}

func (l lists) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	l.asked <- fmt.Sprintf("%T", into)
	return nil
}

// An elected replica looks for such floors at once. A read-only one never does.
func TestAReadOnlyReplicaSweepsNothing(t *testing.T) {
	for readOnly, want := range map[bool][]string{
		false: {"*v1alpha1.PredictiveAutoscalerList", "*unstructured.UnstructuredList"},
		true:  {"*v1alpha1.PredictiveAutoscalerList"},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := make(chan string, 9)
			c := &Controller{client: lists{asked: asked}, log: slog.New(slog.DiscardHandler)}
			c.opts.ReadOnly = readOnly
			elected := make(chan struct{})
			close(elected)
			ctx, cancel := context.WithTimeout(t.Context(), sweepEvery-time.Second)
			defer cancel()
			require.NoError(t, c.lead(ctx, elected))
			close(asked)
			var got []string
			for kind := range asked {
				got = append(got, kind)
			}
			require.Equal(t, want, got)
		})
	}
}

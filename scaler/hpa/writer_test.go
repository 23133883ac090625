package hpa

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// An apiServer knows one HPA and one scale subresource, and does to the
// generation of the HPA what a version of Kubernetes does.
type apiServer struct {
	generations bool    // the generation rises with the spec: Kubernetes 1.37
	bound       float64 // of an admission policy; 0 = none

	mu         sync.Mutex // guards what follows
	minimum    float64
	generation int
	replicas   float64
	forbidden  bool // the scale subresource
	conflicts  int  // of so many writes of the scale
	requests   []string
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	var body struct {
		Spec struct {
			MinReplicas *float64 `json:"minReplicas"`
			Replicas    *float64 `json:"replicas"`
		} `json:"spec"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/scale") && s.forbidden {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/scale") && r.Method == http.MethodPatch && s.conflicts > 0 {
		s.conflicts--
		http.Error(w, "the object was changed meanwhile", http.StatusConflict)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/scale") {
		if body.Spec.Replicas != nil {
			s.replicas = *body.Spec.Replicas
		}
		fmt.Fprintf(w, `{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"7"},"spec":{"replicas":%v}}`, s.replicas)
		return
	}
	if s.bound > 0 && body.Spec.MinReplicas != nil {
		*body.Spec.MinReplicas = min(*body.Spec.MinReplicas, s.bound)
	}
	if body.Spec.MinReplicas != nil && *body.Spec.MinReplicas != s.minimum {
		s.minimum = *body.Spec.MinReplicas
		if s.generations {
			s.generation++
		}
	}
	fmt.Fprintf(w, `{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"name":"web","namespace":"shop","uid":"1","resourceVersion":"9","generation":%d},
		"spec":{"minReplicas":%v,"maxReplicas":50,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}`, s.generation, s.minimum)
}

// start serves s and returns a writer to it and its HPA.
func (s *apiServer) start(t *testing.T) (Writer, *View) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	w := Writer{Client: client, Mapper: mapper, Holder: "a", Lease: "forescale/forescale"}
	kind, err := KindOf("")
	require.NoError(t, err)
	v, err := w.Get(t.Context(), kind, types.NamespacedName{Namespace: "shop", Name: "web"})
	require.NoError(t, err)
	return w, v
}

// Whether an autoscaler acts on a changed floor at once is seen from the generation in the response,
// not from a version: only where that does not rise, the count is raised as well.
func TestTheCountIsRaisedOnlyWhereTheFloorAloneIsSlow(t *testing.T) {
	for name, c := range map[string]struct {
		server   *apiServer
		request  Request
		requests []string
		replicas float64
	}{
		"generation rises": {
			&apiServer{generations: true, generation: 4, minimum: 2, replicas: 2},
			Request{Floor: 9},
			[]string{"PATCH web"},
			2,
		},
		"no generation": {
			&apiServer{minimum: 2, replicas: 2},
			Request{Floor: 9},
			[]string{"PATCH web", "GET scale", "PATCH scale"},
			9,
		},
		"a generation that stands still": {
			&apiServer{generation: 1, minimum: 2, replicas: 2},
			Request{Floor: 9},
			[]string{"PATCH web", "GET scale", "PATCH scale"},
			9,
		},
		"bounded by an admission": {
			&apiServer{bound: 5, minimum: 2, replicas: 2},
			Request{Floor: 9},
			[]string{"PATCH web", "GET scale", "PATCH scale"},
			5,
		},
		"as many already": {&apiServer{minimum: 2, replicas: 12}, Request{Floor: 9}, []string{"PATCH web", "GET scale"}, 12},
		"zero stays zero": {&apiServer{minimum: 2}, Request{Floor: 9}, []string{"PATCH web", "GET scale"}, 0},
		"soon enough by itself": {
			&apiServer{minimum: 2, replicas: 2}, Request{Floor: 3, Patient: true}, []string{"PATCH web"}, 2,
		},
		"lowering removes nothing by hand": {
			&apiServer{minimum: 9, replicas: 9}, Request{Floor: 3}, []string{"PATCH web"}, 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, before := c.server.start(t)
			c.request.Original, c.request.For = new(int32(2)), "web"
			after, claim, err := w.Raise(t.Context(), before, c.request)
			require.NoError(t, err)
			if c.server.bound == 0 {
				require.Equal(t, c.request.Floor, after.Floor())
			}
			require.EqualValues(t, 2, *claim.Original)
			require.Equal(t, slices.Concat([]string{"GET web"}, c.requests), c.server.requests)
			require.InDelta(t, c.replicas, c.server.replicas, 0)
		})
	}
}

// If the count may not be raised, the error comes with the view and the claim of the raised floor:
// these are in force, and the count follows with the next sync of the autoscaler.
func TestAFloorHoldsIfItsCountCannotBeRaised(t *testing.T) {
	w, before := (&apiServer{minimum: 2, replicas: 2, forbidden: true}).start(t)
	after, claim, err := w.Raise(t.Context(), before, Request{Floor: 9, Original: new(int32(2)), For: "web"})
	require.ErrorContains(t, err, "hpa: read the scale of Deployment web: ")
	require.EqualValues(t, 9, after.Floor())
	require.EqualValues(t, 9, claim.Floor)
}

// A count that another client writes at the same time is read and raised again, a few times at most.
func TestAConflictOverTheCountIsTriedAgain(t *testing.T) {
	for conflicts, want := range map[int]float64{0: 9, 1: 9, 2: 9, 3: 2} {
		s := &apiServer{minimum: 2, replicas: 2, conflicts: conflicts}
		w, v := s.start(t)
		err := w.Scale(t.Context(), v, 9)
		require.InDelta(t, want, s.replicas, 0, "%d conflicts", conflicts)
		if want == 9 {
			require.NoError(t, err, "%d conflicts", conflicts)
		} else {
			require.ErrorIs(t, err, ErrChanged)
		}
	}
}

// A target of a kind that the cluster does not know can be neither scaled nor read.
func TestATargetOfAnUnknownKind(t *testing.T) {
	w, v := (&apiServer{minimum: 2, replicas: 2}).start(t)
	v.Target.GVK.Kind = "Sandbox"
	require.ErrorContains(t, w.Scale(t.Context(), v, 9), "hpa: target of shop/web: ")
	_, _, err := w.Selector(t.Context(), v)
	require.ErrorContains(t, err, "hpa: target of shop/web: ")
}

// While the floor is ours, no other manager owns the field: the former owner is known from the
// claim, until another one owns it again.
func TestAClaimKeepsWhoHeldTheFieldBefore(t *testing.T) {
	former, now := []Owner{{"argocd-controller", "Apply"}}, []Owner{{"kubectl-edit", "Update"}}
	for name, c := range map[string]struct {
		claim             *Claim
		owners, remembers []Owner
	}{
		"the first claim":        {nil, former, former},
		"a later one":            {&Claim{Owners: former}, nil, former},
		"another has written it": {&Claim{Owners: former}, now, now},
		"none, before and after": {&Claim{}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, before := (&apiServer{minimum: 2, replicas: 2}).start(t)
			before.Claim, before.Owners = c.claim, c.owners
			_, claim, err := w.Raise(t.Context(), before, Request{Floor: 9, Original: new(int32(2)), For: "web"})
			require.NoError(t, err)
			require.Equal(t, c.remembers, claim.Owners)
		})
	}
}

// An API server answers a JSON patch whose test fails, for example because the version has changed,
// with the same code as one whose result is invalid. Only the second names causes, and only the
// first is retried.
func TestAPatchThatDoesNotFit(t *testing.T) {
	status := func(code int32, reason metav1.StatusReason, details *metav1.StatusDetails) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Details: details}}
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"the test failed":    {status(422, metav1.StatusReasonInvalid, nil), true},
		"with empty details": {status(422, metav1.StatusReasonInvalid, &metav1.StatusDetails{Name: "web"}), true},
		"an invalid result":  {status(422, metav1.StatusReasonInvalid, &metav1.StatusDetails{Causes: []metav1.StatusCause{{Field: "spec.minReplicas"}}}), false},
		"not allowed":        {status(403, metav1.StatusReasonForbidden, nil), false},
		"no answer at all":   {errors.New("connection refused"), false},
		"nothing went amiss": {nil, false},
	} {
		require.Equal(t, c.want, testFailed(c.err), name)
	}
}

package hpa

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// An apiServer knows one HPA and one scale subresource, and does to the
// generation of the HPA what a version of Kubernetes does.
type apiServer struct {
	generations bool // the generation rises with the spec: Kubernetes 1.37

	mu         sync.Mutex // guards what follows
	minimum    float64
	generation int
	replicas   float64
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
	if strings.HasSuffix(r.URL.Path, "/scale") {
		if body.Spec.Replicas != nil {
			s.replicas = *body.Spec.Replicas
		}
		fmt.Fprintf(w, `{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"7"},"spec":{"replicas":%v}}`, s.replicas)
		return
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

// Whether an autoscaler acts on a changed floor at once is seen from the
// generation of the answer, and from no version: only where it does not rise is
// the count raised as well.
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
			server := httptest.NewServer(c.server)
			defer server.Close()
			client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
			require.NoError(t, err)
			mapper := meta.NewDefaultRESTMapper(nil)
			mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
			w := Writer{Client: client, Mapper: mapper, Holder: "a", Lease: "forescale/forescale"}
			kind, err := KindOf("")
			require.NoError(t, err)
			before, err := w.Get(t.Context(), kind, types.NamespacedName{Namespace: "shop", Name: "web"})
			require.NoError(t, err)
			c.request.Original, c.request.For = new(int32(2)), "web"
			after, claim, err := w.Raise(t.Context(), before, c.request)
			require.NoError(t, err)
			require.Equal(t, c.request.Floor, after.Floor())
			require.EqualValues(t, 2, *claim.Original)
			require.Equal(t, slices.Concat([]string{"GET web"}, c.requests), c.server.requests)
			require.InDelta(t, c.replicas, c.server.replicas, 0)
		})
	}
}

package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// An hpaServer is an API server that knows some HPAs, whose floors a controller holds,
// and no Lease.
type hpaServer struct {
	refused string // name of the HPA that must not be written
	changed string // name of the HPA that somebody else has just written, and that cannot be read
	applied string // the manifest that kubectl has applied to each HPA last; none if empty

	mu       sync.Mutex // guards what follows
	statuses int        // written by the autoscaler just before so many JSON patches, whose tests of the version then fail
	floors   map[string]float64
	claimed  map[string]string // annotation by name; none = not claimed
}

// hold makes an HPA with an original minimum of 2 that is held at floor.
func (s *hpaServer) hold(t *testing.T, name string, floor int32) {
	t.Helper()
	claim, err := json.Marshal(hpa.Claim{On: "HorizontalPodAutoscaler/" + name, Original: new(int32(2)), Floor: floor, Holder: "a", Lease: "forescale/forescale", For: name})
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.floors[name], s.claimed[name] = float64(floor), string(claim)
}

func (s *hpaServer) floor(name string) (floor float64, claimed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, claimed = s.claimed[name]
	return s.floors[name], claimed
}

func (s *hpaServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if r.Method == http.MethodPatch && name != s.refused {
		time.Sleep(5 * time.Millisecond) // a refusal is sooner there than a write
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fail := func(code int, reason, text string) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":%q}`, reason, code, text)
	}
	switch _, known := s.floors[name]; {
	case !known || strings.Contains(r.URL.Path, "/leases/"):
		fail(http.StatusNotFound, "NotFound", name+" not found")
		return
	case r.Method == http.MethodPatch && name == s.refused:
		fail(http.StatusForbidden, "Forbidden", name+" is forbidden")
		return
	case name == s.changed && r.Method == http.MethodPatch:
		fail(http.StatusConflict, "Conflict", name+" has been modified")
		return
	case name == s.changed:
		fail(http.StatusInternalServerError, "InternalError", "etcd has no leader")
		return
	case r.Header.Get("Content-Type") == string(types.JSONPatchType) && s.statuses > 0:
		s.statuses--
		fail(http.StatusUnprocessableEntity, "Invalid", "the server rejected our request due to an error in our request")
		return
	case r.Header.Get("Content-Type") == string(types.JSONPatchType):
		delete(s.claimed, name)
	case r.Method == http.MethodPatch:
		var body struct {
			Metadata struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
			Spec struct {
				MinReplicas float64 `json:"minReplicas"`
			} `json:"spec"`
		}
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			s.floors[name], s.claimed[name] = body.Spec.MinReplicas, body.Metadata.Annotations[hpa.Annotation]
		}
	}
	annotations := map[string]string{}
	if claim, claimed := s.claimed[name]; claimed {
		annotations[hpa.Annotation] = claim
	}
	if s.applied != "" {
		annotations[corev1.LastAppliedConfigAnnotation] = s.applied
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
		"metadata": map[string]any{"name": name, "namespace": "shop", "uid": name, "resourceVersion": "7", "annotations": annotations},
		"spec":     map[string]any{"minReplicas": s.floors[name], "maxReplicas": 50, "scaleTargetRef": map[string]string{"kind": "Deployment", "name": name}},
	})
}

// holding returns a controller that holds the floors of a server.
func holding(t *testing.T, names ...string) (*Controller, *hpaServer) {
	t.Helper()
	s := &hpaServer{floors: map[string]float64{}, claimed: map[string]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(&rest.Config{Host: server.URL}, Options{
		Identity: "a", Lease: types.NamespacedName{Namespace: "forescale", Name: "forescale"}, HandOver: time.Millisecond, Workers: 2,
	})
	require.NoError(t, err)
	kind, err := hpa.KindOf("")
	require.NoError(t, err)
	for _, name := range names {
		s.hold(t, name, 9)
		key := types.NamespacedName{Namespace: "shop", Name: name}
		view, err := c.writer.Get(t.Context(), kind, key)
		require.NoError(t, err)
		c.targets[key] = &target{name: key, object: &v1alpha1.PredictiveAutoscaler{}, view: view}
	}
	return c, s
}

// A user who set the minimum to the current floor, by kubectl apply while no replica ran that could
// see it, keeps that: the former minimum is not put back.
func TestAFloorThatItsUserHasSetIsLeft(t *testing.T) {
	c, s := holding(t, "a")
	s.applied = `{"spec":{"minReplicas":9}}`
	require.NoError(t, c.Finish(t.Context()))
	floor, claimed := s.floor("a")
	require.InDelta(t, 9, floor, 0)
	require.False(t, claimed)
}

// The last replica gives every floor back as it stops: one that it may not write, or that is gone,
// does not prevent the others.
func TestAFloorThatCannotBeGivenBackDoesNotPreventOthers(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	c, s := holding(t, names...)
	s.refused = "b"
	s.mu.Lock()
	delete(s.floors, "c")
	s.mu.Unlock()
	err := c.Finish(t.Context())
	require.ErrorContains(t, err, "write the floor of HorizontalPodAutoscaler shop/b: b is forbidden")
	for _, name := range []string{"a", "d", "e", "f"} {
		floor, claimed := s.floor(name)
		require.InDelta(t, 2, floor, 0, name)
		require.False(t, claimed, name)
	}
}

// When a floor is given back, its autoscaler writes its status, possibly before forescale's
// annotation and field ownership are removed: they are removed at the next try.
func TestAStatusThatIsWrittenMeanwhileLeavesNoTrace(t *testing.T) {
	c, s := holding(t, "a")
	s.statuses = 1
	require.NoError(t, c.Finish(t.Context()))
	floor, claimed := s.floor("a")
	require.InDelta(t, 2, floor, 0)
	require.False(t, claimed)
}

// The floors to give back at the end are read under their lock: the watch of a target may still
// report changes.
func TestFinishReadsWhileTargetsAreSeen(t *testing.T) {
	c, s := holding(t, "a", "b")
	stop := make(chan struct{})
	var seen sync.WaitGroup
	seen.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, x := range c.all() {
				x.mu.Lock()
				v := *x.view
				x.view = &v
				x.mu.Unlock()
			}
		}
	})
	require.NoError(t, c.Finish(t.Context()))
	close(stop)
	seen.Wait()
	for _, name := range []string{"a", "b"} {
		floor, _ := s.floor(name)
		require.InDelta(t, 2, floor, 0)
	}
}

// A write whose answer never came, for example because the process was stopping, may have
// succeeded: its floor is given back too.
func TestAFloorWhoseWriteWasCutShortIsGivenBack(t *testing.T) {
	c, s := holding(t, "a", "b", "c")
	for name, x := range c.targets {
		x.view.Claim = nil // as it was before the write
		switch name.Name {
		case "a":
			c.settle(x, func() {}, context.Canceled)
		case "b":
			x.busy = true
		}
	}
	require.NoError(t, c.Finish(t.Context()))
	for name, want := range map[string]float64{"a": 2, "b": 2, "c": 9} {
		floor, claimed := s.floor(name)
		require.InDelta(t, want, floor, 0, name)
		require.Equal(t, name == "c", claimed, name)
	}
}

// Objects that a standby only observed are reconciled by the queue, which retries those that fail.
func TestTheElectedReplicaReconcilesByTheQueue(t *testing.T) {
	c, _ := holding(t, "a", "b")
	c.opts.ReadOnly = true
	c.client = lookup{object: &v1alpha1.PredictiveAutoscaler{}}
	elected := make(chan struct{})
	close(elected)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.lead(ctx, elected) }()
	var names []string
	for range 2 {
		e := <-c.passedOver
		require.Equal(t, "shop", e.Object.GetNamespace())
		require.True(t, c.Leads(), "or it would be passed over again")
		names = append(names, e.Object.GetName())
	}
	require.ElementsMatch(t, []string{"a", "b"}, names)
	cancel()
	require.NoError(t, <-done)
	require.False(t, c.Leads())
}

// An elected replica continues from the status that its predecessor wrote, and not from the one
// when it started as a standby: a problem that was reported is not reported again.
func TestTheElectedReplicaContinuesFromTheLastStatus(t *testing.T) {
	c, told := recording()
	c.log, c.opts, c.targets = slog.New(slog.DiscardHandler), Options{}.withDefaults(), map[types.NamespacedName]*target{}
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	c.opts.Now = func() time.Time { return now }
	troubled := inOrder(0.7, true)
	troubled.scale.Err = errors.New("no data")
	pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "1"}}
	pa.Status = inOrder(0.7, true).describe(now, false)
	x := c.adopt(pa) // as a standby
	x.object, x.view, x.verdict, x.scale = pa, troubled.view, troubled.verdict, troubled.scale

	later := now.Add(time.Hour)
	pa = pa.DeepCopy()
	pa.Status = troubled.describe(later, false) // which another replica has written, and told of
	scaled := metav1.NewTime(later)
	pa.Status.LastScaleTime = &scaled
	c.client = &statusServer{Client: lookup{object: pa}}
	c.catchUp(t.Context())
	now = later.Add(time.Minute)
	next := x.describe(now, false)
	require.Equal(t, &scaled, next.LastScaleTime)
	require.Equal(t, pa.Status.Conditions, next.Conditions)
	c.reportOne(t.Context(), x)
	require.Empty(t, told())
}

// lookup is a client that knows one object, whose finalizers may be taken away.
type lookup struct {
	client.Client
	object *v1alpha1.PredictiveAutoscaler
}

func (l lookup) Get(_ context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	pa, ok := into.(*v1alpha1.PredictiveAutoscaler)
	if !ok {
		return fmt.Errorf("%T is not known here", into)
	}
	l.object.DeepCopyInto(pa)
	return nil
}

func (l lookup) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	list, ok := into.(*v1alpha1.PredictiveAutoscalerList)
	if !ok {
		return fmt.Errorf("%T is not known here", into)
	}
	list.Items = []v1alpha1.PredictiveAutoscaler{*l.object}
	return nil
}

func (l lookup) Patch(_ context.Context, o client.Object, _ client.Patch, _ ...client.PatchOption) error {
	l.object.Finalizers = o.GetFinalizers()
	return nil
}

// An object that is deleted while no replica runs waits for the next one. That sees the object
// before it is elected, and may get no further event, since neither the object nor its HPA changes.
func TestAnObjectDeletedBeforeTheElectionIsReleased(t *testing.T) {
	c, s := holding(t, "web")
	clear(c.targets) // the process is new
	deleted := metav1.Now()
	pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web", DeletionTimestamp: &deleted, Finalizers: []string{finalizer},
	}}
	pa.Spec.TargetRef.Name = "web"
	c.client = lookup{object: pa}
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "web"}}
	c.opts.ReadOnly = true // whoever deletes the object wants its floor back

	standby, err := c.Reconcile(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, time.Second, standby.RequeueAfter, "this replica may be elected")
	_, claimed := s.floor("web")
	require.True(t, claimed, "it is not its to give back")

	c.leads.Store(true)
	_, err = c.Reconcile(t.Context(), request)
	require.NoError(t, err)
	floor, claimed := s.floor("web")
	require.InDelta(t, 2, floor, 0)
	require.False(t, claimed)
	require.Empty(t, pa.Finalizers)
}

// The deletion of an object waits for a write under way: else the floor could be raised after it
// was found to be free, and would never be given back.
func TestADeletionWaitsForTheWriteUnderWay(t *testing.T) {
	c, s := holding(t, "web")
	deleted := metav1.Now()
	pa := &v1alpha1.PredictiveAutoscaler{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web", DeletionTimestamp: &deleted, Finalizers: []string{finalizer},
	}}
	pa.Spec.TargetRef.Name = "web"
	c.client = lookup{object: pa}
	c.leads.Store(true)
	x := c.all()[0]
	x.busy = true
	request := ctrl.Request{NamespacedName: x.name}
	result, err := c.Reconcile(t.Context(), request)
	require.NoError(t, err)
	require.Positive(t, result.RequeueAfter)
	require.NotEmpty(t, pa.Finalizers)
	a, _ := x.decide(c.opts.Store, c.opts.Now(), c.opts)
	require.Equal(t, keep, a, "it is decided no more")
	c.settle(x, func() {}, nil)
	_, err = c.Reconcile(t.Context(), request)
	require.NoError(t, err)
	floor, claimed := s.floor("web")
	require.InDelta(t, 2, floor, 0)
	require.False(t, claimed)
	require.Empty(t, pa.Finalizers)
}

// A read-only controller gives nothing back as it stops.
func TestFinishWritesNothingInReadOnlyMode(t *testing.T) {
	c, s := holding(t, "a")
	c.opts.ReadOnly = true
	require.NoError(t, c.Finish(t.Context()))
	floor, claimed := s.floor("a")
	require.InDelta(t, 9, floor, 0)
	require.True(t, claimed)
}

package controller

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/scaler/capacity"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

// The start of a pod counts once; a pod counts as ready while it is, and not at all once it is
// being deleted.
func TestPodsAreCounted(t *testing.T) {
	created := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pod := func(name string, conditions ...corev1.PodCondition) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				UID: types.UID(name), Labels: map[string]string{"app": "web", "pod-template-hash": "a"}, CreationTimestamp: metav1.NewTime(created),
			},
			Status: corev1.PodStatus{Conditions: conditions},
		}
	}
	ready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(created.Add(40 * time.Second))}
	unready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: ready.LastTransitionTime}
	full := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable}
	waiting := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "SchedulingGated"}
	going := pod("c", ready)
	going.DeletionTimestamp = &ready.LastTransitionTime
	stranger := pod("x", ready)
	stranger.Labels = map[string]string{"app": "db"}

	p := pods{selector: labels.SelectorFromSet(labels.Set{"app": "web"}), seen: map[types.UID]podState{}}
	apart := pod("a", ready)
	apart.Labels = stranger.Labels
	for _, step := range []struct {
		why                  string
		pod                  *corev1.Pod
		fresh                bool
		ready, unschedulable int32
	}{
		{"not ready yet", pod("a", unready), false, 0, 0},
		{"ready: its start is news", pod("a", ready), true, 1, 0},
		{"seen again", pod("a", ready), false, 1, 0},
		{"no node for it", pod("b", full), false, 1, 1},
		{"a gate is not a lack of room", pod("d", waiting), false, 1, 1},
		{"room was found", pod("b", ready), true, 2, 0},
		{"another one's pod", stranger, false, 2, 0},
		{"ready and new", pod("c", ready), true, 3, 0},
		{"being deleted", going, false, 2, 0},
		{"fails its probe", pod("a", unready), false, 1, 0},
		{"back again is no new start", pod("a", ready), false, 2, 0},
		{"set apart by other labels", apart, false, 1, 0},
	} {
		require.Equal(t, step.fresh, p.see(step.pod), step.why)
		require.Equal(t, [2]int32{step.ready, step.unschedulable}, [2]int32{p.ready, p.unschedulable}, step.why)
	}
	p.drop(pod("b"))
	p.drop(pod("b"))
	require.EqualValues(t, 0, p.ready, "gone once")
	require.Len(t, p.starts.Starts, 3)
	require.Equal(t, capacity.Start{Template: "a", Took: 40 * time.Second}, p.starts.Starts[0])

	old := ready // after hours, with its node back say: a new process sees no more than that it is ready
	old.LastTransitionTime = metav1.NewTime(created.Add(30 * time.Hour))
	require.False(t, p.see(pod("e", old)), "back again before it was ever seen")
	require.EqualValues(t, 1, p.ready, "ready all the same")
	require.Len(t, p.starts.Starts, 3)

	var unknown pods
	require.False(t, unknown.see(pod("a", ready)), "whose pods they are is not known yet")
	unknown.drop(pod("a"))
	require.Zero(t, unknown.ready)
}

// Even after thousands of pods each start counts once: a pod that outlives the others is no new
// start.
func TestAStartCountsOnceHoweverManyThereWere(t *testing.T) {
	created := metav1.NewTime(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{UID: types.UID(name), CreationTimestamp: created},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(created.Add(40 * time.Second)),
			}}},
		}
	}
	p := pods{selector: labels.Everything(), seen: map[types.UID]podState{}}
	require.True(t, p.see(pod("stays")))
	for i := range 10_000 {
		comes := pod(strconv.Itoa(i))
		require.True(t, p.see(comes))
		p.drop(comes)
		require.False(t, p.see(pod("stays")), i)
	}
	require.Len(t, p.seen, 1, "what is gone is not remembered")
}

// podCache is a client that lists pods.
type podCache struct {
	client.Client

	pods []corev1.Pod
}

func (c podCache) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	list, ok := into.(*corev1.PodList)
	if !ok {
		return fmt.Errorf("%T is not known here", into)
	}
	var o client.ListOptions
	o.ApplyOptions(options)
	for _, p := range c.pods {
		if o.LabelSelector.Matches(labels.Set(p.Labels)) {
			list.Items = append(list.Items, p)
		}
	}
	return nil
}

// When forescale starts in the middle of a roll-out, it lists pods of two templates in any order,
// and learns from the new ones as if it had seen them start.
func TestEarlierStartsAreLearnedInTheirOrder(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"kind":"Scale","apiVersion":"autoscaling/v1","spec":{"replicas":2},"status":{"selector":"app=web"}}`)
	}))
	defer server.Close()
	c, err := New(&rest.Config{Host: server.URL}, Options{Store: live.NewStore(nil, live.Options{}), WatchPods: true})
	require.NoError(t, err)
	apps := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(apps, meta.RESTScopeNamespace)
	c.writer.Mapper = mapper
	begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	pod := func(i int, template string, created time.Time, took time.Duration) corev1.Pod {
		name := template + strconv.Itoa(i)
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(created),
				Labels: map[string]string{"app": "web", "pod-template-hash": template},
			},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(created.Add(took)),
			}}},
		}
	}
	var cached []corev1.Pod
	for i := range 6 {
		at := begin.Add(time.Duration(i) * time.Minute)
		cached = append(cached, pod(i, "new", at.Add(time.Hour), 20*time.Second), pod(i, "old", at, 90*time.Second))
	}
	c.client = podCache{pods: cached}
	x := &target{}
	c.learnPods(t.Context(), x, &hpa.View{Target: hpa.Target{GVK: apps, Name: "web"}})
	took, measured := x.pods.starts.Estimate(nil)
	require.True(t, measured)
	require.Equal(t, 20*time.Second, took)
}

// A Deployment that is deleted and created again with other labels has other pods than before. So
// has a custom resource that reports another selector while its former pods still exist. The
// learned start-up time stays.
func TestPodsOfATargetThatIsCreatedAgain(t *testing.T) {
	labelled, asked := "app=web", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"Scale","apiVersion":"autoscaling/v1","spec":{"replicas":2},"status":{"selector":%q}}`, labelled)
	}))
	defer server.Close()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	c, err := New(&rest.Config{Host: server.URL}, Options{
		Store: live.NewStore(nil, live.Options{}), WatchPods: true, Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	apps := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(apps, meta.RESTScopeNamespace)
	c.writer.Mapper = mapper
	pod := func(name, app string) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{"app": app}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		}
	}
	former := pod("a", "web")
	c.client = podCache{pods: []corev1.Pod{former, pod("b", "shop"), pod("c", "shop")}}
	x, view := &target{}, &hpa.View{Target: hpa.Target{GVK: apps, Name: "web"}}
	learn := func() (ready, requests, starts int) {
		asked = 0
		c.learnPods(t.Context(), x, view)
		return int(x.pods.ready), asked, len(x.pods.starts.Starts)
	}
	for _, step := range []struct {
		why                     string
		do                      func()
		ready, requests, starts int
	}{
		{"its pod is counted", func() {}, 1, 1, 1},
		{"the former one is still there", func() { labelled = "app=shop" }, 1, 0, 1},
		{"it has gone", func() { x.pods.drop(&former) }, 2, 1, 3},
		{"another selector, a moment later", func() { labelled = "app in (shop,web)" }, 2, 0, 3},
		{"and minutes later: those that were known start once", func() { now = now.Add(selectorLasts) }, 3, 1, 4},
		{"the same for minutes", func() { now = now.Add(selectorLasts) }, 3, 1, 4},
		{"that is known now", func() {}, 3, 0, 4},
		{"another target", func() { view = &hpa.View{Target: hpa.Target{GVK: apps, Name: "green"}} }, 3, 1, 4},
	} {
		step.do()
		ready, requests, starts := learn()
		require.Equal(t, [3]int{step.ready, step.requests, step.starts}, [3]int{ready, requests, starts}, step.why)
	}
}

func TestTheTemplateOfAPod(t *testing.T) {
	for label, kind := range map[string]string{
		"pod-template-hash": "Deployment", "controller-revision-hash": "StatefulSet", "rollouts-pod-template-hash": "Rollout of Argo",
	} {
		require.Equal(t, "a1", templateOf(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{label: "a1", "app": "web"}}}), kind)
	}
}

// Why the pods of a target are unknown is logged once per cause, for example that forescale may not
// read the scale of a custom resource: its starts would otherwise never be measured, without a
// word. A resource that does not exist yet is no cause.
func TestWhyPodsAreUnknownIsLoggedOnce(t *testing.T) {
	status := http.StatusNotFound
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		reason := map[int]string{http.StatusNotFound: "NotFound", http.StatusForbidden: "Forbidden"}[status]
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"shops.example.com: %s","code":%d}`, reason, reason, status)
	}))
	defer server.Close()
	var log strings.Builder
	c, err := New(&rest.Config{Host: server.URL}, Options{WatchPods: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	shop := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Shop"}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(shop, meta.RESTScopeNamespace)
	c.writer.Mapper = mapper
	x, view := &target{}, &hpa.View{Target: hpa.Target{GVK: shop, Name: "web"}}
	c.learnPods(t.Context(), x, view)
	require.Empty(t, log.String())
	status = http.StatusForbidden
	for range 3 {
		c.learnPods(t.Context(), x, view)
	}
	require.Equal(t, 1, strings.Count(log.String(), "shops.example.com: Forbidden"))
	require.Contains(t, log.String(), "level=WARN")
}

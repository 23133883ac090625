package external

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/live"
)

func TestMetadataIsDecodedOncePerChange(t *testing.T) {
	r, now := newRegistry(time.Hour), time.Unix(1000, 0)
	first, fresh, err := r.find(objectName{"shop", "web"}, web(), now)
	require.NoError(t, err)
	require.True(t, fresh)
	for range 100 {
		v, fresh, err := r.find(objectName{"shop", "web"}, web(), now) // equal, not the same map
		require.NoError(t, err)
		require.False(t, fresh)
		require.Same(t, first, v)
	}
	bad, _, err := r.find(objectName{"shop", "web"}, web("mode", "Off"), now)
	require.Error(t, err)
	again, fresh, err := r.find(objectName{"shop", "web"}, web("mode", "Off"), now)
	require.Error(t, err)
	require.False(t, fresh)
	require.Same(t, bad, again)
}

func TestCallersMayReuseTheirMap(t *testing.T) {
	r, m := newRegistry(time.Hour), web()
	v, _, err := r.find(objectName{"shop", "web"}, m, time.Unix(0, 0))
	require.NoError(t, err)
	m["metric.query"] = "up"
	require.Equal(t, requestQuery, v.metadata["metric.query"])
}

func TestFindingAKnownTriggerDoesNotAllocate(t *testing.T) {
	r, m, now := newRegistry(time.Hour), web(), time.Unix(1000, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _, _ = r.find(objectName{"shop", "web"}, m, now)
	}))
}

func TestEditIsAdoptedOnce(t *testing.T) {
	store := newFakeStore()
	k := kedaTrigger{client: local{newService(store, nil)}, ref: refTo(web())}
	store.set(webKey, live.Answer{Value: 1000, Active: true})
	poll := func(want int64) {
		t.Helper()
		replicas, _, err := k.poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, replicas)
	}
	poll(20)
	k.ref = refTo(web("scale.targetPerReplicaFromEnv", "100"))
	for range 10 {
		poll(10)
	}
	require.InDelta(t, 100, store.spec(webKey).Scale.TargetPerReplica.Float(), 0)
	require.Equal(t, 2, store.starts(webKey))

	k.ref = refTo(web()) // taken back
	for range 10 {
		poll(20)
	}
	require.InDelta(t, 50, store.spec(webKey).Scale.TargetPerReplica.Float(), 0)
	require.Equal(t, 3, store.starts(webKey))
}

// Just after an edit a call or two may still have the former metadata.
func TestCallsWithTheFormerMetadataAreNoAlternation(t *testing.T) {
	store := newFakeStore()
	s := newService(store, nil)
	store.set(webKey, live.Answer{Value: 1000, Active: true})
	edited := web("scale.targetPerReplicaFromEnv", "100")
	for _, m := range []map[string]string{web(), edited, web(), edited, edited} {
		_, _, err := kedaTrigger{client: local{s}, ref: refTo(m)}.poll(t.Context())
		require.NoError(t, err)
	}
}

func TestTriggersThatShareANameAreRefused(t *testing.T) {
	store, log := newFakeStore(), &logbook{}
	s := newService(store, log)
	store.set(webKey, live.Answer{Value: 1000, Active: true})
	store.set(live.Key{Namespace: "shop", Name: "web", Metric: "jobs"}, live.Answer{Value: 70, Active: true})
	a := kedaTrigger{local{s}, refTo(web()), 0}
	b := kedaTrigger{local{s}, refTo(web("metric.query", "sum(jobs)", "scale.targetPerReplicaFromEnv", "7")), 1}
	round := func() (errA, errB error) {
		_, _, errA = a.poll(t.Context())
		_, _, errB = b.poll(t.Context())
		return errA, errB
	}
	for range 3 { // two or three rounds may pass before it is clear
		_, _ = round()
	}
	starts := store.starts(webKey)
	const want = `ScaledObject shop/web: metadata key metricName: "requests": shared by 2 triggers, which differ in metric.query, scale.targetPerReplicaFromEnv: give each trigger a metricName of its own`
	for range 20 {
		errA, errB := round()
		for _, err := range []error{errA, errB} {
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			require.ErrorContains(t, err, want)
		}
		_, err := b.metricSpecs(t.Context())
		require.NoError(t, err, "the specification is static")
		_, err = s.IsActive(t.Context(), a.ref)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "KEDA must not take it for inactive")
	}
	require.Equal(t, starts, store.starts(webKey), "no restarts while the two alternate")
	require.Len(t, log.lines(), 1, "said once, not at each poll")

	// The user follows the advice; within a minute or so of KEDA's calls all is well.
	b.ref = refTo(web("metric.query", "sum(jobs)", "scale.targetPerReplicaFromEnv", "7", "metricName", "jobs"))
	for range maxMisses {
		_, _ = round()
	}
	errA, errB := round()
	require.NoError(t, errA)
	require.NoError(t, errB)
	require.Equal(t, requestQuery, store.spec(webKey).Metric.Query)
}

func TestIdleTriggersAreForgotten(t *testing.T) {
	r, now := newRegistry(time.Hour), time.Unix(10_000, 0)
	for i := range 100 {
		_, _, err := r.find(objectName{"shop", strconv.Itoa(i)}, web(), now)
		require.NoError(t, err)
	}
	now = now.Add(50 * time.Minute)
	kept, _, err := r.find(objectName{"shop", "0"}, web(), now)
	require.NoError(t, err)
	now = now.Add(20 * time.Minute)
	_, _, err = r.find(objectName{"shop", "new"}, web(), now) // growth is when the others are looked at
	require.NoError(t, err)
	require.Len(t, r.objects, 2)
	v, fresh, err := r.find(objectName{"shop", "0"}, web(), now)
	require.NoError(t, err)
	require.False(t, fresh)
	require.Same(t, kept, v)
}

func TestScaledObjectsAreBounded(t *testing.T) {
	r, now := newRegistry(time.Hour), time.Unix(10_000, 0)
	r.limit = 3
	for i := range 5 {
		_, _, err := r.find(objectName{"shop", strconv.Itoa(i)}, web(), now)
		if i < r.limit {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		require.ErrorContains(t, err, "ScaledObject shop/"+strconv.Itoa(i)+": 3 ScaledObjects are served already")
	}
	_, _, err := r.find(objectName{"shop", "0"}, web(), now)
	require.NoError(t, err, "those that are served stay so")
	_, _, err = r.find(objectName{"shop", "4"}, web(), now.Add(2*time.Hour))
	require.NoError(t, err, "the forgotten make room")
}

func TestVariantsOfAScaledObjectAreBounded(t *testing.T) {
	r, name := newRegistry(time.Hour), objectName{"shop", "web"}
	steady, _, err := r.find(name, web("metricName", "steady"), time.Unix(0, 0))
	require.NoError(t, err)
	for i := range 10 * maxVariants {
		now := time.Unix(int64(i), 0)
		_, _, _ = r.find(name, web("metric.query", fmt.Sprintf("m%d", i), "metricName", []string{"", "n", "/"}[i%3]), now)
		require.LessOrEqual(t, len(r.objects[name].variants), maxVariants)
		v, _, err := r.find(name, web("metricName", "steady"), now)
		require.NoError(t, err)
		require.Same(t, steady, v, "what is in use stays")
	}
}

func TestForgottenWorkloadStartsAgain(t *testing.T) {
	store := newFakeStore()
	k := kedaTrigger{client: local{newService(store, nil)}, ref: refTo(web())}
	store.set(webKey, live.Answer{Value: 1000, Active: true})
	_, _, err := k.poll(t.Context())
	require.NoError(t, err)
	store.forget(webKey)
	replicas, _, err := k.poll(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20, replicas)
	require.Equal(t, 2, store.starts(webKey))
}

func TestConcurrentCallsAgree(t *testing.T) {
	store := newFakeStore()
	s := newService(store, nil)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				m := web("metricName", fmt.Sprint("m", i%7))
				if worker == 0 && i%10 == 0 {
					m = web("metricName", "m0", "metric.step", fmt.Sprintf("%ds", 1+i%4)) // an editor
				}
				ref := refTo(m)
				_, _ = s.GetMetricSpec(t.Context(), ref)
				_, _ = s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: m["metricName"]})
				_, _ = s.IsActive(t.Context(), ref)
			}
		})
	}
	wg.Wait()
	s.starts.Wait()
	for i := 1; i < 7; i++ {
		require.Equal(t, 1, store.starts(live.Key{Namespace: "shop", Name: "web", Metric: fmt.Sprint("m", i)}))
	}
}

package differential

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// A podCase is one question to the replica calculator.
type podCase struct {
	Spec       int32
	Percent    int32 // target of a utilization; 0 = Average counts
	Average    int64 // milli-units per pod
	CPU        bool
	Tolerances hpa.Tolerances
	Pods       []hpa.Pod
	Want       int32
	Error      bool
}

// port asks the port at now.
func (c podCase) port(now time.Time) (int32, error) {
	q := hpa.Query{
		Now: now, Scale: hpa.Scale{Spec: c.Spec, Status: c.Spec}, Tolerances: c.Tolerances,
		CPUStart: 5 * time.Minute, FirstReadiness: 30 * time.Second,
	}
	if c.Percent > 0 {
		return hpa.Utilization{Target: c.Percent, CPU: c.CPU, Pods: c.Pods}.Propose(q)
	}
	return hpa.PodsAverage{Target: c.Average, CPU: c.CPU, Pods: c.Pods}.Propose(q)
}

// pods implements the lister and the metrics client of the calculator.
type pods struct {
	metrics.MetricsClient
	corelisters.PodLister
	corelisters.PodNamespaceLister

	listed  []*corev1.Pod
	samples metrics.PodMetricsInfo
	now     time.Time
}

func (p *pods) Pods(string) corelisters.PodNamespaceLister { return p }

func (p *pods) List(labels.Selector) ([]*corev1.Pod, error) { return p.listed, nil }

func (p *pods) GetResourceMetric(context.Context, corev1.ResourceName, string, labels.Selector, string) (metrics.PodMetricsInfo, time.Time, error) {
	if len(p.samples) == 0 {
		return nil, time.Time{}, errSource // as the REST client does
	}
	return p.samples, p.now, nil
}

func (p *pods) GetRawMetric(string, string, labels.Selector, labels.Selector) (metrics.PodMetricsInfo, time.Time, error) {
	if len(p.samples) == 0 {
		return nil, time.Time{}, errSource
	}
	return p.samples, p.now, nil
}

// real asks the real calculator.
func (c podCase) real(now time.Time) (int32, error) {
	p := c.world(now)
	calculator := podautoscaler.NewReplicaCalculator(p, p, 5*time.Minute, 30*time.Second)
	name := corev1.ResourceMemory
	if c.CPU {
		name = corev1.ResourceCPU
	}
	var n int32
	var err error
	switch {
	case c.Percent > 0:
		n, _, _, _, err = calculator.GetResourceReplicas(context.Background(), c.Spec, c.Percent, name, tolerances(c.Tolerances), namespace, labels.Everything(), "")
	case c.CPU:
		n, _, _, err = calculator.GetRawResourceReplicas(context.Background(), c.Spec, c.Average, name, tolerances(c.Tolerances), namespace, labels.Everything(), "")
	default:
		n, _, _, err = calculator.GetMetricReplicas(c.Spec, c.Average, "load", tolerances(c.Tolerances), namespace, labels.Everything(), labels.Everything())
	}
	return n, err
}

// tolerances fills the calculator's type, whose fields are not exported.
func tolerances(t hpa.Tolerances) podautoscaler.Tolerances {
	var to podautoscaler.Tolerances
	fields := (*[2]float64)(unsafe.Pointer(&to)) // scaleDown, scaleUp
	fields[0], fields[1] = t.Down, t.Up
	return to
}

func TestTolerancesAreWhereTheyAreExpected(t *testing.T) {
	require.Equal(t, "[down:10.0%, up:20.0%]", tolerances(hpa.Tolerances{Up: 0.2, Down: 0.1}).String())
	require.Equal(t, uintptr(16), unsafe.Sizeof(podautoscaler.Tolerances{}))
}

// world spells the pods as the API server and the metrics API do.
func (c podCase) world(now time.Time) *pods {
	p := &pods{samples: metrics.PodMetricsInfo{}, now: now}
	for i, pod := range c.Pods {
		if pod.Sampled {
			p.samples[podName(i)] = metrics.PodMetric{Value: pod.Value, Timestamp: pod.At, Window: pod.Window}
		}
		if pod.Phase != hpa.Gone {
			p.listed = append(p.listed, c.spell(pod, podName(i), now))
		}
	}
	return p
}

func (c podCase) spell(pod hpa.Pod, name string, now time.Time) *corev1.Pod {
	name0 := corev1.ResourceMemory
	if c.CPU {
		name0 = corev1.ResourceCPU
	}
	out := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: podLabels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{name0: *resource.NewMilliQuantity(pod.Request, resource.DecimalSI)}},
		}}},
	}
	switch pod.Phase {
	case hpa.Pending:
		out.Status.Phase = corev1.PodPending
	case hpa.Failed:
		out.Status.Phase = corev1.PodFailed
	default:
		out.Status.Phase = corev1.PodRunning
	}
	if pod.Deleted {
		out.DeletionTimestamp = &metav1.Time{Time: now}
	}
	if !pod.Started.IsZero() {
		out.Status.StartTime = &metav1.Time{Time: pod.Started}
	}
	status := map[hpa.Condition]corev1.ConditionStatus{hpa.True: corev1.ConditionTrue, hpa.False: corev1.ConditionFalse, hpa.Unknown: corev1.ConditionUnknown}
	if s, ok := status[pod.Ready]; ok {
		out.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: s, LastTransitionTime: metav1.Time{Time: pod.Changed}}}
	}
	return out
}

func podName(i int) string { return fmt.Sprintf("web-%02d", i) }

// randomCase draws pods of every kind, mostly healthy ones.
func randomCase(r *rand.Rand, now time.Time) podCase {
	c := podCase{
		Spec: int32(r.IntN(20)), CPU: r.Float64() < 0.6,
		Tolerances: hpa.Tolerances{Up: float64(r.IntN(5)) / 20, Down: float64(r.IntN(5)) / 20},
	}
	request := int64(100 * (1 + r.IntN(20)))
	level := 2 * r.Float64() // of the target
	target := float64(request) * (0.2 + 1.4*r.Float64())
	if r.Float64() < 0.6 {
		c.Percent = int32(20 + r.IntN(141))
		target = float64(request) * float64(c.Percent) / 100
	} else {
		c.Average = int64(target)
	}
	rough := r.Float64() // how much is wrong with the pods of this case
	for range r.IntN(13) {
		c.Pods = append(c.Pods, randomPod(r, now, rough, request, int64(target*level*(0.7+0.6*r.Float64()))))
	}
	return c
}

func randomPod(r *rand.Rand, now time.Time, rough float64, request, usage int64) hpa.Pod {
	odd := func(p float64) bool { return r.Float64() < p*rough }
	ago := func(most time.Duration) time.Time {
		return now.Add(-time.Duration(r.Int64N(int64(most))).Round(time.Second))
	}
	p := hpa.Pod{
		Started: ago(2 * time.Hour), Ready: hpa.True, Sampled: !odd(0.4), Value: usage, Request: request,
		Window: time.Duration(10+r.IntN(50)) * time.Second,
	}
	if odd(0.7) {
		p.Started = ago(10 * time.Minute)
	}
	p.Changed = p.Started.Add(time.Duration(r.IntN(60)) * time.Second)
	p.At = ago(90 * time.Second)
	if odd(0.5) {
		p.Ready = hpa.Condition(r.IntN(4))
	}
	if odd(0.3) {
		p.Changed = ago(20 * time.Minute)
	}
	if odd(0.1) {
		p.Started = time.Time{}
	}
	if odd(0.3) {
		p.Phase = hpa.Phase(r.IntN(4))
	}
	if odd(0.2) {
		p.Request += int64(r.IntN(900))
	}
	p.Deleted = odd(0.15)
	return p
}

func TestRandomPodsInTheRealCalculator(t *testing.T) {
	n := 300_000
	if testing.Short() {
		n /= 10
	}
	synctest.Test(t, func(t *testing.T) { // the calculator reads the clock, which stands still in here
		quiet()
		r := rand.New(rand.NewPCG(1, 8))
		var up, down, keep, failed, unready, missing int
		for i := range n {
			c := randomCase(r, time.Now())
			want, wrong := c.real(time.Now())
			got, err := c.port(time.Now())
			require.Equal(t, wrong != nil, err != nil, "case %d: %+v: real %v, port %v", i, c, wrong, err)
			switch {
			case wrong != nil:
				failed++
				continue
			case want > c.Spec:
				up++
			case want < c.Spec:
				down++
			default:
				keep++
			}
			require.Equal(t, want, got, "case %d: %+v", i, c)
			for _, p := range c.Pods {
				if p.Phase == hpa.Pending || p.Ready == hpa.False {
					unready++
					break
				}
			}
			for _, p := range c.Pods {
				if !p.Sampled {
					missing++
					break
				}
			}
		}
		t.Logf("%d cases, all equal: %d up, %d down, %d keep, %d errors; %d with pods pending or not ready, %d with missing samples",
			n, up, down, keep, failed, unready, missing)
	})
}

package differential

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	defaults "k8s.io/kubernetes/pkg/apis/autoscaling/v2"
	"k8s.io/kubernetes/pkg/features"
)

// A walk is a day of one HPA under a random load.
type walk struct {
	settings hpa.Settings
	bounds   hpa.Bounds
	kind     kind
	floors   bool // whether minReplicas and maxReplicas change now and then
	manual   bool // whether somebody else scales the target now and then
	idle     bool // whether there are long stretches without load
	negative bool // whether the metric is below zero now and then
}

type kind string

const (
	average kind = "one External metric, AverageValue"
	value   kind = "one External metric, Value"
	both    kind = "two External metrics that fail now and then"
)

// A step is one sync: what the controller saw, and what it did.
type step struct {
	At     time.Duration // since the start of the walk
	Loads  [2]int64
	Failed [2]bool
	Bounds hpa.Bounds
	Scale  hpa.Scale
	Ready  int
	Want   int32 // spec.replicas after the sync
}

const podsOfValue = 60 // pods that exist in a walk of kind value

// walks covers each rule that shapes a count.
func walks() map[string]walk {
	seconds := func(n int) *time.Duration { d := time.Duration(n) * time.Second; return &d }
	tolerance := func(f float64) *float64 { return &f }
	pods := func(n int32, s int) hpa.Policy {
		return hpa.Policy{Kind: hpa.Pods, Value: n, Period: time.Duration(s) * time.Second}
	}
	percent := func(n int32, s int) hpa.Policy {
		return hpa.Policy{Kind: hpa.Percent, Value: n, Period: time.Duration(s) * time.Second}
	}
	wide := hpa.Bounds{Min: 1, Max: 200}
	with := func(up, down hpa.Rules) hpa.Settings {
		return hpa.Settings{Behavior: &hpa.Behavior{Up: up, Down: down}, Gates: hpa.Version(36)}
	}
	all := map[string]walk{
		"no behavior":             {settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide},
		"no behavior, narrow":     {settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: hpa.Bounds{Min: 7, Max: 23}},
		"empty behavior":          {settings: with(hpa.Rules{}, hpa.Rules{}), bounds: wide},
		"mixed policies":          {settings: with(hpa.Rules{Policies: []hpa.Policy{pods(3, 60), percent(25, 120)}}, hpa.Rules{Policies: []hpa.Policy{pods(2, 45), percent(10, 90)}}), bounds: wide},
		"smallest change":         {settings: with(hpa.Rules{Select: hpa.SelectMin, Policies: []hpa.Policy{pods(9, 60), percent(50, 30)}}, hpa.Rules{Select: hpa.SelectMin, Window: seconds(60), Policies: []hpa.Policy{pods(5, 60), percent(20, 75)}}), bounds: wide},
		"both windows":            {settings: with(hpa.Rules{Window: seconds(90)}, hpa.Rules{Window: seconds(150)}), bounds: wide},
		"up window longer":        {settings: with(hpa.Rules{Window: seconds(200), Policies: []hpa.Policy{percent(300, 15)}}, hpa.Rules{Window: seconds(0)}), bounds: wide},
		"no way down":             {settings: with(hpa.Rules{}, hpa.Rules{Select: hpa.SelectDisabled}), bounds: wide, manual: true},
		"no way up":               {settings: with(hpa.Rules{Select: hpa.SelectDisabled}, hpa.Rules{Window: seconds(30)}), bounds: wide, manual: true},
		"down looks back further": {settings: with(hpa.Rules{Policies: []hpa.Policy{pods(6, 15)}}, hpa.Rules{Window: seconds(0), Policies: []hpa.Policy{percent(15, 600)}}), bounds: wide},
		"up looks back further":   {settings: with(hpa.Rules{Policies: []hpa.Policy{pods(12, 900)}}, hpa.Rules{Window: seconds(0), Policies: []hpa.Policy{pods(4, 30)}}), bounds: wide},
		"tolerances":              {settings: with(hpa.Rules{Tolerance: tolerance(0)}, hpa.Rules{Tolerance: tolerance(0.25), Window: seconds(120)}), bounds: wide},
	}
	for name, w := range all {
		w.kind = average
		all[name] = w
	}
	all["value"] = walk{settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide, kind: value}
	all["value, behavior"] = walk{settings: with(hpa.Rules{Window: seconds(30)}, hpa.Rules{}), bounds: wide, kind: value}
	all["failing metrics"] = walk{settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide, kind: both}
	all["failing metrics, behavior"] = walk{settings: with(hpa.Rules{}, hpa.Rules{Window: seconds(60)}), bounds: wide, kind: both}
	all["moving bounds"] = walk{settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide, kind: average, floors: true}
	all["moving bounds, behavior"] = walk{settings: with(hpa.Rules{Policies: []hpa.Policy{pods(5, 60)}}, hpa.Rules{Policies: []hpa.Policy{percent(30, 60)}}), bounds: wide, kind: average, floors: true}
	all["moving bounds, somebody else scales"] = walk{settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide, kind: both, floors: true, manual: true}
	zero := hpa.Gates{Tolerance: true, Zero: true}
	all["to zero and back"] = walk{settings: hpa.Settings{Gates: zero, Stabilization: nil}, bounds: hpa.Bounds{Min: 0, Max: 50}, kind: average, floors: true, manual: true, idle: true}
	all["to zero and back, behavior"] = walk{settings: hpa.Settings{Gates: zero, Behavior: &hpa.Behavior{Down: hpa.Rules{Window: seconds(30)}}}, bounds: hpa.Bounds{Min: 0, Max: 50}, kind: both, floors: true, idle: true}
	all["below zero"] = walk{settings: with(hpa.Rules{Window: seconds(45)}, hpa.Rules{Window: seconds(0)}), bounds: wide, kind: value, negative: true}
	all["below zero, average"] = walk{settings: hpa.Settings{Gates: hpa.Version(36)}, bounds: wide, kind: average, negative: true}
	return all
}

func TestWalksOfTheRealController(t *testing.T) {
	syncs, seeds := 5760, uint64(2) // 5760 syncs are a day
	if testing.Short() {
		seeds = 1
	}
	total, actions := 0, 0
	for name, w := range walks() {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds {
				for _, s := range w.run(t, syncs, seed, []float64{0.05, 0.2}[seed%2]) {
					total++
					if s.Want != s.Scale.Spec {
						actions++
					}
				}
			}
		})
	}
	t.Logf("%d sync decisions, %d scale actions, all equal", total, actions)
}

// run drives the real controller and the port through the same day, fails the
// test at the first difference, and returns what the real one did.
func (w walk) run(t *testing.T, syncs int, seed uint64, rough float64) []step {
	t.Helper()
	featuregatetesting.SetFeatureGateDuringTest(t, utilfeature.DefaultFeatureGate, features.HPAScaleToZero, w.settings.Gates.Zero)
	var steps []step
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 77))
		port, err := hpa.New(w.settings)
		require.NoError(t, err)
		load := newLoad(r, rough, w)
		bounds := w.bounds
		world := &world{spec: 5, status: 5}
		hpaObject := object(bounds.Min, bounds.Max, w.metrics()...)
		hpaObject.Spec.Behavior = behaviorOf(w.settings.Behavior)
		defaults.SetDefaults_HorizontalPodAutoscaler(hpaObject)
		var now step
		started, begun := time.Now(), 0
		world.begin = func() {
			begun++
			now.At = time.Since(started)
			now.Scale = hpa.Scale{Spec: world.spec, Status: world.status}
		}
		pods := w.pods(r)
		world.start(t, hpaObject, pods...)
		ready := countReady(pods)
		synctest.Wait()
		for i := range syncs {
			w.disturb(t, r, world, &bounds)
			now = step{Loads: [2]int64{load.next(r), load.other(r)}, Bounds: bounds, Ready: ready}
			now.Failed = w.failures(r)
			world.set(now)
			world.wait(i, &begun)
			require.Equal(t, i+1, begun, "one reconciliation per period")
			now.Want = world.spec
			d := port.Sync(started.Add(now.At), bounds, now.Scale, w.seen(now)...)
			require.Equal(t, now.Want, d.Replicas, "sync %d of seed %d: %+v, port: %+v", i, seed, now, d)
			steps = append(steps, now)
			world.settle(r)
		}
	})
	return steps
}

// wait lets time pass until sync i is done. The first one comes when the caches
// of the controller are filled.
func (w *world) wait(i int, begun *int) {
	if i > 0 {
		time.Sleep(syncPeriod)
		synctest.Wait()
		return
	}
	for range 60 {
		if *begun > 0 {
			return
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
}

// metrics returns the metric specs of the HPA: 100 per replica for the first and
// 40 for the second.
func (w walk) metrics() []autoscalingv2.MetricSpec {
	switch w.kind {
	case value:
		return []autoscalingv2.MetricSpec{externalSpec("first", 3_000_000, false)}
	case both:
		return []autoscalingv2.MetricSpec{externalSpec("first", 100_000, true), externalSpec("second", 40_000, true)}
	case average:
	}
	return []autoscalingv2.MetricSpec{externalSpec("first", 100_000, true)}
}

// seen returns the same metrics for the port.
func (w walk) seen(s step) []hpa.Metric {
	first := hpa.Metric(hpa.ExternalAverage{Value: s.Loads[0], Target: 100_000})
	if w.kind == value {
		first = hpa.ExternalValue{Value: s.Loads[0], Target: 3_000_000, Pods: podsOfValue, Ready: s.Ready}
	}
	if s.Failed[0] {
		first = hpa.Unavailable{}
	}
	if w.kind != both {
		return []hpa.Metric{first}
	}
	if s.Failed[1] {
		return []hpa.Metric{first, hpa.Unavailable{}}
	}
	return []hpa.Metric{first, hpa.ExternalAverage{Value: s.Loads[1], Target: 40_000}}
}

func (w walk) failures(r *rand.Rand) [2]bool {
	if w.kind != both {
		return [2]bool{}
	}
	return [2]bool{r.Float64() < 0.1, r.Float64() < 0.2}
}

func (w *world) set(s step) {
	w.external = map[string]int64{}
	for i, metric := range []string{"first", "second"} {
		if !s.Failed[i] {
			w.external[metric] = s.Loads[i]
		}
	}
}

// settle lets status.replicas follow spec.replicas, mostly at once.
func (w *world) settle(r *rand.Rand) {
	if r.Float64() < 0.8 {
		w.status = w.spec
		return
	}
	w.status = (w.status + w.spec) / 2
}

// disturb changes the bounds or the replicas now and then.
func (w walk) disturb(t *testing.T, r *rand.Rand, world *world, b *hpa.Bounds) {
	t.Helper()
	if w.manual && r.Float64() < 0.01 {
		world.spec = int32(r.IntN(80))
	}
	if !w.floors || r.Float64() >= 0.03 {
		return
	}
	*b = w.bounds
	if r.Float64() < 0.7 {
		b.Min = w.bounds.Min + int32(r.IntN(40))
		b.Max = b.Min + 1 + int32(r.IntN(100))
	}
	world.edit(t, func(s *autoscalingv2.HorizontalPodAutoscalerSpec) {
		low := b.Min
		s.MinReplicas, s.MaxReplicas = &low, b.Max
	})
	synctest.Wait()
}

// pods returns the pods of a walk of kind value, about three in four ready.
func (w walk) pods(r *rand.Rand) []*corev1.Pod {
	if w.kind != value {
		return nil
	}
	pods := make([]*corev1.Pod, podsOfValue)
	for i := range pods {
		ready, phase := corev1.ConditionTrue, corev1.PodRunning
		if r.Float64() < 0.2 {
			ready = corev1.ConditionFalse
		}
		if r.Float64() < 0.1 {
			phase = corev1.PodPending
		}
		pods[i] = &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: podName(i), Namespace: namespace, Labels: podLabels},
			Status:     corev1.PodStatus{Phase: phase, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	return pods
}

func countReady(pods []*corev1.Pod) int {
	n := 0
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning && p.Status.Conditions[0].Status == corev1.ConditionTrue {
			n++
		}
	}
	return n
}

// A load walks at random in milli-units, with jumps by four and hours of nothing.
type load struct {
	level float64
	rough float64 // of the walk: deviation of a step, relative
	walk  walk
	rest  int // steps for which there is no load
}

func newLoad(r *rand.Rand, rough float64, w walk) *load {
	return &load{level: 1000 * math.Exp(r.NormFloat64()), rough: rough, walk: w}
}

func (l *load) next(r *rand.Rand) int64 {
	if l.walk.idle && r.Float64() < 0.02 {
		l.rest = r.IntN(80)
	}
	if l.rest > 0 {
		l.rest--
		return 0
	}
	l.level *= math.Exp(l.rough * r.NormFloat64())
	switch u := r.Float64(); {
	case u < 0.002:
		l.level *= 4
	case u < 0.004:
		l.level /= 4
	case u < 0.014:
		return 0
	case u < 0.034 && l.walk.negative:
		return -int64(1000 * l.level)
	}
	l.level = min(max(l.level, 20), 25_000)
	return int64(1000 * l.level)
}

// other is a second metric, loosely tied to the first.
func (l *load) other(r *rand.Rand) int64 {
	if l.rest > 0 {
		return 0
	}
	return int64(300 * l.level * (0.5 + r.Float64()))
}

// behaviorOf spells a behavior the way a user would, before API defaults.
func behaviorOf(b *hpa.Behavior) *autoscalingv2.HorizontalPodAutoscalerBehavior {
	if b == nil {
		return nil
	}
	return &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: rulesOf(b.Up), ScaleDown: rulesOf(b.Down)}
}

func rulesOf(r hpa.Rules) *autoscalingv2.HPAScalingRules {
	out := &autoscalingv2.HPAScalingRules{}
	if r.Window != nil {
		seconds := int32(*r.Window / time.Second)
		out.StabilizationWindowSeconds = &seconds
	}
	if r.Tolerance != nil {
		out.Tolerance = resource.NewMilliQuantity(int64(math.Round(*r.Tolerance*1000)), resource.DecimalSI)
	}
	if r.Select != "" {
		s := autoscalingv2.ScalingPolicySelect(r.Select)
		out.SelectPolicy = &s
	}
	for _, p := range r.Policies {
		out.Policies = append(out.Policies, autoscalingv2.HPAScalingPolicy{
			Type: autoscalingv2.HPAScalingPolicyType(p.Kind), Value: p.Value, PeriodSeconds: int32(p.Period / time.Second),
		})
	}
	return out
}

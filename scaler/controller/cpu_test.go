package controller

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/collector/kubemetrics"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/live"
)

// limited is a container with a CPU limit, none if that is empty.
func limited(cpu string) corev1.Container {
	if cpu == "" {
		return corev1.Container{}
	}
	return corev1.Container{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}}
}

func TestWhatAPodMayUse(t *testing.T) {
	sidecar := limited("250m")
	sidecar.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	whole := &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}}
	for name, c := range map[string]struct {
		spec corev1.PodSpec
		want float64
	}{
		"one container":           {corev1.PodSpec{Containers: []corev1.Container{limited("500m")}}, 0.5},
		"two together":            {corev1.PodSpec{Containers: []corev1.Container{limited("500m"), limited("2")}}, 2.5},
		"one without limit":       {corev1.PodSpec{Containers: []corev1.Container{limited("500m"), limited("")}}, 0},
		"a sidecar runs along":    {corev1.PodSpec{Containers: []corev1.Container{limited("1")}, InitContainers: []corev1.Container{sidecar}}, 1.25},
		"what ran first is over":  {corev1.PodSpec{Containers: []corev1.Container{limited("1")}, InitContainers: []corev1.Container{limited("4")}}, 1},
		"the pod's own limit":     {corev1.PodSpec{Containers: []corev1.Container{limited("")}, Resources: whole}, 3},
		"it counts for the whole": {corev1.PodSpec{Containers: []corev1.Container{limited("1")}, Resources: whole}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: c.spec}
			require.InDelta(t, c.want, coresOf(pod), 1e-9)
			kept, err := SlimPod(pod)
			require.NoError(t, err)
			slim, ok := kept.(*corev1.Pod)
			require.True(t, ok)
			require.InDelta(t, c.want, coresOf(slim), 1e-9, "what the cache keeps says the same")
		})
	}
}

func TestUseOfTheReadyPods(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	window := func(cores float64, end time.Duration) kubemetrics.Use {
		return kubemetrics.Use{Cores: cores, From: at.Add(end - 15*time.Second), To: at.Add(end)}
	}
	two := map[types.UID]podState{
		"1": {ready: 1, name: "a", cores: 2}, "2": {ready: 1, name: "b", cores: 0.5}, "3": {name: "starting", cores: 9},
	}
	for name, c := range map[string]struct {
		seen  map[types.UID]podState
		by    map[string]kubemetrics.Use
		share float64
		err   string
	}{
		"both":           {two, map[string]kubemetrics.Use{"a": window(1.1, 0), "b": window(0.4, 5*time.Second), "starting": window(9, 0), "other": window(9, 0)}, 0.6, ""},
		"one is missing": {two, map[string]kubemetrics.Use{"a": window(1.1, 0)}, 0, "not all ready pods"},
		"not of one time": {
			two, map[string]kubemetrics.Use{"a": window(1.1, 0), "b": window(0.4, 3*time.Minute)}, 0, "not all ready pods",
		},
		"no limit":  {map[types.UID]podState{"1": {ready: 1, name: "a"}}, map[string]kubemetrics.Use{"a": window(1, 0)}, 0, "pod a has a container without a CPU limit"},
		"none runs": {map[types.UID]podState{}, map[string]kubemetrics.Use{"a": window(1, 0)}, 0, "not all ready pods"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pods{seen: c.seen}
			got, err := p.use(c.by)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.InDelta(t, c.share, got.Share, 1e-9)
			require.Equal(t, at.Add(-15*time.Second), got.From)
			require.Equal(t, at.Add(5*time.Second), got.To)
		})
	}
}

// During a canary the processors of the template that most pods have are learned, whichever
// template started last.
func TestTheTemplateOfMostPodsIsLearned(t *testing.T) {
	p := pods{seen: map[types.UID]podState{}}
	for i, template := range []string{"b", "a", "b", "a", "a", "b", "c", "b"} {
		name := types.UID(template + strconv.Itoa(i))
		p.seen[name] = podState{ready: 1, name: string(name), template: template, cores: 1}
		require.Equal(t, []string{"b", "a", "b", "a", "a", "a", "a", "b"}[i], p.template())
	}
	p.seen["starting"] = podState{template: "c"}
	require.Equal(t, "b", p.template())
	require.Empty(t, (&pods{}).template())
}

// Of many pods without a limit always the same one is named: another one each time would be another
// line in the log and another event, four times a minute.
func TestTheSamePodWithoutALimitIsNamed(t *testing.T) {
	p := pods{seen: map[types.UID]podState{"0": {ready: 1, name: "new", cores: 1}}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		p.seen[types.UID(name)] = podState{ready: 1, name: name}
	}
	for range 50 {
		_, err := p.use(nil)
		require.ErrorContains(t, err, "pod a has a container without a CPU limit")
	}
}

// fakeCPU answers with use, or with err, and counts how often it was asked.
type fakeCPU struct {
	use   map[string]kubemetrics.Use
	err   error
	asked int
}

func (f *fakeCPU) Pods(context.Context, string, labels.Selector) (map[string]kubemetrics.Use, error) {
	f.asked++
	return f.use, f.err
}

// The use of the processors is read for objects that ask for it, and is kept while the API fails.
func TestProcessorsAreReadWhereAskedFor(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	cpu := &fakeCPU{use: map[string]kubemetrics.Use{"a": {Cores: 1, From: at.Add(-time.Minute), To: at}}}
	opts := Options{CPU: cpu, Store: live.NewStore(nil, live.Options{}), WatchPods: true}.withDefaults()
	c := &Controller{opts: opts, log: slog.New(slog.DiscardHandler)}
	x := &target{object: &v1alpha1.PredictiveAutoscaler{}}
	look := func() { c.measureOne(t.Context(), x) }

	look()
	require.Zero(t, cpu.asked, "not asked for")
	x.object.Spec.PodCPU = true
	look()
	require.Zero(t, cpu.asked, "the pods are not known yet")
	x.pods = pods{selector: labels.Everything(), seen: map[types.UID]podState{"1": {ready: 1, name: "a", cores: 2}}}
	look()
	require.Equal(t, 1, cpu.asked)
	require.Equal(t, at, x.measured)
	require.NoError(t, x.cpuErr)
	cpu.err = errors.New("forbidden")
	look()
	require.ErrorContains(t, x.cpuErr, "forbidden")
	require.Equal(t, at, x.measured)
	x.object.Spec.PodCPU = false
	look()
	require.NoError(t, x.cpuErr, "asked for no more")
	require.True(t, x.measured.IsZero())
	require.Equal(t, 2, cpu.asked)
}

// That the processors bound what a replica serves is reported once.
func TestABoundIsReportedOnce(t *testing.T) {
	x := &target{object: &v1alpha1.PredictiveAutoscaler{Spec: v1alpha1.Spec{PodCPU: true, Spec: api.Spec{Scale: api.ScaleSpec{TargetPerReplica: 50}}}}}
	told := func(learned float64) float64 {
		x.scale.Target = learned
		full, _ := x.bound()
		return full
	}
	require.Zero(t, told(50))
	require.InDelta(t, 40, told(40), 0)
	require.Zero(t, told(39))
	require.Zero(t, told(50))
	require.InDelta(t, 41, told(41), 0, "again, after it was none")
}

package hpa

import (
	"fmt"
	"math"
	"time"
)

// A Pod is what the HPA sees of one pod: its state and its newest sample.
type Pod struct {
	Phase   Phase
	Deleted bool // has a deletion timestamp
	// Started is status.startTime; zero when not set.
	Started time.Time
	// Ready is the status of the condition Ready, and Changed the time of its
	// last transition.
	Ready   Condition
	Changed time.Time

	Sampled bool          // whether the metrics API has a sample of the pod; the next three are read only then
	Value   int64         // usage; milli-units
	At      time.Time     // timestamp of the sample: end of its window
	Window  time.Duration // over which usage was averaged

	Request int64 // milli-units of the resource that the pod requests; only for Utilization
}

// A Phase is the part of a pod's phase that matters to the HPA.
type Phase uint8

// The phases. A pod that succeeded counts as Running.
const (
	Running Phase = iota
	Pending
	Failed
	Gone // the metrics API still has a sample, the API server no longer the pod
)

// A Condition is the status of the condition Ready of a pod.
type Condition uint8

// The values of a condition.
const (
	Unset Condition = iota // the pod has no such condition yet
	True
	False
	Unknown // the node does not answer
)

// Utilization is a Resource metric with an AverageUtilization target: usage in
// percent of the request, cut to a whole percent, over the pods that count.
//
// Unready pods count as idle when growing, missing ones as idle when growing and
// as using all of their request when shrinking; where that turns the direction
// round, or falls into the tolerance, the count is held.
//
// Source: GetResourceReplicas, groupPods.
type Utilization struct {
	Target int32 // percent, > 0
	CPU    bool  // whether readiness matters; it does for CPU and not for memory
	Pods   []Pod
}

// Propose implements Metric; it fails if no pod that counts has a sample.
func (m Utilization) Propose(q Query) (int32, error) {
	t := group(m.Pods, m.CPU, int64(max(100, m.Target)), q)
	if err := t.usable(); err != nil {
		return 0, err
	}
	ratio := func(g totals) (float64, error) {
		if g.request == 0 {
			return 0, fmt.Errorf("%w: the pods with samples request nothing", ErrMetric)
		}
		return float64(int32(g.usage*100/g.request)) / float64(m.Target), nil
	}
	return t.decide(q, t.missingFull, ratio)
}

// PodsAverage is a Pods metric, or a Resource metric with an AverageValue
// target: the plain mean over the pods, cut to a whole milli-unit. Missing pods
// count as idle when growing and as exactly at the target when shrinking.
//
// Source: calcPlainMetricReplicas.
type PodsAverage struct {
	Target int64 // milli-units per pod, > 0
	CPU    bool  // whether the metric is the resource CPU, for which readiness matters
	Pods   []Pod
}

// Propose implements Metric; it fails if no pod that counts has a sample.
func (m PodsAverage) Propose(q Query) (int32, error) {
	t := group(m.Pods, m.CPU, 0, q)
	if err := t.usable(); err != nil {
		return 0, err
	}
	ratio := func(g totals) (float64, error) {
		return float64((g.usage+g.stray)/int64(g.entries)) / float64(m.Target), nil
	}
	return t.decide(q, int64(t.missing)*m.Target, ratio)
}

// A role says how a pod counts.
type role uint8

const (
	counted role = iota
	ignored
	unready
	missing
	stray // a sample without a pod
)

// standing sorts one pod.
//
// Source: groupPods.
func standing(p *Pod, cpu bool, q Query) role {
	switch {
	case p.Phase == Gone:
		return stray
	case p.Deleted || p.Phase == Failed:
		return ignored
	case p.Phase == Pending:
		return unready
	case !p.Sampled:
		return missing
	case cpu && distrusted(p, q):
		return unready
	}
	return counted
}

// distrusted returns whether the CPU sample of a running pod may still show its
// start rather than its work.
func distrusted(p *Pod, q Query) bool {
	switch {
	case p.Ready == Unset || p.Started.IsZero():
		return true
	case p.Started.Add(q.CPUStart).After(q.Now):
		return p.Ready == False || p.At.Before(p.Changed.Add(p.Window))
	}
	return p.Ready == False && p.Started.Add(q.FirstReadiness).After(p.Changed)
}

// totals are sums over the pods with a sample that counts.
type totals struct {
	usage   int64 // milli-units, of listed pods
	request int64 // milli-units, of listed pods
	stray   int64 // usage of pods that are no longer listed
	entries int   // samples, stray ones included
}

// A grouping is the pods of a metric by role.
type grouping struct {
	totals

	listed         int // pods that the API server knows
	ready          int
	unready        int
	missing        int
	unreadyRequest int64
	missingRequest int64
	missingFull    int64 // what missing pods use when they are presumed busy
}

// group sums over the pods; full is the percentage of its request that a busy
// pod is presumed to use.
func group(pods []Pod, cpu bool, full int64, q Query) grouping {
	g := grouping{listed: len(pods)}
	for i := range pods {
		p := &pods[i]
		switch standing(p, cpu, q) {
		case stray:
			g.listed--
			if p.Sampled {
				g.stray += p.Value
				g.entries++
			}
		case unready:
			g.unready++
			g.unreadyRequest += p.Request
		case missing:
			g.missing++
			g.missingRequest += p.Request
			g.missingFull += p.Request * full / 100
		case counted:
			g.ready++
			g.usage += p.Value
			g.request += p.Request
			g.entries++
		case ignored:
		}
	}
	return g
}

func (g grouping) usable() error {
	if g.listed == 0 {
		return fmt.Errorf("%w: the target has no pod", ErrMetric)
	}
	if g.entries == 0 {
		return fmt.Errorf("%w: none of %d pods has a usable sample", ErrMetric, g.listed)
	}
	return nil
}

// decide is the part that utilization and plain averages share. Fill is the
// usage that missing pods are presumed to have when shrinking.
func (g grouping) decide(q Query, fill int64, ratio func(totals) (float64, error)) (int32, error) {
	first, err := ratio(g.totals)
	if err != nil {
		return 0, err
	}
	idle := g.unready > 0 && first > 1 // unready pods will take their share of the growth
	if !idle && g.missing == 0 {
		if q.Tolerances.within(first) {
			return q.Scale.Spec, nil
		}
		return saturate(math.Ceil(first * float64(g.ready))), nil
	}
	t := g.presumed(first, fill)
	second, err := ratio(t)
	if err != nil {
		return 0, err
	}
	n := saturate(math.Ceil(second * float64(t.entries)))
	if q.Tolerances.within(second) || turned(first, second) || against(second, n, q.Scale.Spec) {
		return q.Scale.Spec, nil
	}
	return n, nil
}

// presumed adds what the pods without a usable sample are taken to use, such that
// it damps a change in the direction of the ratio.
func (g grouping) presumed(ratio float64, fill int64) totals {
	t := g.totals
	if ratio != 1 {
		t.request += g.missingRequest
		t.entries += g.missing
	}
	if ratio < 1 {
		t.usage += fill
	}
	if ratio > 1 {
		t.request += g.unreadyRequest
		t.entries += g.unready
	}
	return t
}

// turned returns whether the second ratio asks for the other direction.
func turned(first, second float64) bool {
	return first < 1 && second > 1 || first > 1 && second < 1
}

// against returns whether n moves current against the direction of the ratio.
func against(ratio float64, n, current int32) bool {
	return ratio < 1 && n > current || ratio > 1 && n < current
}

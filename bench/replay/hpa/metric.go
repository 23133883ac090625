package hpa

import (
	"fmt"
	"math"
	"time"
)

// A Metric proposes a replica count from one metric of the HPA.
type Metric interface {
	// Propose returns the count that the metric asks for, before any rule. An
	// error wraps ErrMetric and blocks shrinking.
	Propose(q Query) (int32, error)
}

// A Query is what a metric may know about the moment it is asked.
type Query struct {
	Now        time.Time
	Scale      Scale
	Tolerances Tolerances

	// The periods during which CPU samples are distrusted; see [Settings].
	CPUStart, FirstReadiness time.Duration
}

// Tolerances are the relative deviations from the target that change nothing,
// both ends included: a ratio within [1−Down, 1+Up] holds.
type Tolerances struct{ Up, Down float64 }

func (t Tolerances) within(ratio float64) bool { return 1-t.Down <= ratio && ratio <= 1+t.Up }

// ExternalAverage is an External or Object metric with an AverageValue target,
// which is what KEDA creates by default:
//
//	ratio = value / (target · status.replicas)
//	within the tolerance: status.replicas, otherwise ⌈value / target⌉
//
// The readiness of pods does not matter.
//
// Source: GetExternalPerPodMetricReplicas.
type ExternalAverage struct {
	Value  int64 // milli-units, summed over the series; the controller takes a negative sum for an overflow
	Target int64 // milli-units per replica, > 0
}

// Propose implements Metric; it never fails.
func (m ExternalAverage) Propose(q Query) (int32, error) {
	if m.Value < 0 {
		m.Value = math.MaxInt64
	}
	ratio := float64(m.Value) / (float64(m.Target) * float64(q.Scale.Status))
	if q.Tolerances.within(ratio) {
		return q.Scale.Status, nil
	}
	return saturate(math.Ceil(float64(m.Value) / float64(m.Target))), nil
}

// ExternalValue is an External or Object metric with a Value target:
//
//	ratio = value / target
//	within the tolerance: spec.replicas, otherwise ⌈ratio · ready pods⌉
//
// At zero replicas it is ⌈ratio⌉.
//
// Source: GetExternalMetricReplicas, getUsageRatioReplicaCount.
type ExternalValue struct {
	Value  int64 // milli-units, summed over the series
	Target int64 // milli-units, > 0
	Pods   int   // pods of the target in any phase
	Ready  int   // those that are Running and Ready
}

// Propose implements Metric; it fails without any pod.
func (m ExternalValue) Propose(q Query) (int32, error) {
	ratio := float64(m.Value) / float64(m.Target)
	if q.Scale.Spec == 0 {
		return saturate(math.Ceil(ratio)), nil
	}
	if q.Tolerances.within(ratio) {
		return q.Scale.Spec, nil
	}
	if m.Pods == 0 {
		return 0, fmt.Errorf("%w: the target has no pod", ErrMetric)
	}
	return saturate(math.Ceil(ratio * float64(m.Ready))), nil
}

// Unavailable is an External metric whose source answers with an error.
type Unavailable struct{}

// Propose implements Metric; it always fails.
func (Unavailable) Propose(Query) (int32, error) {
	return 0, fmt.Errorf("%w: its source failed", ErrMetric)
}

// hasExternal returns whether a metric can tell demand at zero replicas.
func hasExternal(metrics []Metric) bool {
	for _, m := range metrics {
		switch m.(type) {
		case ExternalAverage, ExternalValue, Unavailable:
			return true
		}
	}
	return false
}

// Milli returns v in milli-units, rounded as KEDA prints it; NaN is 0 and what does
// not fit becomes the nearest int64.
//
// Source: KEDA v2.21.0, pkg/scalers/scaler.go, quantityFromFloat64.
func Milli(v float64) int64 {
	switch m := math.Round(v * 1000); {
	case math.IsNaN(m):
		return 0
	case m >= math.MaxInt64:
		return math.MaxInt64
	case m <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(m)
	}
}

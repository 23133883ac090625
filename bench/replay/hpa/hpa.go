package hpa

import (
	"errors"
	"fmt"
	"time"
)

// ErrMetric reports that a metric yields no proposal: its source failed, or no
// pod has a usable sample. The HPA then grows on the other metrics but never
// shrinks; with no metric left it does nothing.
var ErrMetric = errors.New("no proposal from metric")

// Settings are what the controller and the HPA's behavior say. The zero value is
// a controller with its default flags and an HPA without a behavior.
type Settings struct {
	Behavior *Behavior // nil: the rules for an HPA without behavior, which differ from an empty one
	Gates    Gates

	Tolerance      *float64       // --horizontal-pod-autoscaler-tolerance, ≥ 0; nil = 0.1
	Stabilization  *time.Duration // --…-downscale-stabilization, ≥ 0; nil = 5 min
	CPUStart       *time.Duration // --…-cpu-initialization-period, ≥ 0; nil = 5 min
	FirstReadiness *time.Duration // --…-initial-readiness-delay, ≥ 0; nil = 30 s
}

// Gates are the feature gates that change a decision; see [Version].
type Gates struct {
	Tolerance bool // HPAConfigurableTolerance: tolerances in the behavior count
	Zero      bool // HPAScaleToZero: min may be 0 with an external metric
	Prompt    bool // HPAGeneration: a spec change is reconciled at once; for the caller, Sync ignores it
}

// Version returns the gates as they are by default in Kubernetes 1.minor.
// The decision itself is the same in 1.33 to 1.37.
//
// Source: Kubernetes pkg/features/kube_features.go.
func Version(minor int) Gates {
	return Gates{Tolerance: minor >= 35, Zero: minor >= 37, Prompt: minor >= 37}
}

// Bounds are the limits that an HPA's spec sets, in replicas.
type Bounds struct {
	Min int32 // minReplicas; 0 only with the gate Zero
	Max int32 // maxReplicas, ≥ 1 and ≥ Min
}

// Scale is the scale subresource of the target, in replicas.
type Scale struct {
	Spec   int32 // spec.replicas: what was asked for
	Status int32 // status.replicas: pods that exist, ready or not
}

// A Reason is the word of the HPA's conditions that explains a count.
type Reason string

// The reasons, in the order in which Sync can stop.
const (
	ScalingDisabled     Reason = "ScalingDisabled"     // at zero, and not by the HPA itself
	AboveMax            Reason = "AboveMax"            // cut to max without a look at metrics
	BelowMin            Reason = "BelowMin"            // raised to min without a look at metrics
	FailedMetrics       Reason = "FailedMetrics"       // no metric, or one failed and the rest would shrink
	ScaleUpLimit        Reason = "ScaleUpLimit"        // growing faster than the policies allow
	ScaleDownLimit      Reason = "ScaleDownLimit"      // shrinking faster than the policies allow
	TooManyReplicas     Reason = "TooManyReplicas"     // cut to max
	TooFewReplicas      Reason = "TooFewReplicas"      // raised to min
	ScaleUpStabilized   Reason = "ScaleUpStabilized"   // a lower recommendation is still recent
	ScaleDownStabilized Reason = "ScaleDownStabilized" // a higher recommendation is still recent
	DesiredWithinRange  Reason = "DesiredWithinRange"  // the metrics alone decided
)

// A Decision is the outcome of one Sync.
type Decision struct {
	Replicas int32  // what spec.replicas is now
	Proposed int32  // the largest proposal of the metrics, before any rule; 0 where they were not asked
	Reason   Reason // the last rule that shaped the count
	Err      error  // the first failing metric, wrapping ErrMetric; Replicas is valid nonetheless
}

// An Autoscaler is the memory of the controller for one HPA. It is not safe for
// concurrent use.
type Autoscaler struct {
	behavior                 *rules // nil: without behavior
	gates                    Gates
	tolerance                Tolerances
	window                   time.Duration // of stabilization, without behavior
	cpuStart, firstReadiness time.Duration

	recommendations []recommendation
	begun           bool // whether the initial recommendation is recorded
	ups, downs      []event
	zeroed          bool // the condition ScaledToZero
}

// New returns an Autoscaler without memory, as after a start of the controller.
// It returns an error if s holds what the API server would refuse.
func New(s Settings) (*Autoscaler, error) {
	a := &Autoscaler{
		gates:          s.Gates,
		window:         or(s.Stabilization, 5*time.Minute),
		cpuStart:       or(s.CPUStart, 5*time.Minute),
		firstReadiness: or(s.FirstReadiness, 30*time.Second),
	}
	tolerance := or(s.Tolerance, 0.1)
	if !(tolerance >= 0) {
		return nil, fmt.Errorf("hpa: tolerance %v, want a number of at least 0", tolerance)
	}
	a.tolerance = Tolerances{Up: tolerance, Down: tolerance}
	if s.Behavior == nil {
		return a, nil
	}
	filled, err := s.Behavior.fill(a.window)
	if err != nil {
		return nil, err
	}
	a.behavior = &filled
	if s.Gates.Tolerance {
		a.tolerance.Up = or(s.Behavior.Up.Tolerance, tolerance)
		a.tolerance.Down = or(s.Behavior.Down.Tolerance, tolerance)
	}
	return a, nil
}

// Sync is one reconciliation at now, which must not go back between calls. It
// decides spec.replicas for a target of the given scale and records what the
// controller would remember; the caller writes the count.
//
// Metrics are asked only where the controller asks them. With none given the
// count is held.
//
// Source: reconcileAutoscaler.
func (a *Autoscaler) Sync(now time.Time, b Bounds, s Scale, metrics ...Metric) Decision {
	if !a.begun {
		a.recommendations, a.begun = append(a.recommendations, recommendation{now, s.Spec}), true
	}
	external := hasExternal(metrics)
	d, decided := a.unasked(b, s, external)
	if !decided {
		d = a.propose(now, s, metrics)
		if d.Reason == FailedMetrics {
			return d
		}
		d.Replicas, d.Reason = a.normalized(now, b, s.Spec, max(d.Proposed, 0))
	}
	if d.Replicas != s.Spec {
		a.zeroed = d.Replicas == 0 && external // only a min of 0 lets it come to that
		a.remember(now, s.Spec, d.Replicas)
	}
	return d
}

// unasked decides where the controller asks no metric, and returns whether it did.
func (a *Autoscaler) unasked(b Bounds, s Scale, external bool) (Decision, bool) {
	switch {
	case s.Spec == 0:
		// The HPA may bring back what it sent to zero itself.
		returning := a.gates.Zero && a.zeroed && (b.Min != 0 || external)
		return Decision{Reason: ScalingDisabled}, !returning
	case s.Spec > b.Max:
		return Decision{Replicas: b.Max, Reason: AboveMax}, true
	case s.Spec < b.Min:
		return Decision{Replicas: b.Min, Reason: BelowMin}, true
	}
	return Decision{}, false
}

// normalized applies the rules of the spec to what the metrics want.
func (a *Autoscaler) normalized(now time.Time, b Bounds, current, want int32) (int32, Reason) {
	rules := a.behave
	if a.behavior == nil {
		rules = a.normalize
	}
	n, reason := rules(now, b, current, want)
	if current == 0 && n < b.Min {
		return b.Min, BelowMin
	}
	return n, reason
}

// propose asks the metrics and returns the largest count.
//
// Source: computeReplicasForMetrics.
func (a *Autoscaler) propose(now time.Time, s Scale, metrics []Metric) Decision {
	q := Query{Now: now, Scale: s, Tolerances: a.tolerance, CPUStart: a.cpuStart, FirstReadiness: a.firstReadiness}
	var d Decision
	failed := 0
	for i, m := range metrics {
		n, err := m.Propose(q)
		if err != nil {
			failed++
			if d.Err == nil {
				d.Err = fmt.Errorf("hpa: metric %d of %d: %w", i+1, len(metrics), err)
			}
			continue
		}
		if d.Proposed == 0 || n > d.Proposed {
			d.Proposed = n
		}
	}
	if failed == len(metrics) || failed > 0 && d.Proposed < s.Spec {
		return Decision{Replicas: s.Spec, Reason: FailedMetrics, Err: d.Err}
	}
	return d
}

// remember records a scale event, as after the write of /scale.
func (a *Autoscaler) remember(now time.Time, before, after int32) {
	switch {
	case a.behavior == nil: // nobody would read it
	case after > before:
		a.ups = store(a.ups, event{at: now, change: after - before}, a.behavior.up.longest())
	default:
		a.downs = store(a.downs, event{at: now, change: before - after}, a.behavior.down.longest())
	}
}

func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

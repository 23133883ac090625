package hpa

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A Behavior is spec.behavior of an HPA. Its zero value is what the API server
// makes of `behavior: {}`: growth by the larger of 4 pods and 100 % per 15 s
// without a window, shrinking by 100 % per 15 s with the controller's window.
type Behavior struct {
	Up   Rules
	Down Rules
}

// Rules are the scaling rules of one direction.
type Rules struct {
	Window    *time.Duration // stabilizationWindowSeconds, 0 to 1 h; nil = 0 for up, the controller's for down
	Tolerance *float64       // ≥ 0; nil = the controller's; needs Gates.Tolerance
	Policies  []Policy       // empty = the defaults of the direction
	Select    Select         // "" = SelectMax
}

// A Policy allows a change of Value within Period.
type Policy struct {
	Kind   PolicyKind
	Value  int32         // > 0; pods, or percent of the replicas at the start of the period
	Period time.Duration // 1 s to 30 min
}

// A PolicyKind says what the value of a policy counts.
type PolicyKind string

// The kinds of policies, spelled as in autoscaling/v2.
const (
	Pods    PolicyKind = "Pods"
	Percent PolicyKind = "Percent"
)

// Select says which of several policies counts.
type Select string

// The selections, spelled as in autoscaling/v2.
const (
	SelectMax      Select = "Max"      // the largest change
	SelectMin      Select = "Min"      // the smallest change
	SelectDisabled Select = "Disabled" // no change in this direction
)

// rules is a Behavior with its defaults filled in.
type rules struct{ up, down rule }

type rule struct {
	window   time.Duration
	policies []Policy
	selected Select
}

// fill applies the API server's defaults and refuses what its validation would.
//
// Source: pkg/apis/autoscaling/v2/defaults.go and
// pkg/apis/autoscaling/validation.
func (b Behavior) fill(window time.Duration) (rules, error) {
	const period = 15 * time.Second
	up := rule{policies: []Policy{{Pods, 4, period}, {Percent, 100, period}}, selected: SelectMax}
	down := rule{window: window, policies: []Policy{{Percent, 100, period}}, selected: SelectMax}
	if err := b.Up.over(&up); err != nil {
		return rules{}, fmt.Errorf("hpa: behavior.scaleUp: %w", err)
	}
	if err := b.Down.over(&down); err != nil {
		return rules{}, fmt.Errorf("hpa: behavior.scaleDown: %w", err)
	}
	return rules{up, down}, nil
}

// over writes what r sets over the defaults in to.
func (r Rules) over(to *rule) error {
	to.window = or(r.Window, to.window)
	if to.window < 0 || to.window > time.Hour {
		return fmt.Errorf("stabilization window %v, want 0 to 1h", to.window)
	}
	if t := or(r.Tolerance, 0); !(t >= 0) {
		return fmt.Errorf("tolerance %v, want a number of at least 0", t)
	}
	if r.Select != "" {
		to.selected = r.Select
	}
	if !slices.Contains([]Select{SelectMax, SelectMin, SelectDisabled}, to.selected) {
		return fmt.Errorf("select policy %q, want Max, Min or Disabled", to.selected)
	}
	for i, p := range r.Policies {
		if !p.valid() {
			return fmt.Errorf("policy %d is %d %q per %v, want a positive number of Pods or Percent per 1s to 30m",
				i, p.Value, p.Kind, p.Period)
		}
	}
	if len(r.Policies) > 0 {
		to.policies = slices.Clone(r.Policies)
	}
	return nil
}

func (p Policy) valid() bool {
	known := p.Kind == Pods || p.Kind == Percent
	return known && p.Value > 0 && p.Period >= time.Second && p.Period <= 30*time.Minute
}

// longest returns the longest period of the policies.
func (r rule) longest() time.Duration {
	var d time.Duration
	for _, p := range r.policies {
		d = max(d, p.Period)
	}
	return d
}

// normalize turns a proposal into a count for an HPA without a behavior.
//
// Source: normalizeDesiredReplicas, convertDesiredReplicasWithRules.
func (a *Autoscaler) normalize(now time.Time, b Bounds, current, want int32) (int32, Reason) {
	stable, reason := a.stabilize(now, want), DesiredWithinRange
	if stable != want {
		reason = ScaleDownStabilized
	}
	ceiling, limit := b.Max, TooManyReplicas
	if step := saturate(math.Max(2*float64(current), 4)); step < b.Max {
		ceiling, limit = step, ScaleUpLimit
	}
	switch {
	case stable < b.Min:
		return b.Min, TooFewReplicas
	case stable > ceiling:
		return ceiling, limit
	}
	return stable, reason
}

// behave turns a proposal into a count for an HPA with a behavior.
//
// Source: normalizeDesiredReplicasWithBehaviors,
// convertDesiredReplicasWithBehaviorRate.
func (a *Autoscaler) behave(now time.Time, b Bounds, current, want int32) (int32, Reason) {
	stable := a.stabilizeBoth(now, current, want)
	switch {
	case stable > current:
		ceiling, limit := b.Max, TooManyReplicas
		if step := max(a.upLimit(now, current), current); step < b.Max {
			ceiling, limit = step, ScaleUpLimit
		}
		if stable > ceiling {
			return ceiling, limit
		}
	case stable < current:
		floor, limit := b.Min, TooFewReplicas
		if step := min(a.downLimit(now, current), current); step > b.Min {
			floor, limit = step, ScaleDownLimit
		}
		if stable < floor {
			return floor, limit
		}
	}
	switch {
	case stable == want:
		return stable, DesiredWithinRange
	case want >= current:
		return stable, ScaleUpStabilized
	}
	return stable, ScaleDownStabilized
}

// upLimit returns the count that the policies for growth allow at most.
//
// Source: calculateScaleUpLimitWithScalingRules.
func (a *Autoscaler) upLimit(now time.Time, current int32) int32 {
	r := a.behavior.up
	if r.selected == SelectDisabled {
		return current
	}
	return r.pick(func(p Policy) int32 {
		start := a.startOf(now, p.Period, current)
		if p.Kind == Pods {
			return start + p.Value
		}
		// rounded up, or a small percentage would never add the first pod
		return saturate(math.Ceil(float64(start) * (1 + float64(p.Value)/100)))
	}, r.selected == SelectMax)
}

// downLimit returns the count that the policies for shrinking leave at least.
//
// Source: calculateScaleDownLimitWithBehaviors.
func (a *Autoscaler) downLimit(now time.Time, current int32) int32 {
	r := a.behavior.down
	if r.selected == SelectDisabled {
		return current
	}
	return r.pick(func(p Policy) int32 {
		start := a.startOf(now, p.Period, current)
		if p.Kind == Pods {
			return start - p.Value
		}
		return saturate(math.Trunc(float64(start) * (1 - float64(p.Value)/100)))
	}, r.selected == SelectMin)
}

// pick returns the largest limit of the policies, or the smallest.
func (r rule) pick(limit func(Policy) int32, largest bool) int32 { //nolint:revive // flag-parameter: max and min of one list
	n := limit(r.policies[0])
	for _, p := range r.policies[1:] {
		if largest {
			n = max(n, limit(p))
		} else {
			n = min(n, limit(p))
		}
	}
	return n
}

// saturate converts x to int32, with its bounds for what lies beyond. The
// controller's bare conversion is undefined there.
func saturate(x float64) int32 {
	switch {
	case x >= math.MaxInt32:
		return math.MaxInt32
	case x <= math.MinInt32:
		return math.MinInt32
	case math.IsNaN(x):
		return 0
	}
	return int32(x)
}

package scaler

// A Reason is the name of a rule, fit for a condition. Rules that autoscaling/v2 has are
// spelled as there.
type Reason string

// The rules, in the order in which [Decide] applies them.
const (
	DesiredWithinRange  Reason = "DesiredWithinRange"  // demand alone decided
	ScalingDisabled     Reason = "ScalingDisabled"     // at zero although minReplicas is not: somebody switched it off
	NoData              Reason = "NoData"              // demand unknown: hold, or follow the forecast upwards only
	BillLimit           Reason = "BillLimit"           // cut to the count of an autoscaler without a forecast, while we have cost more than it
	Activated           Reason = "Activated"           // demand above the activation threshold: at least one
	Inactive            Reason = "Inactive"            // demand at or under it: zero
	WithinTolerance     Reason = "WithinTolerance"     // too small a change
	ScaleUpStabilized   Reason = "ScaleUpStabilized"   // a lower recommendation is still recent
	ScaleDownStabilized Reason = "ScaleDownStabilized" // a higher recommendation is still recent
	BreakEvenHold       Reason = "BreakEvenHold"       // needed so recently that dropping it would cost more
	Burst               Reason = "Burst"               // a burst lasts, or is likely; not held once it has passed
	Cooldown            Reason = "Cooldown"            // active within the last five minutes: not to zero yet
	ScaleUpLimit        Reason = "ScaleUpLimit"        // growing faster than the policies allow
	ScaleDownLimit      Reason = "ScaleDownLimit"      // shrinking faster than the policies, or our own limit, allow
	TooManyReplicas     Reason = "TooManyReplicas"     // cut to maxReplicas
	TooFewReplicas      Reason = "TooFewReplicas"      // raised to minReplicas
	ReactiveGuard       Reason = "ReactiveGuard"       // raised to the count of an autoscaler without a forecast: in the first day, and while we have missed more than it
)

// A Step is a rule that changed the count, and the count after it. NoData and
// ScalingDisabled end the decision, and are steps even without a change.
type Step struct {
	Rule     Reason `json:"rule"`
	Replicas int32  `json:"replicas"`
}

// maxSteps is the longest trail: no decision passes through more rules.
const maxSteps = 8

// A Decision is a replica count and how it came about. It is a plain value.
type Decision struct {
	Replicas int32  // ≥ 0
	Asked    int32  // what demand asks for, before any rule; −1 = unknown
	Reason   Reason // the last rule that changed the count

	steps [maxSteps]Step
	n     int
}

// Trail returns the rules that changed the count, in the order in which they
// did. It is empty if demand alone decided. The slice belongs to d.
func (d *Decision) Trail() []Step { return d.steps[:d.n:d.n] }

// apply records that rule moved the count to n. A rule without effect leaves no
// trace.
func (d *Decision) apply(rule Reason, n int32) {
	if n != d.Replicas {
		d.record(rule, n)
	}
}

// raise records that rule moved the count up to n, if it is below.
func (d *Decision) raise(rule Reason, n int32) {
	if n > d.Replicas {
		d.record(rule, n)
	}
}

// record sets the count to n and adds rule to the trail, even if the count stays the same.
func (d *Decision) record(rule Reason, n int32) {
	d.Replicas, d.Reason = n, rule
	if d.n < maxSteps {
		d.steps[d.n] = Step{rule, n}
		d.n++
	}
}

package scaler

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/api"
)

// Grace is for how long a pod still costs after it was stopped: Kubernetes's default
// termination grace period. It is the g of the break-even rule.
const Grace = 30 * time.Second

// idle is how long a target must be inactive before its last replica goes, like KEDA's
// cooldownPeriod.
const idle = 5 * time.Minute

// An Input is what one decision sees.
type Input struct {
	Now      time.Time     `json:"now"`      // UTC
	Current  int32         `json:"current"`  // spec.replicas of the target, ≥ 0
	Desired  int32         `json:"desired"`  // replicas that demand asks for; −1 = unknown
	Passing  int32         `json:"passing"`  // replicas for a burst that is going on or likely; 0 = none
	Guard    int32         `json:"guard"`    // lower bound, by what an autoscaler without a forecast would have; 0 = none
	Limit    int32         `json:"limit"`    // most replicas that the bill allows while demand is known; 0 = no limit
	Demand   Demand        `json:"demand"`   // behind Desired
	LeadTime time.Duration `json:"leadTime"` // from a decision to a ready replica, ns in JSON
	Calm     time.Duration `json:"calm"`     // how long a small step down must be asked for without interruption; 0 = no wait
}

// State is what [Decide] remembers. It is a plain value of fixed size: copy it, put it
// into a [Record], and hand it to the next call. The zero State is that of a fresh start.
type State struct {
	Begun bool  `json:"begun"`
	Last  int32 `json:"last"` // replicas of the last decision

	Highs marks `json:"highs"` // recommendations that may still be the highest of a window
	Lows  marks `json:"lows"`  // recommendations that may still be the lowest of a window
	Ups   marks `json:"ups"`   // increases by our decisions
	Downs marks `json:"downs"` // decreases by our decisions
}

// Decide returns the replica count for in.Now and the state for the next call.
// It does not change st, and does not allocate.
//
// The rules, in order, are those of the package documentation. With unknown demand it
// holds the current count, or follows the forecast if that asks for more. On a zero State
// it takes the current count for the newest recommendation, so that a restart of the
// autoscaler never shrinks a target at once.
//
// Without scale.behavior the count is a floor of our own: limits on its way down are
// measured against our last decision, not against the present count of the target, which
// others may have changed.
func Decide(spec api.ScaleSpec, st State, in Input) (Decision, State) {
	now := in.Now.UnixNano()
	if !st.Begun {
		st.Begun, st.Last = true, in.Current
		st.Highs.pushHigh(now, in.Current)
		st.Lows.pushLow(now, in.Current)
	}
	lo, hi := bounds(spec)
	d := Decision{Replicas: in.Desired, Asked: in.Desired, Reason: DesiredWithinRange}
	switch {
	case in.Current == 0 && lo > 0:
		d.record(ScalingDisabled, 0)
		st.Last = 0
		return d, st
	case silent(spec, in):
		d.record(NoData, in.Current)
		st.Highs.pushHigh(now, in.Current) // the way down starts anew when demand is known again
	default:
		if in.Limit > 0 {
			in.Desired, in.Passing, in.Guard = min(in.Desired, in.Limit), min(in.Passing, in.Limit), min(in.Guard, in.Limit)
			d.apply(BillLimit, in.Desired)
		}
		r := rules{spec: spec, in: in, now: now, st: &st}
		r.activation(&d, lo)
		if spec.Behavior != nil {
			r.likeHPA(&d)
		} else {
			r.hold(&d)
		}
	}
	if d.Replicas > hi {
		d.apply(TooManyReplicas, hi)
	}
	if d.Replicas < lo {
		d.apply(TooFewReplicas, lo)
	}
	st.settle(spec, in, now, d.Replicas)
	if spec.Behavior == nil && !silent(spec, in) {
		d.guard(min(in.Guard, hi)) // on top of our own count, which is held and ramped beneath it
	}
	return d, st
}

// silent reports whether demand is unknown, or only forecast and asks for less than the current
// count: without an observation a forecast may add replicas but not remove any, nor send an
// active target to zero.
func silent(spec api.ScaleSpec, in Input) bool {
	if in.Desired < 0 || math.IsNaN(in.Demand.Need()) {
		return true
	}
	less := in.Desired < in.Current || in.Current > 0 && inactive(spec, in)
	return math.IsNaN(in.Demand.Observed) && less
}

// inactive reports whether zero is allowed and demand is no reason for more.
func inactive(spec api.ScaleSpec, in Input) bool {
	lo, _ := bounds(spec)
	return lo == 0 && in.Demand.Need() <= spec.ActivationThreshold.Float()
}

// bounds returns the least and the greatest count allowed.
func bounds(s api.ScaleSpec) (lo, hi int32) {
	lo, hi = 1, math.MaxInt32
	if s.MinReplicas != nil {
		lo = *s.MinReplicas
	}
	if s.MaxReplicas > 0 {
		hi = s.MaxReplicas
	}
	return lo, hi
}

// settle records the change that the decision makes: against the current count with
// scale.behavior, else against our own last decision.
func (st *State) settle(spec api.ScaleSpec, in Input, now int64, n int32) {
	base := st.Last
	if spec.Behavior != nil {
		base = in.Current
	}
	cutoff := now - int64(longestPeriod)
	st.Ups.forget(cutoff)
	st.Downs.forget(cutoff)
	if n > base {
		st.Ups.pushChange(now, n-base)
	} else if n < base {
		st.Downs.pushChange(now, base-n)
	}
	st.Last = n
}

// rules are the parts of one decision.
type rules struct {
	spec api.ScaleSpec
	in   Input
	now  int64
	st   *State
}

// activation decides between zero and at least one replica, where zero is allowed.
func (r rules) activation(d *Decision, lo int32) {
	switch {
	case inactive(r.spec, r.in):
		d.apply(Inactive, 0)
	case lo == 0 && d.Replicas < 1:
		d.apply(Activated, 1)
	}
}

// guard raises the count to n, unless the target is at rest: below the activation threshold the
// guard would keep it from zero for days.
func (d *Decision) guard(n int32) {
	if d.Replicas > 0 {
		d.raise(ReactiveGuard, n)
	}
}

// likeHPA applies the rules of an HPA. An HPA knows neither bursts nor a guard, so these raise
// the count first and are then subject to the same rules.
func (r rules) likeHPA(d *Decision) {
	d.raise(Burst, r.in.Passing)
	d.guard(r.in.Guard)
	r.behave(d)
}

// hold applies our own rules.
func (r rules) hold(d *Decision) {
	keep := r.in.LeadTime + Grace
	highest := r.recommend(d.Replicas, keep)
	if last := r.st.Last; r.in.Calm > 0 && highest < last && last-highest <= SmallStep(last) {
		highest = max(highest, min(last, r.st.Highs.first(r.now-int64(r.in.Calm)-1, highest)))
	}
	d.raise(BreakEvenHold, highest)
	d.raise(Burst, r.in.Passing)
	r.cooldown(d)
	r.ramp(d)
}

// SmallStep is the largest step down from n that waits for calm: a tenth, as the
// tolerance of an HPA, and one replica at least.
func SmallStep(n int32) int32 { return max(1, n/10) }

// recommend records n and returns the highest recommendation not older than keep.
func (r rules) recommend(n int32, keep time.Duration) int32 {
	r.st.Highs.forget(r.now - int64(max(keep, r.in.Calm, idle)))
	r.st.Highs.pushHigh(r.now, n)
	return r.st.Highs.first(r.now-int64(keep)-1, n)
}

// cooldown keeps the last replica for a while.
func (r rules) cooldown(d *Decision) {
	if d.Replicas == 0 && r.st.Highs.first(r.now-int64(idle)-1, 0) > 0 {
		d.apply(Cooldown, 1)
	}
}

// Our limit on the way down is a tenth a minute, but at least one replica; what came within
// the last quarter of an hour may go at once, as after a burst.
const (
	rampShare  = 0.1
	rampPeriod = time.Minute
	young      = 15 * time.Minute
)

// ramp limits how fast our own floor falls.
func (r rules) ramp(d *Decision) {
	last := r.st.Last
	if d.Replicas >= last {
		return
	}
	start := float64(last) + r.st.Downs.total(r.now-int64(rampPeriod))
	limit := saturate(start - max(1, math.Floor(start*rampShare)))
	cutoff := r.now - int64(young)
	former := saturate(float64(last) - r.st.Ups.total(cutoff) + r.st.Downs.total(cutoff))
	if limit = min(limit, last, former); d.Replicas < limit {
		d.apply(ScaleDownLimit, limit)
	}
}

// saturate converts x to int32: to its bounds if x lies beyond, to 0 if it is NaN.
func saturate(x float64) int32 {
	switch {
	case math.IsNaN(x):
		return 0
	case x >= math.MaxInt32:
		return math.MaxInt32
	case x <= math.MinInt32:
		return math.MinInt32
	}
	return int32(x)
}

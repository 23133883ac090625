package scaler

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/api"
)

// longestPeriod is the longest period that a policy may have.
const longestPeriod = 30 * time.Minute

// Defaults of autoscaling/v2.
const (
	stabilizationDown = 5 * time.Minute
	defaultPeriod     = 15 // seconds
)

// behave applies the rules of autoscaling/v2: tolerance, stabilization over
// recommendations (the old end of a window excluded), policies with a memory of
// changes. One thing is better than in the controller: a change stays in memory
// as long as any policy can ask for it, whatever its direction.
//
// Source: Kubernetes pkg/controller/podautoscaler/horizontal.go,
// normalizeDesiredReplicasWithBehaviors.
func (r rules) behave(d *Decision) {
	r.tolerate(d)
	want, current := d.Replicas, r.in.Current
	up := r.lowest(want)
	down := r.highest(want)
	switch n := min(max(current, up), down); {
	case n < want:
		d.apply(ScaleUpStabilized, n)
	case n > want:
		d.apply(ScaleDownStabilized, n)
	}
	switch {
	case d.Replicas > current:
		if limit := max(r.upLimit(), current); d.Replicas > limit {
			d.apply(ScaleUpLimit, limit)
		}
	case d.Replicas < current:
		if limit := min(r.downLimit(), current); d.Replicas < limit {
			d.apply(ScaleDownLimit, limit)
		}
	}
}

// tolerate keeps the current count if the desired one is within the tolerance of
// its direction, both ends included.
func (r rules) tolerate(d *Decision) {
	if r.in.Current == 0 {
		return
	}
	ratio := float64(d.Replicas) / float64(r.in.Current)
	if ratio >= 1-tolerance(r.spec.Behavior.ScaleDown) && ratio <= 1+tolerance(r.spec.Behavior.ScaleUp) {
		d.apply(WithinTolerance, r.in.Current)
	}
}

func tolerance(s *api.ScalingRules) float64 {
	if s == nil || s.Tolerance == nil {
		return 0
	}
	return s.Tolerance.Float()
}

// lowest records want and returns the lowest recommendation of the scale-up stabilization window.
func (r rules) lowest(want int32) int32 {
	cutoff := r.now - int64(window(r.spec.Behavior.ScaleUp, 0))
	r.st.Lows.forget(cutoff)
	n := min(want, r.st.Lows.first(cutoff, want))
	r.st.Lows.pushLow(r.now, want)
	return n
}

// highest records want and returns the highest recommendation of the scale-down stabilization
// window.
func (r rules) highest(want int32) int32 {
	keep := window(r.spec.Behavior.ScaleDown, stabilizationDown)
	cutoff := r.now - int64(keep)
	r.st.Highs.forget(r.now - int64(max(keep, idle)))
	n := max(want, r.st.Highs.first(cutoff, want))
	r.st.Highs.pushHigh(r.now, want)
	return n
}

func window(s *api.ScalingRules, fallback time.Duration) time.Duration {
	if s == nil || s.StabilizationWindowSeconds == nil {
		return fallback
	}
	return time.Duration(*s.StabilizationWindowSeconds) * time.Second
}

// upLimit returns the highest count that the scale-up policies allow.
func (r rules) upLimit() int32 {
	s := r.spec.Behavior.ScaleUp
	if s != nil && s.SelectPolicy == "Disabled" {
		return r.in.Current
	}
	if s == nil || len(s.Policies) == 0 {
		return pick(r.grow(api.ScalingPolicy{Type: "Pods", Value: 4, PeriodSeconds: defaultPeriod}),
			r.grow(api.ScalingPolicy{Type: "Percent", Value: 100, PeriodSeconds: defaultPeriod}), selection(s))
	}
	n := r.grow(s.Policies[0])
	for _, p := range s.Policies[1:] {
		n = pick(n, r.grow(p), selection(s))
	}
	return n
}

// downLimit returns the lowest count that the scale-down policies allow.
func (r rules) downLimit() int32 {
	s := r.spec.Behavior.ScaleDown
	if s != nil && s.SelectPolicy == "Disabled" {
		return r.in.Current
	}
	if s == nil || len(s.Policies) == 0 {
		return r.shrink(api.ScalingPolicy{Type: "Percent", Value: 100, PeriodSeconds: defaultPeriod})
	}
	n := r.shrink(s.Policies[0])
	for _, p := range s.Policies[1:] {
		if selection(s) == "Min" { // the smallest change leaves the most
			n = max(n, r.shrink(p))
		} else {
			n = min(n, r.shrink(p))
		}
	}
	return n
}

func selection(s *api.ScalingRules) string {
	if s == nil {
		return ""
	}
	return s.SelectPolicy
}

// pick returns the larger of two limits, or the smaller under selectPolicy Min.
func pick(a, b int32, selected string) int32 {
	if selected == "Min" {
		return min(a, b)
	}
	return max(a, b)
}

// grow returns how far p lets the count grow. A percentage is rounded up, or a
// small one would never add the first replica.
func (r rules) grow(p api.ScalingPolicy) int32 {
	start := r.startOf(p)
	if p.Type == "Pods" {
		return saturate(start + float64(p.Value))
	}
	return saturate(math.Ceil(start * (1 + float64(p.Value)/100)))
}

// shrink returns how far p lets the count fall.
func (r rules) shrink(p api.ScalingPolicy) int32 {
	start := r.startOf(p)
	if p.Type == "Pods" {
		return saturate(start - float64(p.Value))
	}
	return saturate(math.Trunc(start * (1 - float64(p.Value)/100)))
}

// startOf returns the replicas at the start of the period of p that ends now, as
// far as our own changes tell.
func (r rules) startOf(p api.ScalingPolicy) float64 {
	cutoff := r.now - int64(p.PeriodSeconds)*int64(time.Second)
	return float64(r.in.Current) - r.st.Ups.total(cutoff) + r.st.Downs.total(cutoff)
}

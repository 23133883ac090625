// Package measure holds the metrics by which autoscalers are judged, as functions
// of what happened per step.
//
// Demand is the fewest ready pods that keep the objective, supply the pods that
// take traffic. All series of one call have the same length and step.
package measure

import "math"

// Elasticity is the set of metrics of the SPEC Research Group, in percent. 0 is best,
// but a perfectly safe scaler has an OverTime near 100: read it together with Under and
// the two Over values.
//
// Two normalisations of over-provisioning are in use; they are different numbers.
//
// Sources: Herbst et al., Ready for Rain? A View from SPEC Research on the Future
// of Cloud Metrics, SPEC-RG-2016-01 (over demand); Ilyushkin et al., An
// Experimental Performance Evaluation of Autoscaling Policies for Complex
// Workflows, ICPE 2017 (over supply).
type Elasticity struct {
	Under      float64 // θ_U = 100/T · Σ max(d−s, 0)/d
	OverDemand float64 // θ_O = 100/T · Σ max(s−d, 0)/d; may exceed 100
	OverSupply float64 // θ_O = 100/T · Σ max(s−d, 0)/s; at most 100
	UnderTime  float64 // τ_U = 100/T · Σ [d > s]
	OverTime   float64 // τ_O = 100/T · Σ [s > d]
}

// Elastic computes the set. Where the demand is 0 it is taken for 1 in the
// denominator, so that idle pods count as pods; a term whose supply is 0 is 0 in
// OverSupply. No steps give the zero set.
func Elastic(demand, supply []int32) Elasticity {
	var e Elasticity
	for i, d := range demand {
		s := supply[i]
		switch {
		case d > s:
			e.Under += float64(d-s) / float64(d)
			e.UnderTime++
		case s > d:
			e.OverDemand += float64(s-d) / float64(max(d, 1))
			e.OverSupply += float64(s-d) / float64(s)
			e.OverTime++
		}
	}
	per := 100 / float64(max(len(demand), 1))
	e.Under, e.OverDemand, e.OverSupply = e.Under*per, e.OverDemand*per, e.OverSupply*per
	e.UnderTime, e.OverTime = e.UnderTime*per, e.OverTime*per
	return e
}

// Speedup returns the elastic speedup of a over n, the same service without
// scaling: the geometric mean of the ratios of n to a in Under, OverDemand,
// UnderTime and OverTime, each increased by 0.01 so that a perfect score divides.
// Above 1, a is better.
func Speedup(a, n Elasticity) float64 {
	product := 1.0
	for _, r := range [][2]float64{
		{n.Under, a.Under}, {n.OverDemand, a.OverDemand}, {n.UnderTime, a.UnderTime}, {n.OverTime, a.OverTime},
	} {
		product *= (r[0] + 0.01) / (r[1] + 0.01)
	}
	return math.Sqrt(math.Sqrt(product)) // the fourth root
}

// Instability says how often supply and demand move differently, in percent of
// the steps after the first. It depends on the step: compare at 60 s.
type Instability struct {
	Total    float64 // υ = 100/(T−1) · Σ min(|sgn Δs − sgn Δd|, 1)
	Needless float64 // k: supply moved up against demand, or stayed when demand fell
	Lagging  float64 // k′: demand moved up against supply, or stayed when supply fell
}

// Unstable computes the instability. The demand should be deadbanded first, see
// [Deadband]: it crosses the border between two counts with each breath of load.
func Unstable(demand, supply []int32) Instability {
	var u Instability
	for i := 1; i < len(demand); i++ {
		s, d := sign(supply[i]-supply[i-1]), sign(demand[i]-demand[i-1])
		switch {
		case s > d:
			u.Needless++
		case d > s:
			u.Lagging++
		}
	}
	per := 100 / float64(max(len(demand)-1, 1))
	u.Needless, u.Lagging = u.Needless*per, u.Lagging*per
	u.Total = u.Needless + u.Lagging
	return u
}

func sign(n int32) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// Deadband returns demand held at its last value until it has moved by at least
// the larger of one pod and the share of that value.
func Deadband(demand []int32, share float64) []int32 {
	held := make([]int32, len(demand))
	var last int32
	for i, d := range demand {
		if i == 0 || d != last && float64(max(d-last, last-d)) >= share*float64(last) {
			last = d
		}
		held[i] = last
	}
	return held
}

// Every returns each n-th value, the first included.
func Every(values []int32, n int) []int32 {
	out := make([]int32, 0, len(values)/n+1)
	for i := 0; i < len(values); i += n {
		out = append(out, values[i])
	}
	return out
}

package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// champion returns the policy of forescale whose object the report says to run: the floor if
// it was replayed, else the one behind KEDA, else the best at a fixed quantile. Without any of
// them it returns the best of the others that could run in a cluster, and false. The best one
// violates less beyond the budget, and then is the cheaper one.
func (r *Report) champion() (Aggregate, bool) {
	var all, ours, fixed, others []Aggregate
	for _, a := range r.Aggregates {
		if a.Class != All {
			continue
		}
		all = append(all, a)
		switch {
		case quantileOf(a.Policy) > 0: // beside the spec a point of the frontier
			fixed = append(fixed, a)
		case strings.HasPrefix(a.Policy, "forescale-"):
			ours = append(ours, a)
		case a.Policy != tuned && !strings.HasSuffix(a.Policy, "oracle"):
			others = append(others, a)
		}
	}
	if i := slices.IndexFunc(ours, func(a Aggregate) bool { return a.Policy == floorPolicy }); i >= 0 {
		return ours[i], true
	}
	for _, group := range [][]Aggregate{ours, fixed, others} {
		if len(group) > 0 {
			return slices.MinFunc(group, r.order), len(ours)+len(fixed) > 0
		}
	}
	return all[0], false
}

// quantileOf returns the quantile of forecasts, in percent, that a policy of forescale has in
// its name, as 98 of forescale-floor-98; 0 if it goes by the spec.
func quantileOf(policy string) float64 {
	if family, knob := familyOf(policy); strings.HasPrefix(family, "forescale-") {
		return knob
	}
	return 0
}

// order compares by the violating time beyond the budget, then by cost.
func (r *Report) order(a, b Aggregate) int {
	x, y := max(a.ViolatingTime, r.Settings.BudgetPct), max(b.ViolatingTime, r.Settings.BudgetPct)
	if math.Abs(x-y) > sameTime {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a.CostRatio, b.CostRatio)
}

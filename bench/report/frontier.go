package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Frontier is a family of policies that differ in one knob, over the traces of a
// class. A policy without a knob is a family of one, even if other policies set that knob:
// no value of the knob stands for a default that chooses it anew all the time.
type Frontier struct {
	Class  string  `json:"class"`
	Family string  `json:"family"`
	Points []Point `json:"points"` // in order of the knob

	// CostAtBudget is the cost at which the family stays within the budget of
	// violating time, interpolated along the frontier; null if it never does.
	CostAtBudget Float `json:"cost_at_budget"`
	// ViolatingAtReference is the violating time in percent that the family has at the
	// bill of the reference; null if it is always dearer.
	ViolatingAtReference Float `json:"violating_time_at_reference_pct"`
}

// A Point is one policy of a frontier.
type Point struct {
	Policy        string  `json:"policy"`
	Knob          float64 `json:"knob,omitempty"`
	CostRatio     float64 `json:"cost_ratio"`
	ViolatingTime float64 `json:"violating_time_pct"`
}

// familyOf splits the name of a policy into its family and its knob: hpa-rate-70 is
// hpa-rate at 70. The knob is 0 if there is none.
func familyOf(policy string) (string, float64) {
	if i := strings.LastIndexByte(policy, '-'); i > 0 {
		if v, err := strconv.ParseFloat(policy[i+1:], 64); err == nil {
			return policy[:i], v
		}
	}
	return policy, 0
}

// frontiers returns the frontiers of all families over a class.
func (r *Report) frontiers(class string) []Frontier {
	var out []Frontier
	reference, _ := r.Aggregate(class, r.Reference())
	for _, a := range r.Aggregates {
		if a.Class != class || a.Policy == tuned {
			continue
		}
		family, knob := familyOf(a.Policy)
		i := slices.IndexFunc(out, func(f Frontier) bool { return f.Family == family && f.Points[0].Knob != 0 && knob != 0 })
		if i < 0 {
			i = len(out)
			out = append(out, Frontier{Class: class, Family: family})
		}
		out[i].Points = append(out[i].Points, Point{a.Policy, knob, a.CostRatio, a.ViolatingTime})
	}
	for i := range out {
		f := &out[i]
		slices.SortFunc(f.Points, func(a, b Point) int { return cmp.Compare(a.Knob, b.Knob) })
		f.CostAtBudget = Float(f.cross(
			func(p Point) float64 { return p.ViolatingTime }, func(p Point) float64 { return p.CostRatio }, r.Settings.BudgetPct))
		f.ViolatingAtReference = Float(f.cross(
			func(p Point) float64 { return p.CostRatio }, func(p Point) float64 { return p.ViolatingTime }, reference.CostRatio))
	}
	return out
}

// cross returns the least y at which the line through the points has x ≤ limit,
// NaN if it never has.
func (f *Frontier) cross(x, y func(Point) float64, limit float64) float64 {
	best := math.NaN()
	least := func(v float64) {
		if !(v >= best) { // also when best is NaN
			best = v
		}
	}
	for i, p := range f.Points {
		if x(p) <= limit {
			least(y(p))
		}
		if i == 0 {
			continue
		}
		q := f.Points[i-1]
		if (x(p) <= limit) != (x(q) <= limit) {
			w := (limit - x(q)) / (x(p) - x(q))
			least(y(q) + w*(y(p)-y(q)))
		}
	}
	return best
}

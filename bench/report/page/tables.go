package page

import (
	"fmt"
	"strings"

	"github.com/forescale/forescale/bench/report"
)

// A table of the page.
type table struct {
	Caption string
	Head    []cell
	Rows    []row
}

type row struct {
	Class string // ours, other, bound or empty
	Cells []cell
}

// A cell may have a second line, in small.
type cell struct {
	Text, Small string
	Class       string // wide = not on a phone; words = text, to the left; bad
}

// tables returns the table of all traces, and one per class if there are several.
func tables(r *report.Report) []table {
	var out []table
	var classes []string
	for _, a := range r.Aggregates {
		if len(classes) == 0 || classes[len(classes)-1] != a.Class {
			classes = append(classes, a.Class)
		}
	}
	for _, class := range classes {
		out = append(out, policies(r, class))
	}
	return out
}

func policies(r *report.Report, class string) table {
	several := len(r.Traces) > 1
	t := table{Head: []cell{
		{Text: "policy", Class: "words"},
		{Text: "cost", Small: "× optimum"},
		{Text: "bill", Small: "against " + r.Reference()},
		{Text: "violating time", Small: "%"},
		{Text: "requests late", Small: "%", Class: "wide"},
	}}
	if several {
		t.Head = append(t.Head, cell{Text: "worst load", Small: "violating %", Class: "wide"})
	}
	t.Head = append(t.Head, cell{Text: "churn", Small: "pods a day", Class: "wide"},
		cell{Text: "reversals", Small: "an hour", Class: "wide"}, cell{Text: "replica-hours", Class: "wide"})
	if r.Settings.Price > 0 {
		t.Head = append(t.Head, cell{Text: "money", Class: "wide"})
	}
	if several {
		t.Caption = "All loads"
		if class != report.All {
			t.Caption = "Loads that are " + report.Kind(class)
		}
	}
	for _, policy := range r.Shown() {
		if a, ok := r.Aggregate(class, policy); ok {
			t.Rows = append(t.Rows, row{kind(r, policy), aggregate(r, a)})
		}
	}
	return t
}

// kind returns the class of a policy in the style.
func kind(r *report.Report, policy string) string {
	switch {
	case policy == r.Verdict.Policy:
		return "ours"
	case policy == r.Reference():
		return "other"
	case policy == "hpa-tuned" || strings.HasSuffix(policy, "oracle"):
		return "bound"
	}
	return ""
}

func aggregate(r *report.Report, a report.Aggregate) []cell {
	bill := cell{Text: "–"}
	if a.Against != nil {
		bill = cell{Text: signed(a.Against.Cost), Small: ends(a.Against.CostCI, signed)}
	}
	violating := cell{Text: report.Percent(a.ViolatingTime), Small: ends(a.ViolatingTimeCI, report.Percent)}
	if a.ViolatingTime > r.Settings.BudgetPct {
		violating.Class = "bad"
	}
	cells := []cell{
		{Text: a.Policy, Class: "words"},
		{Text: fixed(a.CostRatio, 2), Small: ends(a.CostRatioCI, func(v float64) string { return fixed(v, 2) })},
		bill, violating,
		{Text: report.Percent(a.ViolatingRequests), Class: "wide"},
	}
	if len(r.Traces) > 1 {
		cells = append(cells, cell{Text: report.Percent(a.Worst.ViolatingTime), Small: a.Worst.Trace, Class: "wide"})
	}
	cells = append(cells, cell{Text: report.Count(a.Churn), Class: "wide"}, cell{Text: fixed(a.Reversals, 1), Class: "wide"},
		cell{Text: report.Count(a.ReplicaHours), Class: "wide"})
	if r.Settings.Price > 0 {
		cells = append(cells, cell{Text: report.Count(a.Money), Class: "wide"})
	}
	return cells
}

func signed(v float64) string {
	switch text := fmt.Sprintf("%.0f %%", v); {
	case text == "0 %" || text == "-0 %":
		return "±0 %"
	case v < 0:
		return "−" + text[1:]
	default:
		return "+" + text
	}
}

func ends(i *report.Interval, of func(float64) string) string {
	if i == nil {
		return ""
	}
	low, high := of(i[0]), of(i[1])
	if low == high {
		return low
	}
	return strings.TrimSuffix(low, " %") + " to " + high
}

// perTrace has a line per load: class, growth, and violating time and cost of the
// policies that matter most.
func perTrace(r *report.Report) *table {
	t := &table{Head: []cell{{Text: "load", Class: "words"}, {Text: "class"}, {Text: "growth", Small: "in a lead time"}}}
	shown := r.KeyPolicies(6)
	for _, policy := range shown {
		t.Head = append(t.Head, cell{Text: policy})
	}
	for _, tr := range r.Traces {
		cells := []cell{{Text: tr.Name, Class: "words load"}, {Text: tr.Class}, {Text: report.Growth(tr.GrowthLead)}}
		for _, policy := range shown {
			c := cell{Text: "–"}
			if m, ok := r.Of(tr.Name, policy); ok {
				c = cell{Text: report.Percent(m.ViolatingTime), Small: "× " + fixed(m.CostRatio, 2)}
				if m.ViolatingTime > r.Settings.BudgetPct {
					c.Class = "bad"
				}
			}
			cells = append(cells, c)
		}
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	return t
}

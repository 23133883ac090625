package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// WriteTable writes the report for a terminal: what was run, the policies, each
// trace by name, the verdict.
func (r *Report) WriteTable(w io.Writer) error {
	t := text{w: w}
	t.settings(r)
	for _, class := range r.classes() {
		t.policies(r, class)
	}
	if len(r.Traces) > 1 {
		t.traces(r)
	}
	for _, f := range r.Failures {
		t.line("not run: %s on %s, seed %d: %s", f.Policy, f.Trace, f.Seed, f.Error)
	}
	t.line("%s", r.Verdict.Headline)
	for _, s := range r.Verdict.Sentences {
		t.wrap(s)
	}
	if len(r.Traces) == 1 { // the loads of a survey have no object in common
		head := "What was replayed, to run it"
		if !strings.HasPrefix(r.Verdict.Policy, "forescale-") {
			head = "Forescale was not replayed; this would run it"
		}
		t.line("\n# %s:\n%s", head, strings.TrimSuffix(r.Spec, "\n"))
	}
	if t.err != nil {
		return fmt.Errorf("report: %w", t.err)
	}
	return nil
}

// A text writes lines and keeps the first error.
type text struct {
	w   io.Writer
	err error
}

func (t *text) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

// wrap writes a sentence in lines of at most 88 characters.
func (t *text) wrap(sentence string) {
	const glue = "\x00" // between a number and its sign
	line := ""
	for word := range strings.FieldsSeq(strings.NewReplacer(" %", glue+"%", " ×", glue+"×", "× ", "×"+glue).Replace(sentence)) {
		word = strings.ReplaceAll(word, glue, " ")
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > 86 {
			t.line("  %s", line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	t.line("  %s", line)
}

func (t *text) settings(r *Report) {
	s := r.Settings
	slots := "slots"
	if s.Slots == 1 {
		slots = "slot"
	}
	if s.Variation > 0 {
		slots += fmt.Sprintf(", variation %.3g", s.Variation)
	}
	t.line("pods of %s requests/s at full load (%d %s, %s queue), p%s within %s;\n  start-up %s, p90 %s; lead time %s",
		number(rounded(s.Capacity)), s.Slots, slots, s.Balancing, number(100*s.Objective.Quantile), Bound(s.Objective.LatencyS), Span(s.StartupS), Span(s.StartupP90S), Span(s.LeadS))
	if s.Learned != nil {
		t.wrap("Learned from what was recorded beside the load: " + s.Learned.Words + ".")
	}
	for _, tr := range r.Traces {
		t.line("%s: %s, %s judged after %s, peak %s requests/s (×%s);\n  grows %s in 2 min, %s in a lead time; optimum %s replica-hours, %s without start-up",
			tr.Name, Kind(tr.Class), Span(tr.JudgedS), Span(tr.WarmupS), Figure(tr.Peak), Figure(tr.ScaleFactor), Growth(tr.Growth2M), Growth(tr.GrowthLead),
			Count(tr.OptimumHours), Count(tr.UndelayedHours))
		for _, warning := range tr.Warnings {
			t.line("warning: %s: %s", tr.Name, warning)
		}
	}
	t.line("")
}

// Growth is a factor in words; a load that is too low or too short has none.
func Growth(f Float) string {
	if math.IsNaN(float64(f)) {
		return "–"
	}
	return fmt.Sprintf("×%.2f", float64(f))
}

// A column of the table of policies.
type column struct {
	title string
	left  bool // aligned to the left
	of    func(a Aggregate) string
}

// columns returns the columns of the table of policies. With one trace there is no column
// for the worst one, and without a price none for money.
func columns(r *Report, title string) []column {
	all := []column{
		{title, true, func(a Aggregate) string { return a.Policy }},
		{"× optimum", false, func(a Aggregate) string { return fmt.Sprintf("%.3f", a.CostRatio) }},
		{"95 %", false, func(a Aggregate) string {
			return ends(a.CostRatioCI, func(v float64) string { return fmt.Sprintf("%.3f", v) })
		}},
		{"violating %", false, func(a Aggregate) string { return Percent(a.ViolatingTime) }},
		{"95 %", false, func(a Aggregate) string { return ends(a.ViolatingTimeCI, Percent) }},
		{"requests %", false, func(a Aggregate) string { return Percent(a.ViolatingRequests) }},
	}
	if len(r.Traces) > 1 {
		all = append(all,
			column{"worst %", false, func(a Aggregate) string { return Percent(a.Worst.ViolatingTime) }},
			column{"worst trace", true, func(a Aggregate) string { return a.Worst.Trace }})
	}
	all = append(all,
		column{"churn/day", false, func(a Aggregate) string { return Count(a.Churn) }},
		column{"rev/h", false, func(a Aggregate) string { return fmt.Sprintf("%.2f", a.Reversals) }},
		column{"replica-h", false, func(a Aggregate) string { return Count(a.ReplicaHours) }})
	if r.Settings.Price > 0 {
		all = append(all, column{"money", false, func(a Aggregate) string { return fmt.Sprintf("%.2f", a.Money) }})
	}
	return all
}

func (t *text) policies(r *Report, class string) {
	title := "policy"
	if class != All {
		title = "class " + class
	}
	cols := columns(r, title)
	left := map[int]bool{}
	rows := [][]string{nil}
	for i, c := range cols {
		rows[0], left[i] = append(rows[0], c.title), c.left
	}
	for _, policy := range r.Shown() {
		a, ok := r.Aggregate(class, policy)
		if !ok {
			continue
		}
		var row []string
		for _, c := range cols {
			row = append(row, c.of(a))
		}
		rows = append(rows, row)
	}
	t.table(rows, left)
}

func ends(i *Interval, of func(float64) string) string {
	if i == nil {
		return "–"
	}
	return of(i[0]) + "–" + of(i[1])
}

// traces writes violating time and cost of each policy on each trace.
func (t *text) traces(r *Report) {
	shown := r.KeyPolicies(7)
	rows := [][]string{append([]string{"violating % / × optimum"}, shown...)}
	for _, tr := range r.Traces {
		row := []string{tr.Name}
		for _, policy := range shown {
			cell := "–"
			if m, ok := r.Of(tr.Name, policy); ok {
				cell = fmt.Sprintf("%s/%.2f", Percent(m.ViolatingTime), m.CostRatio)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	t.table(rows, map[int]bool{0: true})
}

// table writes rows in columns, those of left to the left.
func (t *text) table(rows [][]string, left map[int]bool) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if left[i] {
				cell += pad
			} else {
				cell = pad + cell
			}
			b.WriteString(cell + "  ")
		}
		t.line("%s", strings.TrimRight(b.String(), " "))
	}
	t.line("")
}

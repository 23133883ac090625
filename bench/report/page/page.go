// Package page makes the HTML page of a backtest: one file with its pictures and
// its style inside, which needs no network and no script.
//
// Pictures are drawn twice, for a desk and for a phone, because text in a picture
// that is shrunk to a third cannot be read; the style shows one of them. Colours
// are few and mean the same everywhere: blue is the policy of the verdict, amber
// the reference, red a missed objective, grey the rest.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/bench/report/campaign"
)

//go:embed page.html page.css
var files embed.FS

// A view is what the template sees.
type view struct {
	*report.Report

	Title     string
	Style     template.CSS
	Reference string
	Growth    float64 // largest within one lead time
	Where     string  // its trace; empty with one trace
	Facts     []fact
	Tables    []table
	Frontier  []picture
	Charts    []chart
	PerTrace  *table // nil with one trace
	Settings  []fact
}

// A fact is a name and what it is.
type fact struct{ Name, Text string }

// A chart is the pictures of one trace.
type chart struct {
	Trace    report.Trace
	Open     bool
	Span     string
	Overview []picture
	Hardest  []picture
	All      []multiple // each policy over the whole span
	AllHard  []multiple // and in the hardest hours
}

// A picture is an inline SVG for one kind of screen.
type picture struct {
	Screen string // desk or phone
	SVG    template.HTML
}

// Write writes the page of r with the timelines of its traces, which may be
// missing. It returns the first error of w.
func Write(w io.Writer, r *report.Report, lines map[string]campaign.Timelines) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"span": report.Span, "kind": report.Kind, "words": unbroken,
	}).ParseFS(files, "page.html")
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	style, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	v := newView(r, lines)
	v.Style = template.CSS(style) //nolint:gosec // the file is our own
	var text bytes.Buffer
	if err := t.Execute(&text, v); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	// What is to be pasted stays as it is: a query may have a percent sign.
	before, after, _ := strings.Cut(text.String(), "<pre>")
	spec, after, _ := strings.Cut(after, "</pre>")
	if _, err := io.WriteString(w, glued(before)+"<pre>"+spec+"</pre>"+glued(after)); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

// glued keeps a percent sign, and a ×, on the line of the number before it.
func glued(text string) string {
	return strings.NewReplacer(" %", "\u00a0%", " ×", "\u00a0×").Replace(text)
}

func newView(r *report.Report, lines map[string]campaign.Timelines) view {
	v := view{Report: r, Reference: r.Reference(), Title: title(r)}
	for _, t := range r.Traces {
		if g := float64(t.GrowthLead); g > v.Growth {
			v.Growth, v.Where = g, t.Name
		}
	}
	if len(r.Traces) == 1 {
		v.Where = ""
	}
	v.Facts, v.Settings = facts(r), settings(r)
	v.Tables = tables(r)
	if len(r.Traces) > 1 {
		v.PerTrace = perTrace(r)
	}
	v.Frontier = both(func(s screen) string { return frontier(r, s) })
	for i, t := range r.Traces {
		c := chart{Trace: t, Open: i == 0}
		points := chosen(r, lines[t.Name])
		if len(points) == 0 || len(points[0].points) < 2 { // one column shows nothing
			continue
		}
		lead := r.Settings.LeadS
		c.Overview = both(func(s screen) string { return timeline(points, lead, s) })
		window, from := hardest(points)
		c.Hardest = both(func(s screen) string { return timeline(window, lead, s) })
		c.Span = from
		every := all(r, lines[t.Name])
		c.All, c.AllHard = multiples(r, t.Name, every), multiples(r, t.Name, during(every, window))
		v.Charts = append(v.Charts, c)
	}
	return v
}

// unbroken keeps names such as hpa-rate-70 on one line.
func unbroken(text string) string { return strings.ReplaceAll(text, "-", "\u2011") }

func title(r *report.Report) string {
	if len(r.Traces) == 1 {
		return r.Traces[0].Name
	}
	return fmt.Sprintf("%d loads", len(r.Traces))
}

// A line is a policy in a timeline.
type line struct {
	policy string
	class  string // of the style: ours or other
	points []replay.Point
}

// chosen returns the lines to draw: the policy of the verdict and the reference.
func chosen(r *report.Report, lines campaign.Timelines) []line {
	var out []line
	for _, l := range []line{{policy: r.Reference(), class: "other"}, {policy: r.Verdict.Policy, class: "ours"}} {
		if l.points = lines[l.policy]; len(l.points) > 0 && (len(out) == 0 || out[0].policy != l.policy) {
			out = append(out, l)
		}
	}
	return out
}

// all returns the lines of the policies of the table, in its order.
func all(r *report.Report, lines campaign.Timelines) []line {
	var out []line
	for _, policy := range r.Shown() {
		if points := lines[policy]; len(points) > 0 {
			class := kind(r, policy)
			if class == "bound" {
				class = ""
			}
			out = append(out, line{policy, class, points})
		}
	}
	return out
}

// during cuts lines to the span of window.
func during(lines, window []line) []line {
	w := window[0].points
	out := make([]line, len(lines))
	for i, l := range lines {
		from, _ := slices.BinarySearchFunc(l.points, w[0].At, func(p replay.Point, at time.Time) int { return p.At.Compare(at) })
		out[i] = l
		out[i].points = l.points[from:min(from+len(w), len(l.points))]
	}
	return out
}

// A screen is the size that pictures are drawn for, in pixels.
type screen struct {
	name  string
	width float64
}

// both draws a picture for both screens.
func both(draw func(screen) string) []picture {
	var out []picture
	for _, s := range []screen{{"desk", 1080}, {"phone", 358}} {
		out = append(out, picture{s.name, template.HTML(draw(s))}) //nolint:gosec // drawn here, names escaped
	}
	return out
}

func facts(r *report.Report) []fact {
	if len(r.Traces) > 1 {
		var days float64
		for _, t := range r.Traces {
			days += t.JudgedS / 86400
		}
		return []fact{
			{"judged", fmt.Sprintf("%d loads, %.0f days in all", len(r.Traces), days)},
			{"repeated", times(len(r.Settings.Seeds))},
			{"lead time", report.Span(r.Settings.LeadS)},
		}
	}
	t := r.Traces[0]
	return []fact{
		{"judged", report.Span(t.JudgedS) + " from " + t.Start.UTC().Format("2 January 2006")},
		{"history before", report.Span(t.WarmupS)},
		{"peak", report.Figure(t.Peak) + " requests/s" + scaled(t.ScaleFactor)},
		{"grows in two minutes", grows(t)},
		{"clairvoyant optimum", report.Count(t.OptimumHours) + " replica-hours, " + report.Count(t.UndelayedHours) + " if pods started at once"},
	}
}

func grows(t report.Trace) string {
	if !math.IsNaN(float64(t.Growth2M)) {
		return report.Growth(t.Growth2M) + ", " + report.Kind(t.Class)
	}
	return "not known: the load is too low or too short"
}

func scaled(factor float64) string {
	if math.Abs(factor-1) < 1e-9 {
		return ", as recorded"
	}
	return ", scaled ×" + report.Figure(factor)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times with other arrivals and starts", n)
}

func fixed(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, v)
}

func settings(r *report.Report) []fact {
	s := r.Settings
	var seeds []string
	for _, seed := range s.Seeds {
		seeds = append(seeds, strconv.FormatUint(seed, 10))
	}
	var learned []fact
	if s.Learned != nil {
		learned = []fact{{"learned from the record", s.Learned.Words}}
	}
	peak := "as recorded"
	if s.ScalePeak > 0 {
		peak = "scaled to " + report.Figure(s.ScalePeak) + " requests/s"
	}
	times := "exponential"
	if s.Variation > 0 {
		times = fmt.Sprintf("lognormal, with a coefficient of variation of %.3g", s.Variation)
	}
	known := []fact{
		{"objective", fmt.Sprintf("p%.4g within %s", 100*s.Objective.Quantile, report.Bound(s.Objective.LatencyS))},
		{"one pod", fmt.Sprintf("%.4g requests/s when busy all the time, %d at once; %.3g requests/s under the objective", s.Capacity, s.Slots, s.SafeRate)},
		{"time of a request", times},
		{"balancing", s.Balancing + map[string]string{"central": ": one queue for all pods, the optimistic bound", "per-pod": ": each pod its own queue, the pessimistic bound"}[s.Balancing]},
		{"start-up", fmt.Sprintf("median %s, nine in ten within %s", report.Span(s.StartupS), report.Span(s.StartupP90S))},
		{"metric", fmt.Sprintf("scraped every %s, rate over %s", report.Span(s.ScrapeS), report.Span(s.RateWindowS))},
		{"lead time", report.Span(s.LeadS) + ": half the rate window, half a scrape, half a sync of the HPA, the start of a pod"},
		{"replicas", fmt.Sprintf("%s to %s", report.Count(float64(s.Min)), report.Count(float64(s.Max)))},
		{"load", peak},
		{"budget", report.Percent(s.BudgetPct) + " % violating time"},
		{"seeds", strings.Join(seeds, ", ")},
		{"intervals", fmt.Sprintf("95 %%, %s resamples of whole days, paired", report.Count(float64(s.Resamples)))},
	}
	return append(known, learned...)
}

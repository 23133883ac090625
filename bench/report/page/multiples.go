package page

import (
	"html/template"
	"math"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/report"
)

// A multiple is a small picture of one policy: what it had ready against what was
// needed, and when it missed the objective. All of a load share their scales.
type multiple struct {
	Policy, Class string
	Missed, Cost  string
	Bad           bool
	SVG           template.HTML
}

// The size of a multiple, in pixels: three in a row on a desk, one on a phone.
const (
	smallWidth  = 350
	smallHeight = 84
	smallStrip  = 7
)

// multiples draws every policy of the table, in its order.
func multiples(r *report.Report, load string, lines []line) []multiple {
	if len(lines) == 0 {
		return nil
	}
	t := newTime(lines, screen{"small", smallWidth})
	demand := t.fold(lines[0].points, func(p replay.Point) float64 { return float64(p.Demand) }, highest)
	peak := summit(1, math.Inf(1), demand)
	out := make([]multiple, len(lines))
	for i, l := range lines {
		out[i] = multiple{Policy: l.policy, Class: kind(r, l.policy), SVG: template.HTML(t.small(l, demand, 1.35*peak))} //nolint:gosec // drawn here, names escaped
		if m, ok := r.Of(load, l.policy); ok {
			out[i].Missed, out[i].Cost = report.Percent(m.ViolatingTime)+" %", "×\u202f"+fixed(m.CostRatio, 2)
			out[i].Bad = m.ViolatingTime > r.Settings.BudgetPct
		}
	}
	return out
}

// small draws one policy up to top pods; what is above is cut off.
func (t timeScale) small(l line, demand []xy, top float64) string {
	c := &canvas{width: smallWidth, height: smallHeight + smallStrip + 24}
	scale := valueScale{top: top, high: 4, bottom: smallHeight}
	marks := ticks(top, 1, 2)
	for _, v := range marks[:len(marks)-1] {
		c.line("grid", marginLeft, scale.y(v), marginLeft+t.width, scale.y(v))
		c.text("axis", "end", marginLeft-7, scale.y(v)+4, report.Count(v))
	}
	c.area("demand", scale.all(steps(demand)), scale.bottom)
	class := l.class
	if class == "" {
		class = "rest"
	}
	c.path(class, scale.all(clip(steps(t.ready(l.points, demand)), top)))
	t.strip(c, l, smallHeight+3, smallStrip)
	t.axis(c, 4, smallHeight+3+smallStrip)
	return c.done(l.policy + ": ready pods, needed pods and missed objectives")
}

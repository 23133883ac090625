package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/forescale/forescale/bench/report"
)

// Least violating time on the logarithmic axis, percent; what is below is drawn on
// the base line, as 0.
const leastTime = 0.001

// dearest is the cost at the right border; what costs more is drawn there, with
// its cost.
const dearest = 2.6

// A plane maps cost and violating time to a picture.
type plane struct {
	left, right, top, bottom float64
	low, high                float64 // cost
	most                     float64 // violating time, percent
}

func (p plane) x(cost float64) float64 {
	return p.left + (min(cost, p.high)-p.low)/(p.high-p.low)*(p.right-p.left)
}

func (p plane) y(violating float64) float64 {
	if violating <= leastTime {
		return p.bottom
	}
	return p.bottom - 22 - math.Log(violating/leastTime)/math.Log(p.most/leastTime)*(p.bottom-22-p.top)
}

// frontier draws cost against violating time of all policies over all loads.
func frontier(r *report.Report, s screen) string {
	c := &canvas{width: s.width, height: 470}
	if s.name == "phone" {
		c.height = 430
	}
	p := newPlane(r, c)
	taken := []box{p.grid(c, r, s)}
	var labels []label
	for _, f := range r.Frontiers {
		if f.Class != report.All {
			continue
		}
		var path []xy
		for _, pt := range f.Points {
			path = append(path, xy{p.x(pt.CostRatio), p.y(pt.ViolatingTime)})
		}
		if len(path) > 1 {
			c.path("family", path)
		}
		for i, pt := range f.Points {
			class, radius := kind(r, pt.Policy), 3.2
			if class == "ours" || class == "other" {
				radius = 5.5
			}
			c.dot("dot "+class, path[i].x, path[i].y, radius)
			taken = append(taken, box{path[i].x - 4, path[i].y - 4, path[i].x + 4, path[i].y + 4})
			labels = append(labels, name(r, f, i, path[i]))
		}
	}
	if a, ok := r.Aggregate(report.All, "hpa-tuned"); ok {
		at := xy{p.x(a.CostRatio), p.y(a.ViolatingTime)}
		c.dot("dot ring", at.x, at.y, 6)
		labels = append(labels, label{at: at, text: "hpa-tuned", class: "bound", rank: 1})
	}
	place(c, labels, taken, p, s)
	return c.done("Cost against violating time of each policy")
}

func newPlane(r *report.Report, c *canvas) plane {
	p := plane{left: 52, right: c.width - 16, top: 44, bottom: c.height - 46, low: 1, high: 1.5, most: 1}
	for _, a := range r.Aggregates {
		if a.Class == report.All {
			p.high = max(p.high, a.CostRatio)
			p.low = min(p.low, a.CostRatio)
			p.most = max(p.most, a.ViolatingTime)
		}
	}
	p.most = max(p.most, r.Settings.BudgetPct) // which is drawn, too
	p.low = math.Floor(p.low*10-0.5) / 10
	p.high = min(math.Ceil(p.high*10)/10+0.1, dearest)
	p.most *= 1.5
	return p
}

// grid draws the axes and the budget, and returns what the word of the latter covers.
func (p plane) grid(c *canvas, r *report.Report, s screen) box {
	c.caption(p.left, 0, word{"strong", "violating time, %"}, word{"axis", "lower is better"})
	c.line("base", p.left, p.bottom, p.right, p.bottom)
	c.text("axis", "end", p.left-8, p.bottom+4, "0")
	for v := leastTime * 10; v <= p.most*1.001; v *= 10 {
		c.line("grid", p.left, p.y(v), p.right, p.y(v))
		c.text("axis", "end", p.left-8, p.y(v)+4, fmt.Sprintf("%.4g", v))
	}
	budget := p.y(r.Settings.BudgetPct)
	c.line("budget", p.left, budget, p.right, budget)
	const word = "budget"
	c.text("axis", "end", p.right, budget-5, word)
	step := 0.25
	if (p.high-p.low)/step > p.right/90 {
		step = 0.5
	}
	if s.name == "phone" {
		step *= 2
	}
	for v := math.Ceil(p.low/step) * step; v <= p.high+1e-9; v += step {
		c.line("mark", p.x(v), p.top, p.x(v), p.bottom)
		c.text("axis", "middle", p.x(v), p.bottom+17, "×"+fmt.Sprintf("%.3g", v))
	}
	c.text("strong", "end", p.right, p.bottom+36, "cost against the clairvoyant optimum")
	return box{p.right - 0.84*letters(word), budget - 15, p.right, budget - 2}
}

// A label wants to be near a point.
type label struct {
	at    xy
	text  string
	class string
	rank  int // those of a low rank are placed first; those above 2 only where there is room
}

// name returns the label of point i of f: its policy, or within a family the
// knob alone but at the ends.
func name(r *report.Report, f report.Frontier, i int, at xy) label {
	pt := f.Points[i]
	l := label{at: at, text: pt.Policy, class: kind(r, pt.Policy), rank: 2}
	if pt.CostRatio > dearest {
		l.text = fmt.Sprintf("%s ×%.1f →", pt.Policy, pt.CostRatio)
	}
	inner := len(f.Points) > 2 && i > 0 && i < len(f.Points)-1
	switch {
	case l.class == "ours" || l.class == "other":
		l.rank = 0
	case inner:
		l.text, l.rank = fmt.Sprintf("%.4g", pt.Knob), 3
	case strings.HasPrefix(pt.Policy, "forescale-"): // close to ours, and looked for: by a line, where there is no room
		l.rank = 1
	}
	if l.class == "" {
		l.class = "plain"
	}
	return l
}

// A box is what a label covers.
type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// place writes the labels beside their points such that none covers another; on a
// phone those that have room at their point, and no settings within a family.
func place(c *canvas, labels []label, taken []box, p plane, s screen) {
	const height, far = 13, 20
	slices.SortStableFunc(labels, func(a, b label) int { return a.rank - b.rank })
	for _, l := range labels {
		phone := s.name == "phone"
		if phone && l.rank > 2 {
			continue
		}
		width := 0.84 * letters(l.text)
		if l.rank == 0 {
			width *= 1.12 // bold
		}
		for _, shift := range shifts(width) {
			if phone && l.rank > 1 && math.Abs(shift.y) > far {
				break
			}
			b := box{l.at.x + shift.x, l.at.y + shift.y - height + 3, l.at.x + shift.x + width, l.at.y + shift.y + 3}
			if !p.holds(b) || slices.ContainsFunc(taken, b.meets) {
				continue
			}
			taken = append(taken, b)
			if math.Abs(shift.y) > far {
				c.line("leader", l.at.x, l.at.y+math.Copysign(4, shift.y), l.at.x+shift.x+min(width/2, 12), l.at.y+shift.y-math.Copysign(5, shift.y)-4)
			}
			c.text(l.class+" small", "start", b.left, b.bottom-3, l.text)
			break
		}
	}
}

// holds returns whether b lies within the picture of p.
func (p plane) holds(b box) bool {
	return b.left >= p.left && b.right <= p.right+14 && b.top >= p.top-14 && b.bottom <= p.bottom+4
}

// shifts are where a label may begin, relative to its point, the best first.
func shifts(width float64) []xy {
	out := []xy{{9, 4}, {-width - 9, 4}, {-width / 2, -10}, {-width / 2, 19}, {7, -8}, {-width - 7, -8}, {7, 17}, {-width - 7, 17}}
	for d := 28.0; d <= 100; d += 12 {
		out = append(out, xy{-width / 2, -d}, xy{4, -d}, xy{-width - 4, -d}, xy{-width / 2, d}, xy{4, d})
	}
	return out
}

package page

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/report"
)

// The layout of a timeline, in pixels.
const (
	marginLeft  = 46
	marginRight = 10
	stripHeight = 12
)

// timeline draws the load with the forecast, the pods of each line against the
// demand, and when each line missed the objective. Forecasts are drawn at the
// instant that they speak of, a lead time (seconds) after they were made.
func timeline(lines []line, lead float64, s screen) string {
	t := newTime(lines, s)
	c := &canvas{width: s.width}
	load, podsHeight := 190.0, 210.0
	if s.name == "phone" {
		load, podsHeight = 130, 160
	}
	y := t.load(c, lines[len(lines)-1], lead, 0, load)
	y = t.pods(c, lines, y+14, podsHeight)
	y = t.violations(c, lines, y+14)
	t.axis(c, 26, y)
	c.height = y + 22
	return c.done("Load, forecast, pods and missed objectives over time")
}

// A timeScale maps instants to columns of a picture.
type timeScale struct {
	from, to time.Time
	width    float64
	columns  int
}

func newTime(lines []line, s screen) timeScale {
	p := lines[0].points
	width := s.width - marginLeft - marginRight
	t := timeScale{from: p[0].At, width: width, columns: min(len(p), int(width))}
	t.to = p[len(p)-1].At
	if len(p) > 1 {
		t.to = t.to.Add(p[1].At.Sub(p[0].At))
	}
	return t
}

func (t timeScale) x(at time.Time) float64 {
	return marginLeft + t.width*float64(at.Sub(t.from))/float64(max(t.to.Sub(t.from), 1))
}

// fold reduces points to one value per column, by a fold over those in it; NaN
// where fold says so.
func (t timeScale) fold(points []replay.Point, of func(replay.Point) float64, fold func(a, b float64) float64) []xy {
	out := make([]xy, t.columns)
	for i := range out {
		from, to := i*len(points)/t.columns, (i+1)*len(points)/t.columns
		v := of(points[from])
		for _, p := range points[from+1 : to] {
			v = fold(v, of(p))
		}
		out[i] = xy{t.x(points[from].At), v}
	}
	return out
}

func highest(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	if b > a { // false for NaN
		return b
	}
	return a
}

func lowest(a, b float64) float64 { return min(a, b) }

// least is lowest but for NaN, which it passes over.
func least(a, b float64) float64 { return -highest(-a, -b) }

// load draws the panel of the load and returns its lower border.
func (t timeScale) load(c *canvas, l line, lead, top, height float64) float64 {
	load := t.fold(l.points, func(p replay.Point) float64 { return p.Load }, highest)
	shift := t.x(t.from.Add(time.Duration(lead*float64(time.Second)))) - marginLeft
	ahead := t.shifted(t.fold(l.points, func(p replay.Point) float64 { return p.Forecast }, highest), shift)
	low := t.shifted(t.fold(l.points, func(p replay.Point) float64 { return p.Low }, least), shift)
	high := t.shifted(t.fold(l.points, func(p replay.Point) float64 { return p.High }, highest), shift)
	peak := summit(0, math.Inf(1), load)
	peak = summit(peak, 1.6*peak, ahead, high) // one wild forecast must not flatten the picture
	words := []word{{"strong", "requests/s"}, {"load", "load"}}
	if known(high) {
		words = append(words, word{"bandword", "forecast, 10 to 90 %"})
	}
	if known(ahead) {
		words = append(words, word{"forecast", "to provide for"})
	}
	scale := t.panel(c, c.caption(marginLeft, top, words...), height, ticks(peak, 0, 4))
	c.ribbon("band", scale.all(clip(low, scale.top)), scale.all(clip(high, scale.top)))
	c.path("forecast", scale.all(clip(ahead, scale.top)))
	c.path("load", scale.all(load))
	return scale.bottom
}

// shifted moves points to the right, and drops what leaves the picture.
func (t timeScale) shifted(points []xy, by float64) []xy {
	for i := range points {
		points[i].x += by
		if points[i].x > marginLeft+t.width {
			points[i].y = math.NaN()
		}
	}
	return points
}

// summit returns the largest of peak and the values below limit.
func summit(peak, limit float64, lines ...[]xy) float64 {
	for _, points := range lines {
		for _, p := range points {
			if p.y < limit {
				peak = highest(peak, p.y)
			}
		}
	}
	return peak
}

func known(points []xy) bool {
	return slices.ContainsFunc(points, func(p xy) bool { return !math.IsNaN(p.y) })
}

// clip cuts what is above top.
func clip(points []xy, top float64) []xy {
	out := make([]xy, len(points))
	for i, p := range points {
		out[i] = p
		if p.y > top {
			out[i].y = top
		}
	}
	return out
}

// pods draws the panel of the pods and returns its lower border.
func (t timeScale) pods(c *canvas, lines []line, top, height float64) float64 {
	demand := t.fold(lines[0].points, func(p replay.Point) float64 { return float64(p.Demand) }, highest)
	words := []word{{"strong", "ready pods"}}
	peak := summit(0, math.Inf(1), demand)
	ready := make([][]xy, len(lines))
	for i, l := range lines {
		ready[i] = t.ready(l.points, demand)
		peak = summit(peak, 4*summit(1, math.Inf(1), demand), ready[i])
	}
	for _, l := range slices.Backward(lines) {
		words = append(words, word{l.class, l.policy})
	}
	words = append(words, word{"demandword", "needed"})
	scale := t.panel(c, c.caption(marginLeft, top, words...), height, ticks(peak, 1, 4))
	c.area("demand", scale.all(steps(demand)), scale.bottom)
	for i := range lines {
		c.path(lines[i].class, scale.all(clip(steps(ready[i]), scale.top)))
	}
	return scale.bottom
}

// ready returns the ready pods of each column: as many more than demand, the most that is needed
// in it, as there were at its worst moment. The fewest of a long column would look like too few
// pods wherever demand rises or falls in it.
func (t timeScale) ready(points []replay.Point, demand []xy) []xy {
	out := t.fold(points, func(p replay.Point) float64 { return float64(p.Ready) - float64(p.Demand) }, lowest)
	for i := range out {
		out[i].y += demand[i].y
	}
	return out
}

// violations draws a strip per line and returns the lower border.
func (t timeScale) violations(c *canvas, lines []line, top float64) float64 {
	y := c.caption(marginLeft, top, word{"strong", "objective missed"})
	for _, l := range slices.Backward(lines) {
		t.strip(c, l, y, stripHeight)
		c.text(l.class+" small", "start", marginLeft, y+stripHeight+13, l.policy+": "+missed(l.points))
		y += stripHeight + 22
	}
	return y - 2
}

// strip marks when l missed the objective.
func (t timeScale) strip(c *canvas, l line, y, height float64) {
	c.rect("strip", marginLeft, y, t.width, height)
	for k, p := range t.fold(l.points, func(p replay.Point) float64 { return p.Violating }, highest) {
		if p.y > 0 {
			width := max(t.width/float64(t.columns), 1.6)
			c.rect("missed", min(marginLeft+float64(k)*t.width/float64(t.columns), marginLeft+t.width-width), y, width, height)
		}
	}
}

// missed says how long the points are violating.
func missed(points []replay.Point) string {
	if len(points) < 2 {
		return "–"
	}
	sum := 0.0
	for _, p := range points {
		sum += p.Violating
	}
	if sum == 0 {
		return "never"
	}
	return report.Span(math.Round(sum * points[1].At.Sub(points[0].At).Seconds()))
}

// axis draws the marks of time from top to bottom.
func (t timeScale) axis(c *canvas, top, bottom float64) {
	const room = 74 // pixels per mark
	marks := int(t.width / room)
	span := t.to.Sub(t.from)
	every := 28 * 24 * time.Hour
	for _, d := range []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		24 * time.Hour, 2 * 24 * time.Hour, 4 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour,
	} {
		if int(span/d) <= marks {
			every = d
			break
		}
	}
	for int(span/every) > max(marks, 1) {
		every *= 2
	}
	for at := t.from.Truncate(every); !at.After(t.to); at = at.Add(every) {
		x := t.x(at)
		if at.Before(t.from) || x > marginLeft+t.width {
			continue
		}
		c.line("mark", x, top, x, bottom)
		if x > marginLeft+t.width-18 {
			continue
		}
		layout := "15:04"
		if at.Equal(at.Truncate(24 * time.Hour)) {
			layout = "2 Jan"
		}
		c.text("axis", "middle", x, bottom+15, at.UTC().Format(layout))
	}
}

// A valueScale maps values to heights.
type valueScale struct{ top, high, bottom float64 }

func (s valueScale) y(v float64) float64 { return s.bottom - v/s.top*(s.bottom-s.high) }

func (s valueScale) all(points []xy) []xy {
	out := make([]xy, len(points))
	for i, p := range points {
		out[i] = xy{p.x, s.y(p.y)}
	}
	return out
}

// panel draws the grid of a panel with those marks.
func (t timeScale) panel(c *canvas, top, height float64, marks []float64) valueScale {
	s := valueScale{top: marks[len(marks)-1], high: top, bottom: top + height}
	for _, v := range marks {
		class := "grid"
		if v == 0 {
			class = "base"
		}
		c.line(class, marginLeft, s.y(v), marginLeft+t.width, s.y(v))
		c.text("axis", "end", marginLeft-7, s.y(v)+4, report.Figure(v))
	}
	return s
}

// hardest returns the six hours in which the lines violate most, or, if none
// does, in which the demand grows most, and when they begin.
func hardest(lines []line) ([]line, string) {
	points := lines[0].points
	n := min(len(points), int(6*time.Hour/points[1].At.Sub(points[0].At)))
	best, at := -1.0, 0
	for from := 0; from+n <= len(points); from += max(n/12, 1) {
		score, low := 0.0, points[from].Demand
		for i := from; i < from+n; i++ {
			for _, l := range lines {
				score += l.points[i].Violating
			}
			low = min(low, points[i].Demand)
			score = max(score, 1e-3*float64(points[i].Demand-low)/float64(max(low, 1)))
		}
		if score > best {
			best, at = score, from
		}
	}
	out := make([]line, len(lines))
	for i, l := range lines {
		out[i] = l
		out[i].points = l.points[at : at+n]
	}
	return out, points[at].At.UTC().Format("Monday 2 January 2006, 15:04") + " UTC"
}

package page

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A canvas gathers the elements of an SVG. Colours are classes of the style, so
// that they follow the scheme of the reader.
type canvas struct {
	b             strings.Builder
	width, height float64
}

// done returns the SVG, described by label for those who cannot see it.
func (c *canvas) done(label string) string {
	size := px(c.width) + " " + px(c.height)
	return `<svg viewBox="0 0 ` + size + `" width="` + px(c.width) + `" height="` + px(c.height) +
		`" role="img" aria-label="` + html.EscapeString(label) + `">` + c.b.String() + `</svg>`
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

func (c *canvas) rect(class string, x, y, w, h float64) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, px(x), px(y), px(w), px(h))
}

func (c *canvas) dot(class string, x, y, r float64) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%s" cy="%s" r="%s"/>`, class, px(x), px(y), px(r))
}

// text writes s with its anchor start, middle or end at x and its base line at y.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, px(x), px(y), html.EscapeString(s))
}

// A word of a caption, in the colour of what it names.
type word struct{ class, text string }

// caption writes words below top, in as many lines as the width of the picture
// asks for, and returns where they end.
func (c *canvas) caption(x, top float64, words ...word) float64 {
	const gap, lineHeight = 8, 17
	y, at := top+14, x
	for _, w := range words {
		width := letters(w.text)
		if at > x && at+width > c.width {
			y, at = y+lineHeight, x
		}
		c.text(w.class, "start", at, y, w.text)
		at += width + gap
	}
	return y + 12
}

// letters returns about how wide a text is, bold and in a wide face.
func letters(text string) float64 { return 8 * float64(utf8.RuneCountInString(text)) }

// A dot on a path; a NaN in y breaks the path.
type xy struct{ x, y float64 }

func (c *canvas) path(class string, points []xy) {
	var d strings.Builder
	open := false
	for _, p := range points {
		if math.IsNaN(p.y) {
			open = false
			continue
		}
		letter := "L"
		if !open {
			letter, open = "M", true
		}
		d.WriteString(letter + px(p.x) + " " + px(p.y))
	}
	if d.Len() > 0 {
		fmt.Fprintf(&c.b, `<path class="%s" d="%s"/>`, class, d.String())
	}
}

// ribbon fills between two lines with the same columns, a stretch at a time: where
// one of them is NaN there is a gap.
func (c *canvas) ribbon(class string, low, high []xy) {
	var edge, back []xy
	flush := func() {
		slices.Reverse(back)
		c.path(class, append(edge, back...))
		edge, back = nil, nil
	}
	for i := range low {
		if math.IsNaN(low[i].y) || math.IsNaN(high[i].y) {
			flush()
			continue
		}
		edge, back = append(edge, high[i]), append(back, low[i])
	}
	flush()
}

// area fills between points and the horizontal at base.
func (c *canvas) area(class string, points []xy, base float64) {
	if len(points) == 0 {
		return
	}
	closed := append([]xy{{points[0].x, base}}, points...)
	c.path(class, append(closed, xy{points[len(points)-1].x, base}))
}

// steps turns points into a staircase that holds each y to the next x.
func steps(points []xy) []xy {
	var out []xy
	for i, p := range points {
		if i > 0 && out[len(out)-1].y != p.y {
			out = append(out, xy{p.x, out[len(out)-1].y})
		}
		if i == 0 || i == len(points)-1 || out[len(out)-1].y != p.y {
			out = append(out, p)
		}
	}
	return out
}

// px writes a length with one decimal at most.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// ticks returns about n round numbers from 0 to at least top, whole ones if least is 1: the
// smallest distance of two of them.
func ticks(top, least float64, n int) []float64 {
	if !(top > 0) {
		top = 1
	}
	raw := top / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*unit >= raw {
			unit *= m
			break
		}
	}
	unit = max(unit, least)
	var out []float64
	for v := 0.0; v < top+unit*0.999; v += unit {
		out = append(out, v)
	}
	return out
}

package demo

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/forescale/forescale/cmd/forescale/output"
)

// An rgb is a colour, 0xRRGGBBAA, not premultiplied.
type rgb uint32

// RGBA implements color.Color.
//
//nolint:revive // the signature is that of color.Color
func (c rgb) RGBA() (r, g, b, a uint32) {
	return color.NRGBA{R: uint8(c >> 24), G: uint8(c >> 16), B: uint8(c >> 8), A: uint8(c)}.RGBA()
}

// Colours that also the colour-blind tell apart (Okabe and Ito 2008).
const (
	ink    rgb = 0x333333ff
	faint  rgb = 0xddddddff
	pale   rgb = 0xe8e8e8ff
	shade  rgb = 0x56b4e970
	sky    rgb = 0x3595ccff
	blue   rgb = 0x0072b2ff
	orange rgb = 0xd55e00ff
	gray   rgb = 0x999999ff
)

// armColor is the colour of an arm by its place in run.arms.
func armColor(i int) color.Color { return [...]rgb{blue, orange, gray}[i] }

// drawPicture draws a run to path, whose ending says whether as SVG or PNG: load and
// forecast above, ready replicas below, and the time short of pods at the foot.
func drawPicture(path string, r *run) error {
	const width, height = 32 * vg.Centimeter, 24 * vg.Centimeter
	var (
		canvas draw.Canvas
		write  io.WriterTo
	)
	switch ending := filepath.Ext(path); ending {
	case ".png":
		c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(144))
		canvas, write = draw.New(c), vgimg.PngCanvas{Canvas: c}
	case ".svg":
		c := vgsvg.New(width, height)
		canvas, write = draw.New(c), c
	default:
		return fmt.Errorf("picture %q: ending %q, want .svg or .png", path, ending)
	}
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Path())
	load, err := plotLoad(r)
	if err != nil {
		return err
	}
	replicas, err := plotReplicas(r)
	if err != nil {
		return err
	}
	short, err := plotShort(r)
	if err != nil {
		return err
	}
	plots := [][]*plot.Plot{{load}, {replicas}, {short}}
	tiles := draw.Tiles{Rows: 3, Cols: 1, PadTop: vg.Points(8), PadBottom: vg.Points(8), PadLeft: vg.Points(10), PadRight: vg.Points(18), PadY: vg.Points(14)}
	for i, c := range plot.Align(plots, tiles, canvas) {
		plots[i][0].Draw(c[0])
	}
	return output.Create(path, func(out io.Writer) error {
		_, err := write.WriteTo(out)
		return err
	})
}

func newPlot(title, y string, r *run) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, y
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(13), vg.Points(6)
	p.Title.TextStyle.XAlign = text.XCenter
	p.X.Min, p.X.Max, p.Y.Min = hours(r, r.from), hours(r, r.to), 0
	p.X.Tick.Marker, p.Y.Tick.Marker = clockTicks{r.from}, plot.TickerFunc(roundTicks)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = vg.Points(2), vg.Points(6), -vg.Points(4)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	p.Add(grid)
	return p
}

func hours(r *run, t time.Time) float64 { return t.Sub(r.from).Hours() }

// line draws one value of each moment; NaN is a gap of the forecast, where the
// load stands in.
func (r *run) line(value func(moment) float64) plotter.XYs {
	xys := make(plotter.XYs, len(r.moments))
	for i, m := range r.moments {
		xys[i] = plotter.XY{X: hours(r, m.at), Y: orLoad(value(m), m.load)}
	}
	return xys
}

func addLine(p *plot.Plot, name string, xys plotter.XYs, c color.Color, width float64) error {
	l, err := plotter.NewLine(xys)
	if err != nil {
		return err
	}
	l.Color, l.Width = c, vg.Points(width)
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

func addArea(p *plot.Plot, name string, upper, lower plotter.XYs, c color.Color) error {
	outline := slices.Clone(upper)
	for _, xy := range slices.Backward(lower) {
		outline = append(outline, xy)
	}
	area, err := plotter.NewPolygon(outline)
	if err != nil {
		return err
	}
	area.Color, area.Width = c, 0
	p.Add(area)
	p.Legend.Add(name, area)
	return nil
}

func plotLoad(r *run) (*plot.Plot, error) {
	p := newPlot(fmt.Sprintf("The load, its forecast from %.0f minutes before, and what forescale had the HPA provide for", leadTime.Minutes()), "requests/s", r)
	var low, median, high plotter.XYs
	for _, b := range r.chain.eye.made {
		if x := hours(r, b.at); !b.at.After(r.to) {
			low, median, high = append(low, plotter.XY{X: x, Y: b.low}), append(median, plotter.XY{X: x, Y: b.median}), append(high, plotter.XY{X: x, Y: b.high})
		}
	}
	provide := r.line(func(m moment) float64 { return m.provide })
	err := addArea(p, fmt.Sprintf("forecast %.0f minutes before, 10 to 95 %%", leadTime.Minutes()), high, low, shade)
	if err == nil {
		err = addLine(p, "load", r.line(func(m moment) float64 { return m.load }), ink, 0.75)
	}
	if err == nil {
		err = addLine(p, "its median", median, sky, 1)
	}
	if err == nil {
		err = addLine(p, "answer to KEDA at that moment", provide, blue, 1.75)
	}
	p.Y.Max = max(top(high), top(provide)) * 1.2
	return p, err
}

func plotReplicas(r *run) (*plot.Plot, error) {
	p := newPlot(fmt.Sprintf("Ready replicas; a pod takes about %.0f minutes to start", podStart.Minutes()), "replicas", r)
	needed := r.line(func(m moment) float64 { return math.Ceil(m.load / capacityPerPod) })
	zero := r.line(func(moment) float64 { return 0 })
	if err := addArea(p, "needed by the load", needed, zero, pale); err != nil {
		return nil, err
	}
	p.Y.Max = top(needed) * 1.35
	for i, a := range slices.Backward(r.arms) { // forescale on top
		ready := r.line(func(m moment) float64 { return float64(m.ready[i]) })
		width := 1.0
		if i == 0 {
			width = 2
		}
		if err := addLine(p, a.name, ready, armColor(i), width); err != nil {
			return nil, err
		}
		p.Y.Max = max(p.Y.Max, top(ready)*1.25)
	}
	return p, nil
}

func plotShort(r *run) (*plot.Plot, error) {
	p := newPlot("Seconds short of pods so far", "s", r)
	for i, a := range slices.Backward(r.arms) {
		sum := 0.0
		short := r.line(func(m moment) float64 {
			if m.load > float64(m.ready[i])*capacityPerPod {
				sum += cellLength.Seconds()
			}
			return sum
		})
		name := fmt.Sprintf("%s: %.0f s, %.1f replica-hours", a.name, a.violating.Seconds(), a.hours)
		if err := addLine(p, name, short, armColor(i), 1.5); err != nil {
			return nil, err
		}
		p.Y.Max = max(p.Y.Max, sum*1.1, 60)
	}
	p.X.Label.Text = "time of day (UTC), " + r.from.Format("Monday 2006-01-02")
	return p, nil
}

func top(xys plotter.XYs) float64 {
	y := 0.0
	for _, xy := range xys {
		y = max(y, xy.Y)
	}
	return y
}

// clockTicks marks hours since from with the time of day.
type clockTicks struct{ from time.Time }

// Ticks implements plot.Ticker.
func (d clockTicks) Ticks(lo, hi float64) []plot.Tick {
	step := 5 * time.Minute
	for _, next := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if (hi-lo)/step.Hours() <= 12 {
			break
		}
		step = next
	}
	end := d.from.Add(time.Duration(hi * float64(time.Hour)))
	var ticks []plot.Tick
	for t := d.from.Truncate(step); !t.After(end); t = t.Add(step) {
		if x := t.Sub(d.from).Hours(); x >= lo {
			ticks = append(ticks, plot.Tick{Value: x, Label: t.Format("15:04")})
		}
	}
	return ticks
}

// roundTicks marks about five multiples of 1, 2 or 5 times a power of ten.
func roundTicks(lo, hi float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/2)))
	for _, f := range []float64{2, 2.5, 2} {
		if (hi-lo)/step <= 6 {
			break
		}
		step *= f
	}
	var ticks []plot.Tick
	for y := math.Ceil(lo/step) * step; y <= hi; y += step {
		ticks = append(ticks, plot.Tick{Value: y, Label: strconv.FormatFloat(y, 'g', 6, 64)})
	}
	return ticks
}

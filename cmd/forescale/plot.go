package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/forescale/forescale/cmd/forescale/output"
	"github.com/forescale/forescale/forecast"
)

// plotForecast writes the picture of a forecast to path.
func plotForecast(path string, history forecast.Series, f *forecast.Forecast) error {
	p, err := draw(history, f)
	if err != nil {
		return err
	}
	return savePlot(p, path, 24*vg.Centimeter, 12*vg.Centimeter)
}

// forLegend is the share of the height that is left free for the legend: a load that comes near
// its highest value again and again would lie under it.
const forLegend = 0.15

// draw draws the end of the history, three times the horizon of it, and the forecast
// with its band.
func draw(history forecast.Series, f *forecast.Forecast) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "Forecast from " + f.Start.UTC().Format("2006-01-02 15:04 MST")
	p.X.Tick.Marker = plot.TimeTicks{Format: "Jan 2\n15:04", Ticker: hourTicks{}}
	p.Y.Tick.Marker = plot.TickerFunc(shortTicks)
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())

	ink := color.NRGBA{R: 0x33, G: 0x3d, B: 0x4b, A: 255}
	shown := min(history.Len(), max(3*f.Horizon(), 120))
	for i, piece := range pieces(history.Slice(history.Len()-shown, history.Len())) {
		line, err := plotter.NewLine(piece)
		if err != nil {
			return nil, err
		}
		line.Color = ink
		p.Add(line)
		if i == 0 {
			p.Legend.Add("observed", line)
		}
	}
	area, line, err := around(f)
	if err != nil {
		return nil, err
	}
	p.Add(area, line)
	p.Legend.Add("median", line)
	p.Legend.Add(fmt.Sprintf("%g to %g %%", 100*f.Levels[0], 100*f.Levels[len(f.Levels)-1]), area)
	p.Y.Max = max(p.Y.Max, 0) / (1 - forLegend)
	if p.Y.Max == 0 {
		p.Y.Max = 1 // or the axis reaches below zero
	}
	return p, nil
}

// shortTicks are gonum's, without the zeros at the end that all have in common: 250, not 250.00.
func shortTicks(lo, hi float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(lo, hi)
	for i, t := range ticks {
		if !t.IsMinor() {
			ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 6, 64)
		}
	}
	return ticks
}

// around returns the median of a forecast, and the area from its lowest quantile to its highest.
func around(f *forecast.Forecast) (*plotter.Polygon, *plotter.Line, error) {
	last := len(f.Levels) - 1
	outline := make(plotter.XYs, 0, 2*f.Horizon())
	middle := make(plotter.XYs, f.Horizon())
	for h, row := range f.Values {
		x := unixSeconds(f.Start.Add(time.Duration(h) * f.Step))
		outline = append(outline, plotter.XY{X: x, Y: row[last]})
		middle[h] = plotter.XY{X: x, Y: f.Quantile(row, 0.5)}
	}
	for h := f.Horizon() - 1; h >= 0; h-- {
		outline = append(outline, plotter.XY{X: outline[h].X, Y: f.Values[h][0]})
	}
	area, err := plotter.NewPolygon(outline)
	if err != nil {
		return nil, nil, err
	}
	line, err := plotter.NewLine(middle)
	if err != nil {
		return nil, nil, err
	}
	blue := color.NRGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 255}
	line.Color, line.Width = blue, vg.Points(1.5)
	blue.A = 70
	area.Color, area.Width = blue, 0
	return area, line, nil
}

// pieces cuts a series at its gaps.
func pieces(s forecast.Series) []plotter.XYs {
	var out []plotter.XYs
	open := false
	for i, v := range s.Values {
		if math.IsNaN(v) {
			open = false
			continue
		}
		if !open {
			out, open = append(out, nil), true
		}
		out[len(out)-1] = append(out[len(out)-1], plotter.XY{X: unixSeconds(s.At(i)), Y: v})
	}
	return out
}

// savePlot writes p in the format that the ending of path names.
func savePlot(p *plot.Plot, path string, width, height vg.Length) error {
	w, err := p.WriterTo(width, height, strings.TrimPrefix(filepath.Ext(path), "."))
	if err != nil {
		return err
	}
	return output.Create(path, func(out io.Writer) error {
		_, err := w.WriteTo(out)
		return err
	})
}

// hourTicks puts about six marks at whole minutes, hours or days.
type hourTicks struct{}

// Ticks implements plot.Ticker over unix seconds.
func (hourTicks) Ticks(lo, hi float64) []plot.Tick {
	const marks = 6
	for _, d := range []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
		12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
	} {
		if (hi-lo)/d.Seconds() > marks {
			continue
		}
		var out []plot.Tick
		for x := math.Ceil(lo/d.Seconds()) * d.Seconds(); x <= hi; x += d.Seconds() {
			out = append(out, plot.Tick{Value: x, Label: "at"})
		}
		return out
	}
	return plot.DefaultTicks{}.Ticks(lo, hi)
}

package train

import (
	"math"
	"math/rand/v2"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/input"
)

// A lane walks one series in chunks, forward through the very view that an
// [lstm.Expert] uses, and backward through its tape.
type lane struct {
	net    *lstm.Network
	series *part
	view   *input.View
	tapes  []*cell.Tape
	pos    int // next cell
	end    int // the walk ends before this cell, and no target lies beyond it
	from   int // origins before this cell do not count

	drop *rand.Rand // hides cells from the input now and then; nil = never
	hide int        // cells still to be hidden

	steps  int          // of the chunk
	uv     []float64    // chunk × (inputs+hidden) of the head
	out    []float64    // chunk × outputs
	target []float64    // chunk × targets·rungs, in units of the rung; NaN = unknown
	dOut   []float64    // chunk × outputs
	dUV    []float64    // as uv
	dV     []float64    // chunk × hidden
	dH     []float64    // chunk × units
	x      []float64    // features
	bases  []input.Base // per rung
}

func newLane(n *lstm.Network, chunk int) *lane {
	h, top := &n.Head, n.Layers[len(n.Layers)-1].Hidden
	l := &lane{
		net:    n,
		uv:     make([]float64, chunk*(h.Inputs+h.Hidden)),
		out:    make([]float64, chunk*h.Outputs),
		target: make([]float64, chunk*n.Config.Targets()*len(n.Config.Rungs)),
		dOut:   make([]float64, chunk*h.Outputs),
		dUV:    make([]float64, chunk*(h.Inputs+h.Hidden)),
		dV:     make([]float64, chunk*h.Hidden),
		dH:     make([]float64, chunk*top),
		x:      make([]float64, len(n.Config.Features)),
		bases:  make([]input.Base, len(n.Config.Rungs)),
	}
	for i := range n.Layers {
		l.tapes = append(l.tapes, n.Layers[i].NewTape(chunk))
	}
	return l
}

// begin puts the lane in front of cell start of p; origins from cell from on
// count, up to cell end.
func (l *lane) begin(p *part, start, from, end int) {
	l.series, l.pos, l.from, l.end = p, start, from, end
	c := &l.net.Config
	l.view = input.NewView(c.Features, c.Normalisation, c.Rungs, p.series.At(start), p.series.Step)
	l.hide = 0
	for _, t := range l.tapes {
		t.Reset()
	}
}

func (l *lane) done() bool { return l.series == nil || l.pos >= l.end }

// advance runs up to chunk steps forward.
func (l *lane) advance(chunk int) {
	for _, t := range l.tapes {
		t.Next()
	}
	l.steps = 0
	for l.steps < chunk && l.pos < l.end {
		y := l.series.series.Values[l.pos]
		l.pos++
		if l.hidden() {
			y = math.NaN()
		}
		l.view.Push(y)
		if l.view.Known() {
			l.forward()
			l.steps++
		}
	}
}

// hidden decides whether the next cell is hidden: about two gaps in a thousand
// cells, of up to twelve.
func (l *lane) hidden() bool {
	if l.drop == nil {
		return false
	}
	if l.hide == 0 && l.drop.Float64() < 0.002 {
		l.hide = 1 + l.drop.IntN(12)
	}
	if l.hide > 0 {
		l.hide--
		return true
	}
	return false
}

func (l *lane) forward() {
	h := &l.net.Head
	width := h.Inputs + h.Hidden
	uv := l.uv[l.steps*width : (l.steps+1)*width]
	l.view.Inputs(l.x)
	in := l.x
	for _, t := range l.tapes {
		in = t.Step(in)
	}
	u := uv[copy(uv, in):]
	if l.net.Config.Relative {
		u = u[copy(u, l.x):]
		l.view.Bases(l.bases)
		l.view.Anchors(u, l.bases)
	}
	h.Forward(uv, l.out[l.steps*h.Outputs:(l.steps+1)*h.Outputs])
	l.targets()
}

// targets writes what the outputs of the newest step should have been.
func (l *lane) targets() {
	c := &l.net.Config
	n := len(c.Rungs)
	row := l.target[l.steps*c.Targets()*n : (l.steps+1)*c.Targets()*n]
	values := l.series.series.Values
	origin := l.pos - 1
	peak, next := math.Inf(-1), 1
	for i, h := range c.Rungs {
		row[i] = math.NaN()
		if c.Peaks {
			row[n+i] = math.NaN()
		}
		if origin < l.from || origin+h >= l.end || !l.view.HasScale() {
			continue
		}
		row[i] = l.inUnits(values[origin+h], l.bases[i].Value, l.bases[i].Unit)
		for ; next <= h; next++ {
			peak = math.Max(peak, nanToLow(values[origin+next]))
		}
		if c.Peaks && !math.IsInf(peak, -1) {
			row[n+i] = l.inUnits(peak, l.bases[i].Peak, l.bases[i].Unit)
		}
	}
}

func nanToLow(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(-1)
	}
	return v
}

func (l *lane) inUnits(y, base, unit float64) float64 {
	if !(y >= 0) {
		return math.NaN()
	}
	z := l.view.Normalise(y)
	if !l.net.Config.Relative {
		return z
	}
	return input.Cut((z - base) / unit)
}

// loss returns the sum of the pinball losses of the chunk and their number, and
// leaves their gradients, times weight, in dOut.
func (l *lane) loss(weight float64) (sum float64, count int) {
	c := &l.net.Config
	q := len(c.Quantiles)
	rows := l.steps * c.Targets() * len(c.Rungs)
	for r := range rows {
		out, d := l.out[r*q:(r+1)*q], l.dOut[r*q:(r+1)*q]
		y := l.target[r]
		if math.IsNaN(y) {
			clear(d)
			continue
		}
		for i, p := range c.Quantiles {
			e := y - out[i]
			if e >= 0 {
				sum += p * e
				d[i] = -p * weight
			} else {
				sum += (p - 1) * e
				d[i] = (1 - p) * weight
			}
		}
		count += q
	}
	return sum, count
}

// backward adds the gradient of the chunk to grad.
func (l *lane) backward(grad *lstm.Network) {
	if l.steps == 0 {
		return
	}
	units := l.net.Layers[len(l.net.Layers)-1].Hidden
	l.headBackward(&grad.Head)
	width := l.net.Head.Inputs + l.net.Head.Hidden
	for k := range l.steps {
		copy(l.dH[k*units:(k+1)*units], l.dUV[k*width:])
	}
	d := l.dH[:l.steps*units]
	for i := len(l.tapes) - 1; i >= 0; i-- {
		dx := l.tapes[i].Backward(d, &grad.Layers[i])
		if i > 0 {
			d = inputGradient(dx, &l.net.Layers[i], l.steps)
		}
	}
}

// inputGradient takes the input columns out of the gradient that a tape returns.
func inputGradient(dx []float64, layer *cell.Layer, steps int) []float64 {
	out := make([]float64, steps*layer.In)
	for k := range steps {
		copy(out[k*layer.In:(k+1)*layer.In], dx[k*(layer.In+layer.Hidden):])
	}
	return out
}

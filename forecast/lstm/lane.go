package lstm

import (
	"math"
	"math/rand/v2"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// A lane walks one series in chunks, forward through the very view that an
// Expert uses, and backward through its tape.
type lane struct {
	net    *Network
	series *part
	view   *view
	tapes  []*cell.Tape
	pos    int // next cell
	end    int // the walk ends before this cell, and no target lies beyond it
	from   int // origins before this cell do not count

	drop *rand.Rand // hides cells from the input now and then; nil = never
	hide int        // cells still to be hidden

	steps  int       // of the chunk
	uv     []float64 // chunk × (inputs+hidden) of the head
	out    []float64 // chunk × outputs
	target []float64 // chunk × targets·rungs, in units of the rung; NaN = unknown
	dOut   []float64 // chunk × outputs
	dUV    []float64 // as uv
	dV     []float64 // chunk × hidden
	dH     []float64 // chunk × units
	x      []float64 // features
	on     []footing // per rung
}

func newLane(n *Network, chunk int) *lane {
	h, top := &n.head, n.layers[len(n.layers)-1].Hidden
	l := &lane{
		net:    n,
		uv:     make([]float64, chunk*(h.inputs+h.hidden)),
		out:    make([]float64, chunk*h.outputs),
		target: make([]float64, chunk*n.config.targets()*len(n.config.Rungs)),
		dOut:   make([]float64, chunk*h.outputs),
		dUV:    make([]float64, chunk*(h.inputs+h.hidden)),
		dV:     make([]float64, chunk*h.hidden),
		dH:     make([]float64, chunk*top),
		x:      make([]float64, len(n.config.Features)),
		on:     make([]footing, len(n.config.Rungs)),
	}
	for i := range n.layers {
		l.tapes = append(l.tapes, n.layers[i].NewTape(chunk))
	}
	return l
}

// begin puts the lane in front of cell start of p; origins from cell from on
// count, up to cell end.
func (l *lane) begin(p *part, start, from, end int) {
	l.series, l.pos, l.from, l.end = p, start, from, end
	l.view = newView(&l.net.config, p.series.At(start), p.series.Step)
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
		l.view.push(y)
		if l.view.known {
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
	h := &l.net.head
	width := h.inputs + h.hidden
	uv := l.uv[l.steps*width : (l.steps+1)*width]
	l.view.inputs(l.x)
	in := l.x
	for _, t := range l.tapes {
		in = t.Step(in)
	}
	u := uv[copy(uv, in):]
	if l.net.config.Relative {
		u = u[copy(u, l.x):]
		l.view.footings(l.on)
		l.view.anchors(u, l.on)
	}
	h.forward(uv, l.out[l.steps*h.outputs:(l.steps+1)*h.outputs])
	l.targets()
}

// targets writes what the outputs of the newest step should have been.
func (l *lane) targets() {
	c := &l.net.config
	n := len(c.Rungs)
	row := l.target[l.steps*c.targets()*n : (l.steps+1)*c.targets()*n]
	values := l.series.series.Values
	origin := l.pos - 1
	peak, next := math.Inf(-1), 1
	for i, h := range c.Rungs {
		row[i] = math.NaN()
		if c.Peaks {
			row[n+i] = math.NaN()
		}
		if origin < l.from || origin+h >= l.end || (!l.view.freeze.begun && c.Relative) {
			continue
		}
		row[i] = l.inUnits(values[origin+h], l.on[i].value, l.on[i].unit)
		for ; next <= h; next++ {
			peak = math.Max(peak, nanToLow(values[origin+next]))
		}
		if c.Peaks && !math.IsInf(peak, -1) {
			row[n+i] = l.inUnits(peak, l.on[i].peak, l.on[i].unit)
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
	z := l.view.freeze.normalise(y)
	if !l.net.config.Relative {
		return z
	}
	return cut((z - base) / unit)
}

// loss returns the sum of the pinball losses of the chunk and their number, and
// leaves their gradients, times weight, in dOut.
func (l *lane) loss(weight float64) (sum float64, count int) {
	c := &l.net.config
	q := len(c.Quantiles)
	rows := l.steps * c.targets() * len(c.Rungs)
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
func (l *lane) backward(grad *Network) {
	if l.steps == 0 {
		return
	}
	units := l.net.layers[len(l.net.layers)-1].Hidden
	l.net.head.backward(l, &grad.head)
	width := l.net.head.inputs + l.net.head.hidden
	for k := range l.steps {
		copy(l.dH[k*units:(k+1)*units], l.dUV[k*width:])
	}
	d := l.dH[:l.steps*units]
	for i := len(l.tapes) - 1; i >= 0; i-- {
		dx := l.tapes[i].Backward(d, &grad.layers[i])
		if i > 0 {
			d = inputGradient(dx, &l.net.layers[i], l.steps)
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

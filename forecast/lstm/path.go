package lstm

import "github.com/forescale/forescale/forecast/lstm/cell"

// maxPath bounds how far a network is iterated; beyond it the last value holds.
const maxPath = 512

// A path iterates a network that forecasts nothing but the next value: each
// forecast becomes the input of the next step. Imported networks are often of
// this kind.
type path struct {
	e      *Expert
	states []*cell.State
	window *window // moves along with the values; nil = the state is carried on
	since  int     // steps since the states were computed from the window alone
	uv     []float64
	out    []float64
	values []float64 // z of 1, 2, … steps ahead, as far as they were asked for
}

// newPath returns nil if the network has more than one rung, or features that
// need more of the past than the newest two values.
func newPath(e *Expert) *path {
	c := &e.net.Config
	if len(c.Rungs) != 1 || c.Rungs[0] != 1 || c.Relative || len(c.Quantiles) != 1 || c.Peaks {
		return nil
	}
	for _, f := range c.Features {
		if !f.IsPlain() {
			return nil
		}
	}
	p := &path{
		e: e, uv: make([]float64, len(e.uv)), out: make([]float64, len(e.out)),
		values: make([]float64, 0, maxPath),
		window: newWindow(c),
	}
	for i := range e.net.Layers {
		p.states = append(p.states, e.net.Layers[i].NewState())
	}
	return p
}

func (p *path) restart() { p.values = p.values[:0] }

func (p *path) z(h int) float64 {
	h = min(h, maxPath)
	if len(p.values) == 0 {
		p.values = append(p.values, p.e.output(0, 0, 0))
		for i, s := range p.states {
			s.CopyFrom(p.e.states[i])
		}
		if p.window != nil {
			p.window.copyFrom(p.e.window)
			p.since = 0
		}
	}
	for len(p.values) < h {
		p.extend()
	}
	return p.values[h-1]
}

func (p *path) extend() {
	v, n := p.e.view, len(p.values)
	z, before := p.values[n-1], v.Z()
	if n > 1 {
		before = p.values[n-2]
	}
	in := p.states[0].Input()
	for i, f := range p.e.net.Config.Features {
		in[i] = v.Plain(f, z, before, v.Next()-1+int64(n))
	}
	p.advance()
	copy(p.uv, p.e.top(p.states))
	p.e.net.Head.Forward(p.uv, p.out)
	p.values = append(p.values, p.out[0])
}

// advance moves the states on by the input of one cell. With a window they are carried on
// for as many cells as it is long, and are then computed from it again: from it alone for
// each cell, 60 cells would take a second for every seventy samples.
func (p *path) advance() {
	if p.window == nil {
		p.e.step(p.states)
		return
	}
	p.window.push(p.states[0].Input())
	if p.since++; p.since < p.window.most {
		p.e.step(p.states)
		return
	}
	p.since = 0
	p.window.run(p.e, p.states)
}

package lstm

import (
	"slices"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// maxWindow bounds the cells from which one forecast is computed.
const maxWindow = 4096

// A window holds the inputs of the newest cells, for a network that was trained on
// windows of so many and starts each at zero. It does not forget what a state that is
// carried on would have learned to forget only within such a window.
type window struct {
	width  int       // inputs of a cell
	inputs []float64 // of the cells so far, the oldest first
	most   int       // cells
}

// newWindow returns nil if the state of the network is carried from cell to cell.
func newWindow(c *Config) *window {
	if c.Window == 0 {
		return nil
	}
	return &window{width: len(c.Features), most: c.Window, inputs: make([]float64, 0, c.Window*len(c.Features))}
}

// push takes the inputs of the next cell.
func (w *window) push(in []float64) {
	if len(w.inputs) == w.most*w.width {
		copy(w.inputs, w.inputs[w.width:])
		w.inputs = w.inputs[:len(w.inputs)-w.width]
	}
	w.inputs = append(w.inputs, in...)
}

// copyFrom makes w equal to o.
func (w *window) copyFrom(o *window) { w.inputs = append(w.inputs[:0], o.inputs...) }

// run computes the states of e's network from its cells.
func (w *window) run(e *Expert, states []*cell.State) {
	for _, s := range states {
		s.Reset()
	}
	for in := range slices.Chunk(w.inputs, w.width) {
		copy(states[0].Input(), in)
		e.step(states)
	}
}

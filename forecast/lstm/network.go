package lstm

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// A Network is a small LSTM with its head and with what its numbers mean. It is
// not changed after it was trained or decoded, and is then safe for concurrent
// use; an [Expert] carries the state of one series.
type Network struct {
	config Config
	layers []cell.Layer
	head   head
}

// Config returns what the network is given and what its outputs mean.
func (n *Network) Config() Config { return n.config }

// Units returns the sizes of the layers, the first one first.
func (n *Network) Units() []int {
	units := make([]int, len(n.layers))
	for i, l := range n.layers {
		units[i] = l.Hidden
	}
	return units
}

// Weights returns how many numbers were learned.
func (n *Network) Weights() int {
	sum := 0
	for _, p := range n.parameters() {
		sum += len(p)
	}
	return sum
}

// maxWeight bounds each weight, so that no sum of a step can overflow: inputs
// and outputs of layers are bounded too.
const maxWeight = 1e6

// check returns an error unless all sizes fit together and all weights are of a
// size that cannot overflow.
func (n *Network) check() error {
	if err := n.config.Check(); err != nil {
		return err
	}
	if len(n.layers) == 0 {
		return errors.New("lstm: no layer")
	}
	in := len(n.config.Features)
	for i := range n.layers {
		l := &n.layers[i]
		if err := l.Check(); err != nil {
			return fmt.Errorf("lstm: layer %d: %w", i, err)
		}
		if l.In != in {
			return fmt.Errorf("lstm: layer %d takes %d inputs, want %d: the features, or the units of the layer before", i, l.In, in)
		}
		in = l.Hidden
	}
	if want := n.config.headInputs(in); n.head.inputs != want {
		return fmt.Errorf("lstm: the head takes %d inputs, want %d", n.head.inputs, want)
	}
	if want := n.config.outputs(); n.head.outputs != want {
		return fmt.Errorf("lstm: the head has %d outputs, want %d: %d targets × %d rungs × %d quantiles",
			n.head.outputs, want, n.config.targets(), len(n.config.Rungs), len(n.config.Quantiles))
	}
	for _, p := range n.parameters() {
		for _, w := range p {
			if !(math.Abs(w) <= maxWeight) {
				return fmt.Errorf("lstm: a weight is %v, want at most %v in size", w, float64(maxWeight))
			}
		}
	}
	return nil
}

// parameters returns all weights as slices into the network, in a fixed order.
func (n *Network) parameters() [][]float64 {
	var all [][]float64
	for i := range n.layers {
		all = append(all, n.layers[i].W, n.layers[i].B)
	}
	return append(all, n.head.w1, n.head.b1, n.head.w2, n.head.b2)
}

// clone returns a copy that shares no memory with n.
func (n *Network) clone() *Network {
	c := n.zeros()
	to := c.parameters()
	for i, p := range n.parameters() {
		copy(to[i], p)
	}
	return c
}

// zeros returns a network of the same sizes with all weights zero.
func (n *Network) zeros() *Network {
	c := &Network{config: n.config, head: newHead(n.head.inputs, n.head.hidden, n.head.outputs)}
	for _, l := range n.layers {
		c.layers = append(c.layers, cell.NewLayer(l.In, l.Hidden))
	}
	return c
}

// A head turns what is known at an origin, u (len inputs), into the outputs:
//
//	v = tanh(W₁·u + b₁)        (left out if hidden is 0)
//	outputs = W₂·[u; v] + b₂
//
// The linear path from u to the outputs lets it be a seasonal regression; the
// hidden units let it choose between anchors.
type head struct {
	inputs, hidden, outputs int

	w1, b1 []float64 // hidden × inputs, hidden
	w2, b2 []float64 // outputs × (inputs+hidden), outputs
}

func newHead(inputs, hidden, outputs int) head {
	return head{
		inputs: inputs, hidden: hidden, outputs: outputs,
		w1: make([]float64, hidden*inputs), b1: make([]float64, hidden),
		w2: make([]float64, outputs*(inputs+hidden)), b2: make([]float64, outputs),
	}
}

// forward fills out from uv, whose first inputs numbers are u; the rest of uv is
// scratch of the hidden units.
func (h *head) forward(uv, out []float64) {
	h.activate(uv)
	copy(out, h.b2)
	gemv(h.w2, h.inputs+h.hidden, uv, out)
}

// activate fills the hidden units of uv.
func (h *head) activate(uv []float64) {
	if h.hidden == 0 {
		return
	}
	v := uv[h.inputs:]
	copy(v, h.b1)
	gemv(h.w1, h.inputs, uv[:h.inputs], v)
	cell.Tanh(v)
}

// output returns one output, after activate.
func (h *head) output(uv []float64, i int) float64 {
	n := h.inputs + h.hidden
	return h.b2[i] + blas64.Dot(blas64.Vector{N: n, Data: h.w2[i*n : (i+1)*n], Inc: 1}, blas64.Vector{N: n, Data: uv, Inc: 1})
}

// gemv adds w·x to y; w has len(y) rows of cols columns.
func gemv(w []float64, cols int, x, y []float64) {
	blas64.Gemv(blas.NoTrans, 1, blas64.General{Rows: len(y), Cols: cols, Stride: cols, Data: w},
		blas64.Vector{N: cols, Data: x, Inc: 1}, 1, blas64.Vector{N: len(y), Data: y, Inc: 1})
}

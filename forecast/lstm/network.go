package lstm

import (
	"errors"
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// A Network is a small LSTM with its head and with what its numbers mean. Packages
// train and weights make networks, fill them and call Check. A network is not changed
// afterwards, so it is safe for concurrent use. An [Expert] carries the state of one
// series.
type Network struct {
	Config Config       // what the network is given and what its outputs mean
	Layers []cell.Layer // the first one takes the features, each other the units of the one before
	Dense  []Dense      // between the last layer and the head, each on the one before; usually none
	Head   Head         // from the last of them to the outputs
}

// Weights returns how many numbers were learned.
func (n *Network) Weights() int {
	sum := 0
	for _, p := range n.Parameters() {
		sum += len(p)
	}
	return sum
}

// MaxWeight bounds each weight, so that no sum of a step can overflow: inputs
// and outputs of layers are bounded too.
const MaxWeight = 1e6

// Check returns an error unless all sizes fit together and all weights are of a
// size that cannot overflow.
func (n *Network) Check() error {
	if err := n.Config.Check(); err != nil {
		return err
	}
	if len(n.Layers) == 0 {
		return errors.New("lstm: no layer")
	}
	in, err := n.checkLayers()
	if err != nil {
		return err
	}
	if want := n.Config.HeadInputs(in); n.Head.Inputs != want {
		return fmt.Errorf("lstm: the head takes %d inputs, want %d", n.Head.Inputs, want)
	}
	if want := n.Config.Outputs(); n.Head.Outputs != want {
		return fmt.Errorf("lstm: the head has %d outputs, want %d: %d targets × %d rungs × %d quantiles",
			n.Head.Outputs, want, n.Config.Targets(), len(n.Config.Rungs), len(n.Config.Quantiles))
	}
	for _, p := range n.Parameters() {
		for _, w := range p {
			if !(math.Abs(w) <= MaxWeight) {
				return fmt.Errorf("lstm: a weight is %v, want at most %v in size", w, float64(MaxWeight))
			}
		}
	}
	return nil
}

// checkLayers returns how many numbers the layers below the head give, or an error that
// names the first layer that does not fit on the one before.
func (n *Network) checkLayers() (outputs int, err error) {
	in := len(n.Config.Features)
	for i := range n.Layers {
		l := &n.Layers[i]
		if err := l.Check(); err != nil {
			return 0, fmt.Errorf("lstm: layer %d: %w", i, err)
		}
		if l.Relu && n.Config.Window == 0 {
			return 0, fmt.Errorf("lstm: layer %d: the memory of a layer with relu grows while it is carried on, so such a network needs a window", i)
		}
		if l.In != in {
			return 0, fmt.Errorf("lstm: layer %d takes %d inputs, want %d: the features, or the units of the layer before", i, l.In, in)
		}
		in = l.Hidden
	}
	for i := range n.Dense {
		d := &n.Dense[i]
		if err := d.check(); err != nil {
			return 0, fmt.Errorf("lstm: dense layer %d: %w", i, err)
		}
		if d.In != in {
			return 0, fmt.Errorf("lstm: dense layer %d takes %d inputs, want %d: the outputs of the layer before", i, d.In, in)
		}
		in = d.Out
	}
	return in, nil
}

// Parameters returns all weights as slices into the network, in a fixed order.
func (n *Network) Parameters() [][]float64 {
	var all [][]float64
	for i := range n.Layers {
		all = append(all, n.Layers[i].W, n.Layers[i].B)
	}
	for i := range n.Dense {
		all = append(all, n.Dense[i].W, n.Dense[i].B)
	}
	return append(all, n.Head.W1, n.Head.B1, n.Head.W2, n.Head.B2)
}

// Clone returns a copy that shares no memory with n.
func (n *Network) Clone() *Network {
	c := n.Zeros()
	to := c.Parameters()
	for i, p := range n.Parameters() {
		copy(to[i], p)
	}
	return c
}

// Zeros returns a network of the same sizes with all weights zero.
func (n *Network) Zeros() *Network {
	c := &Network{Config: n.Config, Head: NewHead(n.Head.Inputs, n.Head.Hidden, n.Head.Outputs)}
	for _, l := range n.Layers {
		zeros := cell.NewLayer(l.In, l.Hidden)
		zeros.Relu = l.Relu
		c.Layers = append(c.Layers, zeros)
	}
	for _, d := range n.Dense {
		c.Dense = append(c.Dense, NewDense(d.In, d.Out, d.Activation))
	}
	return c
}

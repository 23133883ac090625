package lstm

import (
	"fmt"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// An Activation is what a dense layer does with each sum.
type Activation string

// The activations that are computed.
const (
	Linear  Activation = "linear"
	Relu    Activation = "relu"
	Tanh    Activation = "tanh"
	Sigmoid Activation = "sigmoid"
)

// apply replaces each number by its activation.
func (a Activation) apply(xs []float64) {
	switch a {
	case Linear:
	case Relu:
		cell.Relu(xs)
	case Tanh:
		cell.Tanh(xs)
	case Sigmoid:
		cell.Sigmoid(xs)
	}
}

// A Dense layer computes activation(W·u + b). Networks from elsewhere have some between
// the LSTM and their last layer, which is the [Head].
type Dense struct {
	In, Out    int
	W, B       []float64 // Out × In, row by row; Out
	Activation Activation
}

// NewDense returns a dense layer of zeros.
func NewDense(in, out int, a Activation) Dense {
	return Dense{In: in, Out: out, W: make([]float64, out*in), B: make([]float64, out), Activation: a}
}

func (d *Dense) check() error {
	switch d.Activation {
	case Linear, Relu, Tanh, Sigmoid:
	default:
		return fmt.Errorf("activation is %q, want %s, %s, %s or %s", d.Activation, Linear, Relu, Tanh, Sigmoid)
	}
	if d.In <= 0 || d.Out <= 0 || len(d.W) != d.In*d.Out || len(d.B) != d.Out {
		return fmt.Errorf("%d inputs and %d outputs with %d weights and %d biases, want %d and %d",
			d.In, d.Out, len(d.W), len(d.B), d.In*d.Out, d.Out)
	}
	return nil
}

// largestOutput bounds what a dense layer says, so that no sum of the next one overflows.
const largestOutput = 1e6

// forward fills out (len Out) from u (len In).
func (d *Dense) forward(u, out []float64) {
	copy(out, d.B)
	gemv(d.W, d.In, u, out)
	d.Activation.apply(out)
	for i, v := range out {
		out[i] = min(max(v, -largestOutput), largestOutput)
	}
}

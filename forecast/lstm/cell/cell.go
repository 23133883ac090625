package cell

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// A Layer holds the weights of one LSTM layer. It is not changed by [Layer.Step]
// and may then be shared by any number of states and goroutines.
type Layer struct {
	In     int       // length of the input of a step
	Hidden int       // units, length of the output
	W      []float64 // 4·Hidden × (In+Hidden), row by row; rows in blocks i, f, g, o
	B      []float64 // 4·Hidden, in the same blocks

	// Relu has max(0, ·) in place of both tanh. The memory then has no bound of its own
	// and is cut at 10⁶; package train learns no such layer.
	Relu bool
}

// NewLayer returns a layer of zeros.
func NewLayer(in, hidden int) Layer {
	return Layer{In: in, Hidden: hidden, W: make([]float64, 4*hidden*(in+hidden)), B: make([]float64, 4*hidden)}
}

// Check returns an error if the lengths of the weights disagree with the sizes.
func (l *Layer) Check() error {
	rows, cols := 4*l.Hidden, l.In+l.Hidden
	if l.In <= 0 || l.Hidden <= 0 || len(l.W) != rows*cols || len(l.B) != rows {
		return fmt.Errorf("cell: %d inputs and %d units with %d weights and %d biases, want %d and %d",
			l.In, l.Hidden, len(l.W), len(l.B), rows*cols, rows)
	}
	return nil
}

func (l *Layer) matrix() blas64.General {
	return blas64.General{Rows: 4 * l.Hidden, Cols: l.In + l.Hidden, Stride: l.In + l.Hidden, Data: l.W}
}

// A State is the running state of one layer. It is not safe for concurrent use.
type State struct {
	xh    []float64 // In+Hidden: the input of the next step, then the last output
	c     []float64 // Hidden: the memory
	gates []float64 // 4·Hidden: scratch
}

// NewState returns the state before the first step: output and memory zero.
func (l *Layer) NewState() *State {
	return &State{
		xh:    make([]float64, l.In+l.Hidden),
		c:     make([]float64, l.Hidden),
		gates: make([]float64, 4*l.Hidden),
	}
}

// Input is where the caller writes the input before a step; len In.
func (s *State) Input() []float64 { return s.xh[:len(s.xh)-len(s.c)] }

// Output is the output of the last step, len Hidden; zeros before the first.
// The next step overwrites it.
func (s *State) Output() []float64 { return s.xh[len(s.xh)-len(s.c):] }

// Reset returns s to the state before the first step.
func (s *State) Reset() {
	clear(s.xh)
	clear(s.c)
}

// CopyFrom makes s equal to o, which belongs to the same layer.
func (s *State) CopyFrom(o *State) {
	copy(s.xh, o.xh)
	copy(s.c, o.c)
}

// Step advances s by the input that the caller wrote into s.Input.
func (l *Layer) Step(s *State) {
	copy(s.gates, l.B)
	blas64.Gemv(blas.NoTrans, 1, l.matrix(), blas64.Vector{N: len(s.xh), Data: s.xh, Inc: 1}, 1,
		blas64.Vector{N: len(s.gates), Data: s.gates, Inc: 1})
	if l.Relu {
		advanceRelu(s.gates, s.c, s.xh[l.In:])
		return
	}
	advance(s.gates, s.c, s.xh[l.In:])
}

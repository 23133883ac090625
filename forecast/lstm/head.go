package lstm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/forescale/forescale/forecast/lstm/cell"
)

// A Head turns what is known at an origin, u (len Inputs), into the outputs:
//
//	v = tanh(W₁·u + b₁)        (left out if Hidden is 0)
//	outputs = W₂·[u; v] + b₂
//
// The linear path from u to the outputs lets it be a seasonal regression; the
// hidden units let it choose between anchors.
type Head struct {
	Inputs, Hidden, Outputs int

	W1, B1 []float64 // Hidden × Inputs, row by row; Hidden
	W2, B2 []float64 // Outputs × (Inputs+Hidden), row by row; Outputs
}

// NewHead returns a head of zeros.
func NewHead(inputs, hidden, outputs int) Head {
	return Head{
		Inputs: inputs, Hidden: hidden, Outputs: outputs,
		W1: make([]float64, hidden*inputs), B1: make([]float64, hidden),
		W2: make([]float64, outputs*(inputs+hidden)), B2: make([]float64, outputs),
	}
}

// Forward fills out (len Outputs) from uv (len Inputs+Hidden), whose first Inputs
// numbers are u; it writes the hidden units into the rest of uv.
func (h *Head) Forward(uv, out []float64) {
	h.activate(uv)
	copy(out, h.B2)
	gemv(h.W2, h.Inputs+h.Hidden, uv, out)
}

// activate fills the hidden units of uv.
func (h *Head) activate(uv []float64) {
	if h.Hidden == 0 {
		return
	}
	v := uv[h.Inputs:]
	copy(v, h.B1)
	gemv(h.W1, h.Inputs, uv[:h.Inputs], v)
	cell.Tanh(v)
}

// output returns one output, after activate.
func (h *Head) output(uv []float64, i int) float64 {
	n := h.Inputs + h.Hidden
	return h.B2[i] + blas64.Dot(blas64.Vector{N: n, Data: h.W2[i*n : (i+1)*n], Inc: 1}, blas64.Vector{N: n, Data: uv, Inc: 1})
}

// gemv adds w·x to y; w has len(y) rows of cols columns.
func gemv(w []float64, cols int, x, y []float64) {
	blas64.Gemv(blas.NoTrans, 1, blas64.General{Rows: len(y), Cols: cols, Stride: cols, Data: w},
		blas64.Vector{N: cols, Data: x, Inc: 1}, 1, blas64.Vector{N: len(y), Data: y, Inc: 1})
}

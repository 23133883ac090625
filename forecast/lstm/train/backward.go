package train

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/forescale/forescale/forecast/lstm"
)

// headBackward adds to grad the gradient of the head for the chunk, whose loss
// left its gradient in dOut, and writes the gradient of what the head saw into
// the first Inputs columns of dUV.
func (l *lane) headBackward(grad *lstm.Head) {
	h := &l.net.Head
	t, width := l.steps, h.Inputs+h.Hidden
	dOut := matrix(l.dOut, t, h.Outputs, h.Outputs)
	uv, dUV := matrix(l.uv, t, width, width), matrix(l.dUV, t, width, width)
	w2 := matrix(h.W2, h.Outputs, width, width)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, dOut, uv, 1, matrix(grad.W2, h.Outputs, width, width))
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, dOut, w2, 0, dUV)
	addRows(grad.B2, l.dOut, t)
	if h.Hidden == 0 {
		return
	}
	for k := range t {
		v, dv := l.uv[k*width+h.Inputs:(k+1)*width], l.dUV[k*width+h.Inputs:(k+1)*width]
		to := l.dV[k*h.Hidden : (k+1)*h.Hidden]
		for j := range to {
			to[j] = dv[j] * (1 - v[j]*v[j])
		}
	}
	dV := matrix(l.dV, t, h.Hidden, h.Hidden)
	u, dU := matrix(l.uv, t, h.Inputs, width), matrix(l.dUV, t, h.Inputs, width)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, dV, u, 1, matrix(grad.W1, h.Hidden, h.Inputs, h.Inputs))
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, dV, matrix(h.W1, h.Hidden, h.Inputs, h.Inputs), 1, dU)
	addRows(grad.B1, l.dV, t)
}

func matrix(data []float64, rows, cols, stride int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
}

// addRows adds the first n rows of a matrix with len(to) columns to to.
func addRows(to, rows []float64, n int) {
	for k := range n {
		for j, v := range rows[k*len(to) : (k+1)*len(to)] {
			to[j] += v
		}
	}
}

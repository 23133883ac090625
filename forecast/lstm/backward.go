package lstm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// backward adds to grad the gradient of the head for the chunk of l, whose loss
// left its gradient in l.dOut, and writes the gradient of what the head saw into
// the first inputs columns of l.dUV.
func (h *head) backward(l *lane, grad *head) {
	t, width := l.steps, h.inputs+h.hidden
	dOut := matrix(l.dOut, t, h.outputs, h.outputs)
	uv, dUV := matrix(l.uv, t, width, width), matrix(l.dUV, t, width, width)
	w2 := matrix(h.w2, h.outputs, width, width)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, dOut, uv, 1, matrix(grad.w2, h.outputs, width, width))
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, dOut, w2, 0, dUV)
	addRows(grad.b2, l.dOut, t)
	if h.hidden == 0 {
		return
	}
	for k := range t {
		v, dv := l.uv[k*width+h.inputs:(k+1)*width], l.dUV[k*width+h.inputs:(k+1)*width]
		to := l.dV[k*h.hidden : (k+1)*h.hidden]
		for j := range to {
			to[j] = dv[j] * (1 - v[j]*v[j])
		}
	}
	dV := matrix(l.dV, t, h.hidden, h.hidden)
	u, dU := matrix(l.uv, t, h.inputs, width), matrix(l.dUV, t, h.inputs, width)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, dV, u, 1, matrix(grad.w1, h.hidden, h.inputs, h.inputs))
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, dV, matrix(h.w1, h.hidden, h.inputs, h.inputs), 1, dU)
	addRows(grad.b1, l.dV, t)
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

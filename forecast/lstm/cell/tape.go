package cell

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// A Tape records the steps of one layer, for the way back. It is reused from
// chunk to chunk; its state carries over, its gradient does not: that is the
// truncation of back-propagation through time.
type Tape struct {
	layer *Layer
	steps int       // recorded so far
	xh    []float64 // T × (In+Hidden): input and former output of each step
	gates []float64 // T × 4·Hidden, activated; Backward turns them into gradients of the pre-activations
	c     []float64 // (T+1) × Hidden: memory before each step, and after the last
	tanhC []float64 // T × Hidden
	h     []float64 // T × Hidden: outputs
	dxh   []float64 // T × (In+Hidden): gradient of the inputs
	dh    []float64 // Hidden: scratch of Backward, as dc
	dc    []float64
}

// NewTape returns an empty tape for up to steps steps of l, in the state before
// the first.
func (l *Layer) NewTape(steps int) *Tape {
	n := l.Hidden
	return &Tape{
		layer: l,
		xh:    make([]float64, steps*(l.In+n)),
		gates: make([]float64, steps*4*n),
		c:     make([]float64, (steps+1)*n),
		tanhC: make([]float64, steps*n),
		h:     make([]float64, steps*n),
		dxh:   make([]float64, steps*(l.In+n)),
		dh:    make([]float64, n),
		dc:    make([]float64, n),
	}
}

// Reset empties the tape and returns it to the state before the first step.
func (t *Tape) Reset() {
	t.steps = 0
	clear(t.c[:t.layer.Hidden])
	clear(t.xh[t.layer.In:][:t.layer.Hidden])
}

// Next empties the tape and carries the state after its last step over to the
// first step of the next chunk.
func (t *Tape) Next() {
	if t.steps == 0 {
		return
	}
	n := t.layer.Hidden
	copy(t.c[:n], t.c[t.steps*n:][:n])
	copy(t.xh[t.layer.In:][:n], t.h[(t.steps-1)*n:][:n])
	t.steps = 0
}

// Step runs one step on x (len In) and returns its output (len Hidden), which
// belongs to the tape. It panics if the tape is full.
func (t *Tape) Step(x []float64) []float64 {
	l, k := t.layer, t.steps
	n, cols := l.Hidden, l.In+l.Hidden
	xh := t.xh[k*cols : (k+1)*cols]
	copy(xh[:l.In], x)
	if k > 0 {
		copy(xh[l.In:], t.h[(k-1)*n:][:n])
	}
	gates := t.gates[k*4*n : (k+1)*4*n]
	copy(gates, l.B)
	blas64.Gemv(blas.NoTrans, 1, l.matrix(), vector(xh), 1, vector(gates))
	activate(gates, n)
	i, f, g, o := gates[:n], gates[n:][:n], gates[2*n:][:n], gates[3*n:][:n]
	c, after := t.c[k*n:][:n], t.c[(k+1)*n:][:n]
	tc, h := t.tanhC[k*n:][:n], t.h[k*n:][:n]
	for j := range h {
		after[j] = f[j]*c[j] + i[j]*g[j]
		tc[j] = after[j]
	}
	Tanh(tc)
	for j := range h {
		h[j] = o[j] * tc[j]
	}
	t.steps++
	return h
}

// Backward propagates a gradient back through the recorded steps. dOut is the gradient
// of the loss with respect to the outputs, steps × Hidden, row by row. Backward adds the
// gradient with respect to the weights to grad, a layer of the same sizes. It returns that
// with respect to the inputs, steps × (In+Hidden), of which the first In columns count.
// It may be called once per chunk.
func (t *Tape) Backward(dOut []float64, grad *Layer) []float64 {
	l := t.layer
	n, cols := l.Hidden, l.In+l.Hidden
	clear(t.dh)
	clear(t.dc)
	for k := t.steps - 1; k >= 0; k-- {
		d := t.gates[k*4*n : (k+1)*4*n]
		t.backStep(k, dOut[k*n:][:n])
		dxh := t.dxh[k*cols : (k+1)*cols]
		blas64.Gemv(blas.Trans, 1, l.matrix(), vector(d), 0, vector(dxh))
		copy(t.dh, dxh[l.In:])
		for j, v := range d {
			grad.B[j] += v
		}
	}
	gates := blas64.General{Rows: t.steps, Cols: 4 * n, Stride: 4 * n, Data: t.gates}
	xh := blas64.General{Rows: t.steps, Cols: cols, Stride: cols, Data: t.xh}
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, gates, xh, 1, grad.matrix())
	return t.dxh[:t.steps*cols]
}

// backStep turns the activated gates of step k into the gradients of their
// pre-activations, and t.dc into the gradient of the memory before the step.
func (t *Tape) backStep(k int, dOut []float64) {
	n := t.layer.Hidden
	gates := t.gates[k*4*n : (k+1)*4*n]
	i, f, g, o := gates[:n], gates[n:][:n], gates[2*n:][:n], gates[3*n:][:n]
	before, tc := t.c[k*n:][:n], t.tanhC[k*n:][:n]
	for j := range dOut {
		dh := dOut[j] + t.dh[j]
		dc := t.dc[j] + dh*o[j]*(1-tc[j]*tc[j])
		t.dc[j] = dc * f[j]
		di, df, dg := dc*g[j], dc*before[j], dc*i[j]
		i[j] = di * i[j] * (1 - i[j])
		f[j] = df * f[j] * (1 - f[j])
		g[j] = dg * (1 - g[j]*g[j])
		o[j] = dh * tc[j] * o[j] * (1 - o[j])
	}
}

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Data: x, Inc: 1} }

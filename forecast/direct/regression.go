package direct

import "math"

// MaxTargets bounds the number of right-hand sides of a [Regression].
const MaxTargets = 2

// A Regression is a ridge regression of one or two targets on the same
// regressors, learned sample by sample with forgetting. It is not safe for concurrent use.
type Regression struct {
	data   []float32           // the Gram matrix, then moments and coefficients by target
	scale  [MaxTargets]float32 // running mean of |error|
	weight float32             // discounted number of rows
	unit   float32             // weight of the newest row: it grows, in place of shrinking all others
	d      uint8
	count  uint8 // targets
}

// gram returns the lower half of G by rows, len d(d+1)/2.
func (r *Regression) gram() []float32 { return r.data[:r.at(0)] }

// moment returns c of target k, len d.
func (r *Regression) moment(k int) []float32 {
	i := r.at(2 * k)
	return r.data[i : i+int(r.d)]
}

// beta returns the coefficients of target k, len d.
func (r *Regression) beta(k int) []float32 {
	i := r.at(2*k + 1)
	return r.data[i : i+int(r.d)]
}

// at returns where the n-th vector after the Gram matrix begins.
func (r *Regression) at(n int) int {
	d := int(r.d)
	return d*(d+1)/2 + n*d
}

// Tuning sets how a [Regression] learns.
type Tuning struct {
	Forget float64 // weight of the past per row, in (0, 1); 1 − 1/n remembers n rows
	Ridge  float64 // relative to the diagonal, > 0
	Huber  float64 // errors beyond Huber times their mean size count less, > 0
}

// NewRegression returns a regression of 1 to MaxTargets targets on d regressors,
// 1 to MaxRegressors, with all coefficients zero.
func NewRegression(d, targets int) *Regression {
	r := make([]Regression, 1)
	Init(r, d, targets)
	return &r[0]
}

// Init makes each of rs what [NewRegression] returns. All keep their numbers in one
// piece, which rounds up to less than one each.
func Init(rs []Regression, d, targets int) {
	var all []float32
	for i := range rs {
		rs[i] = Regression{d: uint8(d), count: uint8(targets)}
		n := rs[i].at(2 * targets)
		if i == 0 {
			all = make([]float32, n*len(rs))
		}
		rs[i].data, all = all[:n:n], all[n:]
	}
}

// Rows returns the discounted number of rows learned from: it grows to
// 1/(1−Forget).
func (r *Regression) Rows() float64 { return float64(r.weight) }

// Predict returns the coefficients of target k times x, len d. A regression of one
// target takes every other for the same.
func (r *Regression) Predict(k int, x []float32) float64 {
	beta := r.beta(min(k, int(r.count)-1))
	x = x[:len(beta)]
	var a, b float32
	n := len(x) &^ 1
	for i := 0; i < n; i += 2 {
		a += beta[i] * x[i]
		b += beta[i+1] * x[i+1]
	}
	if n < len(x) {
		a += beta[n] * x[n]
	}
	return float64(a + b)
}

// Learn adds the row x, len d, with its targets, of which those beyond the
// number of targets are left out. Only finite numbers may be given.
func (r *Regression) Learn(x []float32, target [MaxTargets]float64, tune Tuning) {
	w := 1.0
	warm := 1 / float64(r.weight+1)
	for k := range int(r.count) {
		e := math.Abs(target[k] - r.Predict(k, x))
		s := float64(r.scale[k])
		if limit := tune.Huber * s; e > limit && r.weight > 10 {
			w = min(w, limit/e)
			e = min(e, 10*s) // one freak must not open the gate for the next
		}
		r.scale[k] = float32(s + max(warm, 0.01)*(e-s))
	}
	r.weight = float32(tune.Forget)*r.weight + 1
	if r.unit /= float32(tune.Forget); !(r.unit < mostUnit) || r.unit == 0 {
		r.shrink()
	}
	r.add(x[:r.d], float32(w)*r.unit)
	for k := range int(r.count) {
		wy := float32(w*target[k]) * r.unit
		moment := r.moment(k)
		for i, v := range x[:len(moment)] {
			moment[i] += wy * v
		}
	}
}

// mostUnit is the weight of the newest row at which all are brought back to one.
const mostUnit = 1e8

// shrink divides all weights by that of the newest row.
func (r *Regression) shrink() {
	down := float32(0)
	if r.unit > 0 {
		down = 1 / r.unit
	}
	for i := range r.gram() {
		r.data[i] *= down
	}
	for k := range int(r.count) {
		for i := range r.moment(k) {
			r.moment(k)[i] *= down
		}
	}
	r.unit = 1
}

// add adds w·x·xᵀ to the Gram matrix, two rows at a time: each x is then read once
// for both, which is a third of the time.
func (r *Regression) add(x []float32, w float32) {
	g, i := r.gram(), 0
	for ; i+1 < len(x); i += 2 {
		a, b := w*x[i], w*x[i+1]
		xs, upper, lower := x[:i+1], g[:i+1], g[i+1:2*i+3]
		lower[i+1] += b * x[i+1]
		lower = lower[:len(xs)]
		for j, v := range xs {
			upper[j] += a * v
			lower[j] += b * v
		}
		g = g[2*i+3:]
	}
	if i < len(x) {
		a := w * x[i]
		for j, v := range x {
			g[j] += a * v
		}
	}
}

// Solve brings the coefficients up to date with the rows learned.
func (r *Regression) Solve(tune Tuning) {
	var l factor
	d := int(r.d)
	for i, v := range r.gram() {
		l[i] = float64(v)
	}
	for i := range d {
		l[i*(i+1)/2+i] *= 1 + tune.Ridge
	}
	l.cholesky(d)
	var x [MaxRegressors]float64
	for k := range int(r.count) {
		moment, beta := r.moment(k), r.beta(k)
		for i := range d {
			x[i] = float64(moment[i])
		}
		l.solve(x[:d])
		for i := range d {
			if v := x[i]; v-v == 0 {
				beta[i] = float32(v)
			}
		}
	}
}

// Reset forgets everything.
func (r *Regression) Reset() {
	clear(r.data)
	r.scale, r.weight, r.unit = [MaxTargets]float32{}, 0, 0
}

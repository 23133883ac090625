package direct

import "math"

// MaxTargets bounds the number of right-hand sides of a [Regression].
const MaxTargets = 2

// A Regression is a ridge regression of one or two targets on the same regressors, learned
// sample by sample with forgetting. It is a view of numbers that its caller keeps, so that a
// caller with many regressions of one shape keeps nothing else. The numbers are zero before
// anything is learned. It is not safe for concurrent use.
type Regression struct {
	numbers    []float32 // at the places below, then the Gram matrix, then moments and coefficients by target
	d, targets uint8
}

// The first numbers of a regression.
const (
	weightAt = iota // discounted number of rows
	unitAt          // weight of the newest row: it grows, in place of shrinking all others
	scaleAt         // running mean of |error|, by target
)

// Numbers returns how many numbers a regression of 1 to MaxTargets targets on d
// regressors, 1 to MaxRegressors, consists of.
func Numbers(d, targets int) int { return scaleAt + targets + d*(d+1)/2 + 2*targets*d }

// View returns the regression of 1 to MaxTargets targets on d regressors that consists
// of numbers, len Numbers(d, targets).
func View(numbers []float32, d, targets int) Regression {
	return Regression{numbers: numbers, d: uint8(d), targets: uint8(targets)}
}

// NewRegression returns a regression that has learned nothing, in numbers of its own.
func NewRegression(d, targets int) Regression {
	return View(make([]float32, Numbers(d, targets)), d, targets)
}

// gram returns the lower half of G by rows, len d(d+1)/2.
func (r *Regression) gram() []float32 {
	return r.numbers[scaleAt+int(r.targets) : len(r.numbers)-2*int(r.targets)*int(r.d)]
}

// moment returns c of target k, len d.
func (r *Regression) moment(k int) []float32 { return r.fromEnd(2 * (int(r.targets) - k)) }

// beta returns the coefficients of target k, len d.
func (r *Regression) beta(k int) []float32 { return r.fromEnd(2*(int(r.targets)-k) - 1) }

// fromEnd returns the n-th vector from the end, len d.
func (r *Regression) fromEnd(n int) []float32 {
	return r.numbers[len(r.numbers)-n*int(r.d):][:r.d]
}

// Tuning sets how a [Regression] learns.
type Tuning struct {
	Forget float64 // weight of the past per row, in (0, 1); 1 − 1/n remembers n rows
	Ridge  float64 // relative to the diagonal, > 0
	Huber  float64 // errors beyond Huber times their mean size, 0.001 at least, count less, > 0
}

// Rows returns the discounted number of rows learned from: it grows to
// 1/(1−Forget).
func (r *Regression) Rows() float64 { return float64(r.numbers[weightAt]) }

// Predict returns the forecast of target k for the row x, len d. A regression of one
// target returns the same for every k.
func (r *Regression) Predict(k int, x []float32) float64 {
	beta := r.beta(min(k, int(r.targets)-1))
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

// Coefficient returns the i-th coefficient of target k.
func (r *Regression) Coefficient(k, i int) float64 { return float64(r.beta(k)[i]) }

// Learn adds the row x, len d, with its targets; it ignores those beyond the number of
// targets. All numbers must be finite.
func (r *Regression) Learn(x []float32, target [MaxTargets]float64, tune Tuning) {
	w, weight := 1.0, r.numbers[weightAt]
	warm := 1 / float64(weight+1)
	for k := range int(r.targets) {
		e := math.Abs(target[k] - r.Predict(k, x))
		scale := &r.numbers[scaleAt+k]
		s := float64(*scale)
		usual := max(s, leastError)
		if limit := tune.Huber * usual; e > limit && weight > 10 {
			w = min(w, limit/e)
			e = min(e, 10*usual) // one freak must not open the gate for the next
		}
		*scale = float32(s + max(warm, 0.01)*(e-s))
	}
	r.numbers[weightAt] = float32(tune.Forget)*weight + 1
	unit := r.numbers[unitAt] / float32(tune.Forget)
	if !(unit < mostUnit) || unit == 0 {
		r.shrink(unit)
		unit = 1
	}
	r.numbers[unitAt] = unit
	r.add(x[:r.d], float32(w)*unit)
	for k := range int(r.targets) {
		wy := float32(w*target[k]) * unit
		moment := r.moment(k)
		for i, v := range x[:len(moment)] {
			moment[i] += wy * v
		}
	}
}

// leastError is the least that the usual error is taken for, of targets of the order of one. A
// load at rest is forecast without any error; were that what is usual, the rows of all that comes
// after it would count for nothing, and it would remain so.
const leastError = 1e-3

// mostUnit is the weight of the newest row at which all are brought back to one.
const mostUnit = 1e8

// shrink divides all weights by unit, that of the newest row.
func (r *Regression) shrink(unit float32) {
	down := float32(0)
	if unit > 0 {
		down = 1 / unit
	}
	gram := r.gram()
	for i := range gram {
		gram[i] *= down
	}
	for k := range int(r.targets) {
		moment := r.moment(k)
		for i := range moment {
			moment[i] *= down
		}
	}
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
	for k := range int(r.targets) {
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
func (r *Regression) Reset() { clear(r.numbers) }

package direct

import "math"

// MaxRegressors bounds the number of regressors of a [Regression], so that a
// factorization fits on the stack.
const MaxRegressors = 32

const maxPacked = MaxRegressors * (MaxRegressors + 1) / 2

// factor is a lower triangular matrix, packed by rows: row i starts at i(i+1)/2.
type factor [maxPacked]float64

// cholesky factors the first d rows of l in place: on entry l holds the lower
// half of a symmetric matrix A, on return L with A = L·Lᵀ, the diagonal
// inverted. A pivot that is not positive stands for a regressor without
// information of its own and is given no weight.
func (l *factor) cholesky(d int) {
	for i := range d {
		ri := l[i*(i+1)/2 : i*(i+1)/2+i+1]
		for j := range i {
			rj := l[j*(j+1)/2 : j*(j+1)/2+j+1]
			sum := ri[j]
			for k := range j {
				sum -= ri[k] * rj[k]
			}
			ri[j] = sum * rj[j]
		}
		pivot, sum := ri[i], ri[i]
		for k := range i {
			sum -= ri[k] * ri[k]
		}
		if sum > 1e-12*pivot && sum > 0 {
			ri[i] = 1 / math.Sqrt(sum)
		} else {
			ri[i] = 0
		}
	}
}

// solve overwrites x, len d, with (L·Lᵀ)⁻¹ x.
func (l *factor) solve(x []float64) {
	d := len(x)
	for i := range d {
		row := l[i*(i+1)/2 : i*(i+1)/2+i+1]
		sum := x[i]
		for k := range i {
			sum -= row[k] * x[k]
		}
		x[i] = sum * row[i]
	}
	for i := d - 1; i >= 0; i-- {
		row := l[i*(i+1)/2 : i*(i+1)/2+i+1]
		x[i] *= row[i]
		for k := range i {
			x[k] -= row[k] * x[i]
		}
	}
}

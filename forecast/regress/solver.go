package regress

import "math"

// A solver solves symmetric positive definite systems in place, without
// allocating. For the sizes here it is several times as fast as a general
// library.
type solver struct {
	d int
	l []float64 // d × d, lower triangle by rows; the factor after solve
	b []float64 // right side; the solution after solve
}

func newSolver(d int) solver {
	return solver{d: d, l: make([]float64, d*d), b: make([]float64, d)}
}

// solve factorises l = L·Lᵀ by Cholesky's method and solves for b. It reports
// false if the matrix is not positive definite.
func (s *solver) solve() bool {
	d := s.d
	for i := range d {
		row := s.l[i*d : i*d+d]
		for j := range i {
			other := s.l[j*d : j*d+j+1]
			row[j] = (row[j] - dot(row[:j], other[:j])) / other[j]
		}
		v := row[i] - dot(row[:i], row[:i])
		if !(v > 0) {
			return false
		}
		row[i] = math.Sqrt(v)
		s.b[i] = (s.b[i] - dot(row[:i], s.b[:i])) / row[i]
	}
	for i := d - 1; i >= 0; i-- {
		s.b[i] /= s.l[i*d+i]
		for j := range i {
			s.b[j] -= s.l[i*d+j] * s.b[i]
		}
	}
	return true
}

// dot returns Σ a·b in four independent sums; b is at least as long as a.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return s0 + s1 + s2 + s3
}

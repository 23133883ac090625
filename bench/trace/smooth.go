package trace

import (
	"math"
	"time"
)

// Smooth returns t averaged with a triangular kernel that reaches width to both
// sides, or the length of t where that is less. Gaps stay gaps and are left out of the
// averages around them.
func (t Trace) Smooth(width time.Duration) Trace {
	reach := min(int(width/t.Step), len(t.Values))
	sums, weights := make([]float64, len(t.Values)+2*reach), make([]float64, len(t.Values)+2*reach)
	for i, v := range t.Values {
		if !math.IsNaN(v) {
			sums[reach+i], weights[reach+i] = v, 1
		}
	}
	// Two windows of reach+1 after one another weigh like the triangle.
	sums, weights = windows(windows(sums, reach+1), reach+1), windows(windows(weights, reach+1), reach+1)
	values := make([]float64, len(t.Values))
	for i, v := range t.Values {
		values[i] = sums[i] / weights[i]
		if math.IsNaN(v) {
			values[i] = v
		}
	}
	t.Values = values
	return t
}

// windows returns the sums of n values from each on, n − 1 fewer than there are values. Each
// is that of the end of a block of n and of the start of the next: nothing is subtracted, so
// that a window of zeros is exactly zero, and the time does not depend on n.
func windows(values []float64, n int) []float64 {
	toEnd, fromStart := make([]float64, len(values)), make([]float64, len(values))
	for i, v := range values {
		fromStart[i] = v
		if i%n > 0 {
			fromStart[i] += fromStart[i-1]
		}
	}
	for i := len(values) - 1; i >= 0; i-- {
		toEnd[i] = values[i]
		if i+1 < len(values) && (i+1)%n > 0 {
			toEnd[i] += toEnd[i+1]
		}
	}
	sums := make([]float64, len(values)-n+1)
	for i := range sums {
		sums[i] = toEnd[i]
		if i%n > 0 {
			sums[i] += fromStart[i+n-1]
		}
	}
	return sums
}

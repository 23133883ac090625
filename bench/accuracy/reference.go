package accuracy

import "math"

// reference is the rule that every model is measured against: the last value,
// and a bound above it that a quantile tracker moves (Angelopoulos, Candès and
// Tibshirani, Conformal PID Control, 2023): up by γτ after a miss, down by
// γ(1−τ) after a hit, in units of the recent mean error.
type reference struct {
	h      int
	levels []float64
	q      []float64 // per level, in units of size
	size   float64   // exponential mean of |error|
	seen   int
	last   float64
	bounds [][]float64 // ring over the last h origins, by level
	points []float64   // ring
	n      int
}

const (
	referenceRate = 0.06
	referenceSize = 0.02
)

func newReference(h int, levels []float64) *reference {
	r := &reference{h: h, levels: levels, last: math.NaN(), q: make([]float64, len(levels)), points: make([]float64, h)}
	for range h {
		r.bounds = append(r.bounds, make([]float64, len(levels)))
	}
	for i, p := range levels {
		r.q[i] = -math.Log(2 * (1 - p)) // of a Laplace distribution
	}
	return r
}

// then returns what was said h samples ago for the sample to come; NaN if
// nothing was.
func (r *reference) then() (point float64, bounds []float64) {
	if r.n < r.h {
		return math.NaN(), nil
	}
	return r.points[r.n%r.h], r.bounds[r.n%r.h]
}

// update learns from y, NaN = missing, and makes the next forecast.
func (r *reference) update(y float64) {
	if point, bounds := r.then(); !math.IsNaN(point) && !math.IsNaN(y) {
		e := math.Abs(y - point)
		r.seen++
		r.size += max(referenceSize, 1/float64(r.seen)) * (e - r.size)
		for i, p := range r.levels {
			if y > bounds[i] {
				r.q[i] += referenceRate * p
			} else {
				r.q[i] -= referenceRate * (1 - p)
			}
		}
	}
	if !math.IsNaN(y) {
		r.last = y
	}
	at := r.n % r.h
	r.points[at] = r.last
	for i := range r.levels {
		r.bounds[at][i] = max(0, r.last+r.q[i]*r.size)
	}
	r.n++
}

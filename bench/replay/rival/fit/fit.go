// Package fit holds the small statistics that the rivals of forescale forecast
// with: lines and parabolas by least squares, exponential smoothing with given
// weights, and a filter in the frequency domain. They are what those rules
// prescribe, not what forescale would choose; its own models live in forecast.
package fit

import (
	"math"
	"slices"
)

// Line returns intercept and slope of the least-squares line through (x, y); a
// single point or equal x give their mean and no slope. The lengths are equal and
// positive.
func Line(x, y []float64) (intercept, slope float64) {
	mx, my := Mean(x), Mean(y)
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	if sxx > 0 {
		slope = sxy / sxx
	}
	return my - slope*mx, slope
}

// Index returns 0, 1, … n−1.
func Index(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

// Parabola returns the value at the next point of the least-squares parabola
// through equally spaced values; NaN for fewer than three.
func Parabola(y []float64) float64 {
	n := len(y)
	if n < 3 {
		return math.NaN()
	}
	// With x centred on the values the odd sums vanish: slope and curvature part.
	var s2, s4, sy, sxy, sxxy float64
	middle := float64(n-1) / 2
	for i, v := range y {
		x := float64(i) - middle
		s2 += x * x
		s4 += x * x * x * x
		sy += v
		sxy += x * v
		sxxy += x * x * v
	}
	c := (float64(n)*sxxy - s2*sy) / (float64(n)*s4 - s2*s2)
	a := (sy - c*s2) / float64(n)
	next := float64(n) - middle
	return a + sxy/s2*next + c*next*next
}

// Mean returns the mean of values; 0 for none.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Quantile returns the smallest value that a share p of the values does not
// exceed; NaN for none.
func Quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(p*float64(len(sorted))))-1))]
}

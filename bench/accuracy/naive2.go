package accuracy

import (
	"math"
	"slices"
)

// naive2 returns the forecast of the method Naive 2, by whose errors the competition weighs
// sMAPE and MASE: the last value, adjusted for the season if the series has one. Seasons are
// indices of a classical multiplicative decomposition. Cells without a value are interpolated.
//
// Source: Benchmarks and Evaluation.R of the M4 competition (M4-methods), and R's decompose.
func naive2(history []float64, season, horizon int) []float64 {
	x := interpolated(history)
	out := make([]float64, horizon)
	index := make([]float64, season)
	for i := range index {
		index[i] = 1
	}
	n := len(x)
	if n == 0 {
		return out
	}
	if isSeasonal(x, season) {
		if of := seasonalIndices(x, season); of[(n-1)%season] > 0 {
			index = of
		}
	}
	last := x[n-1] / index[(n-1)%season]
	for h := range out {
		out[h] = last * index[(n+h)%season]
	}
	return out
}

// isSeasonal is the test of the competition: the autocorrelation at the season exceeds
// 1.645 √((1 + 2 Σ acf²)/n), the sum over the lags below it.
func isSeasonal(x []float64, season int) bool {
	n := len(x)
	if n < 3*season {
		return false
	}
	mean := 0.0
	for _, v := range x {
		mean += v / float64(n)
	}
	covariance := func(lag int) (sum float64) {
		for t := lag; t < n; t++ {
			sum += (x[t] - mean) * (x[t-lag] - mean)
		}
		return sum
	}
	variance := covariance(0)
	if !(variance > 0) {
		return false
	}
	below := 0.0
	for lag := 1; lag < season; lag++ {
		acf := covariance(lag) / variance
		below += acf * acf
	}
	return math.Abs(covariance(season)/variance) > 1.645*math.Sqrt((1+2*below)/float64(n))
}

// seasonalIndices returns the multiplicative indices of an even season: the means by phase of
// the values over their centred moving average, scaled to a mean of 1. All are 1 if a phase
// has none.
func seasonalIndices(x []float64, season int) []float64 {
	half := season / 2
	sums, counts := make([]float64, season), make([]float64, season)
	for t := half; t+half < len(x); t++ {
		trend := 0.5*x[t-half] + 0.5*x[t+half]
		for _, v := range x[t-half+1 : t+half] {
			trend += v
		}
		if trend != 0 {
			sums[t%season] += x[t] * float64(season) / trend
			counts[t%season]++
		}
	}
	mean := 0.0
	for i := range sums {
		sums[i] /= counts[i]
		mean += sums[i] / float64(season)
	}
	for i := range sums {
		sums[i] /= mean
		if math.IsNaN(mean) || mean == 0 {
			sums[i] = 1
		}
	}
	return sums
}

// interpolated returns a copy without NaN: straight lines between the values at both sides
// of a gap, and the nearest value at the ends; nothing if there is no value.
func interpolated(x []float64) []float64 {
	out := slices.Clone(x)
	before := -1
	for t, v := range x {
		if math.IsNaN(v) {
			continue
		}
		for k := before + 1; k < t; k++ {
			out[k] = v
			if before >= 0 {
				out[k] = x[before] + (v-x[before])*float64(k-before)/float64(t-before)
			}
		}
		before = t
	}
	if before < 0 {
		return nil
	}
	for k := before + 1; k < len(x); k++ {
		out[k] = x[before]
	}
	return out
}

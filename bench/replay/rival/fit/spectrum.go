package fit

import (
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
)

// A Spectral filter keeps the slow and the strong frequencies of a series.
type Spectral struct {
	Fewest int     // how many of the strongest are kept however weak they are
	Low    float64 // amplitude below which others go; unit of the series
}

// The periods that are looked for, in minutes.
const (
	day  = 24 * 60
	week = 7 * day
)

// most is the largest number of fast frequencies that a filter keeps.
const most = 100

// Cycle returns the last period of the filtered values, which come by the minute.
// Faster frequencies than one per hour are dropped where their amplitude is below
// that of the 100th strongest and the low mark; what is not positive becomes 0.01.
//
// Source: Crane's fftEstimator.
func (s Spectral) Cycle(values []float64, period int) []float64 {
	n := len(values)
	fft := fourier.NewFFT(n)
	x := fft.Coefficients(nil, values)
	amplitude := func(k int) float64 { return cmplx.Abs(x[k]) / float64(n) }
	strength := make([]float64, 0, n/2)
	for k := 1; k < n/2; k++ {
		strength = append(strength, amplitude(k))
	}
	slices.SortFunc(strength, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	least := max(s.Low, strength[min(most, len(strength))-1])
	if len(strength) >= s.Fewest {
		least = min(least, strength[s.Fewest-1])
	}
	for k := range x {
		if perMinute := float64(k) / float64(n); perMinute > 1.0/60 && amplitude(k) < least {
			x[k] = 0
		}
	}
	y := fft.Sequence(nil, x)
	out := make([]float64, period)
	for i := range out {
		out[i] = y[n-period+i] / float64(n)
		if out[i] <= 0 {
			out[i] = 0.01
		}
	}
	return out
}

// Period returns a day or a week in minutes, whichever has the higher peak in
// the autocorrelation of values, or 0: a peak is the highest positive value within
// four hours, and two periods must have been seen.
func Period(values []float64) int {
	if len(values) < 2*day {
		return 0
	}
	correlation := autocorrelation(values)
	found, height := 0, 0.0
	for _, p := range []int{day, week} {
		if len(values) < 2*p || correlation[p] <= height || !isPeak(correlation, p, 4*60) {
			continue
		}
		found, height = p, correlation[p]
	}
	return found
}

// isPeak returns whether lag has the highest value within reach, give or take one
// in a thousand, because a noisy top is broad.
func isPeak(correlation []float64, lag, reach int) bool {
	top := slices.Max(correlation[lag-reach : min(lag+reach+1, len(correlation))])
	return correlation[lag] >= top-1e-3
}

// autocorrelation returns the circular autocorrelation by lag; zero for a series
// that never changes.
func autocorrelation(values []float64) []float64 {
	n := len(values)
	centred := make([]float64, n)
	middle, variance := Mean(values), 0.0
	for i, v := range values {
		centred[i] = v - middle
		variance += centred[i] * centred[i]
	}
	if variance == 0 {
		return centred
	}
	fft := fourier.NewFFT(n)
	x := fft.Coefficients(nil, centred)
	for k := range x {
		x[k] = complex(math.Pow(cmplx.Abs(x[k]), 2), 0)
	}
	out := fft.Sequence(nil, x)
	for i := range out {
		out[i] /= float64(n) * variance
	}
	return out
}

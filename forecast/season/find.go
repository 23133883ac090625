package season

import (
	"math"
	"math/cmplx"
	"slices"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/forescale/forescale/forecast"
)

// least is the autocorrelation from which a lag is a candidate.
const least = 0.25

// Find returns up to two candidate seasons of history besides days and weeks,
// the strongest first: lags of at least four cells and at most a third of the
// history at which the autocorrelation of the changes over one day, or of the
// values if there are less than two days, has a peak of at least 0.25. Multiples
// of the day, and of a candidate already found, are left out. Gaps count as no
// deviation.
//
// A candidate is a suggestion: whether it helps is for a backtest to say.
func Find(history forecast.Series) []time.Duration {
	day := int(Day / history.Step)
	r := autocorrelation(deviations(history.Values, day))
	var found []int
	for len(found) < 2 {
		best := strongest(r, len(history.Values)/3, append([]int{day}, found...))
		if best == 0 {
			break
		}
		found = append(found, best)
	}
	out := make([]time.Duration, len(found))
	for i, lag := range found {
		out[i] = time.Duration(lag) * history.Step
	}
	return out
}

// strongest returns the lag below end of the highest peak of r that is no
// multiple of a known one, the shorter of two that are about equal; 0 if there is
// none.
func strongest(r []float64, end int, known []int) int {
	best := 0
	for lag := 4; lag+1 < len(r) && lag < end; lag++ {
		peak := r[lag] >= least && r[lag] >= r[lag-1] && r[lag] > r[lag+1]
		if !peak || slices.ContainsFunc(known, func(k int) bool { return near(lag, k) }) {
			continue
		}
		if best == 0 || r[lag] > r[best]+0.05 {
			best = lag
		}
	}
	return best
}

// near reports whether lag is a multiple of period, give or take one cell in
// fifty.
func near(lag, period int) bool {
	if period < 2 {
		return false
	}
	rest := lag % period
	slack := max(1, period/50)
	return lag >= period-slack && min(rest, period-rest) <= slack
}

// deviations returns the change over a day, less its mean; gaps are zero.
func deviations(values []float64, day int) []float64 {
	if day < 1 || len(values) < 3*day {
		day = 0
	}
	out := make([]float64, len(values)-day)
	sum, n := 0.0, 0.0
	for i := range out {
		out[i] = values[i+day]
		if day > 0 {
			out[i] -= values[i]
		}
		if out[i] == out[i] {
			sum += out[i]
			n++
		}
	}
	for i, v := range out {
		if out[i] = v - sum/n; math.IsNaN(v) {
			out[i] = 0
		}
	}
	return out
}

// autocorrelation returns the biased autocorrelation by lag, by the transform of
// the padded series (Wiener and Khinchin); nil without variation.
func autocorrelation(x []float64) []float64 {
	n := 1
	for n < 2*len(x) {
		n *= 2
	}
	padded := make([]float64, n)
	copy(padded, x)
	fft := fourier.NewFFT(n)
	spectrum := fft.Coefficients(nil, padded)
	for i, c := range spectrum {
		spectrum[i] = complex(cmplx.Abs(c)*cmplx.Abs(c), 0)
	}
	r := fft.Sequence(nil, spectrum)[:len(x)]
	if len(r) == 0 || !(r[0] > 0) {
		return nil
	}
	scale := 1 / r[0]
	for i := range r {
		r[i] *= scale
	}
	return r
}

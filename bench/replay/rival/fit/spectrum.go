package fit

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
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

// Period returns the period of values, which come by the minute, if it is a day or a week in
// minutes, else 0. Of two weeks or more the last whole weeks are looked at, of two days or
// more the last whole days.
//
// Candidates are the periods n/k, k ≥ 2, cut to whole minutes, whose amplitude is more than
// chance. The period is the one with the highest autocorrelation among those at a peak of
// it; if that is neither a day nor a week, there is none.
//
// Source: Crane's findPeriod and FindPeriod, after Vlachos, Yu and Castelli, On Periodicity
// Detection and Structural Periodic Similarity (2005).
func Period(values []float64) int {
	n := len(values) / week * week
	if n < 2*week {
		n = len(values) / day * day
	}
	if n < 2*day {
		return 0
	}
	values = centred(values[len(values)-n:])
	if slices.Max(values) == 0 {
		return 0 // it never changes
	}
	correlation := autocorrelation(values)
	if !atPeak(correlation, day) && (n < 2*week || !atPeak(correlation, week)) {
		return 0 // and need not be told from chance
	}
	found, height := 0, 0.0
	for _, lag := range candidates(values) {
		if correlation[lag] > height && atPeak(correlation, lag) {
			found, height = lag, correlation[lag]
		}
	}
	if found != day && found != week {
		return 0
	}
	return found
}

// candidates returns the periods whose amplitude is more than chance, descending.
func candidates(values []float64) (lags []int) {
	n, chance := len(values), byChance(values)
	for k, x := range fourier.NewFFT(n).Coefficients(nil, values)[:n/2] {
		if k < 2 || !(cmplx.Abs(x) > chance) {
			continue
		}
		if lag := n / k; len(lags) == 0 || lags[len(lags)-1] > lag {
			lags = append(lags, lag)
		}
	}
	return lags
}

// permutations is the number of them that chance is told from.
const permutations = 100

// byChance returns the 99th of the largest amplitudes of a hundred permutations of values,
// the same each time.
func byChance(values []float64) float64 {
	rng, fft := rand.New(rand.NewPCG(1, permutations)), fourier.NewFFT(len(values))
	mixed, largest := slices.Clone(values), make([]float64, permutations)
	var x []complex128
	for i := range largest {
		rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		x = fft.Coefficients(x, mixed)
		for _, v := range x[1 : len(values)/2] {
			largest[i] = max(largest[i], cmplx.Abs(v))
		}
	}
	slices.Sort(largest)
	return largest[permutations-2]
}

// atPeak returns whether correlation is positive at lag, rises towards it over four hours, or
// half of lag if that is less, and falls from there on, by lines of least squares.
func atPeak(correlation []float64, lag int) bool {
	reach := min(4*60, lag/2)
	slope := func(y []float64) float64 {
		_, b := Line(Index(len(y)), y)
		return b
	}
	return correlation[lag] > 0 && slope(correlation[lag-reach:lag+1]) > 0 &&
		slope(correlation[lag:min(lag+reach+1, len(correlation))]) < 0
}

func centred(values []float64) []float64 {
	middle, out := Mean(values), make([]float64, len(values))
	for i, v := range values {
		out[i] = v - middle
	}
	return out
}

// autocorrelation returns the circular autocorrelation by lag of values that are centred and
// not all zero.
func autocorrelation(values []float64) []float64 {
	n, variance := len(values), 0.0
	for _, v := range values {
		variance += v * v
	}
	fft := fourier.NewFFT(n)
	x := fft.Coefficients(nil, values)
	for k := range x {
		x[k] = complex(math.Pow(cmplx.Abs(x[k]), 2), 0)
	}
	out := fft.Sequence(nil, x)
	for i := range out {
		out[i] /= float64(n) * variance
	}
	return out
}

package rival

import "math"

// line returns intercept and slope of the least-squares line through (x, y); a
// single point or equal x give their mean and no slope. The lengths are equal and
// positive.
func line(x, y []float64) (intercept, slope float64) {
	mx, my := mean(x), mean(y)
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

// index returns 0, 1, … n−1.
func index(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

// parabola returns the value at the next point of the least-squares parabola
// through equally spaced values; NaN for fewer than three.
func parabola(y []float64) float64 {
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

// holtWinters is additive exponential smoothing with a trend and, if season has
// any entry, a season.
type holtWinters struct {
	alpha, beta, gamma float64
	level, trend       float64
	season             []float64
	at                 int // position of the next value in the season
}

// begin sets the states before the first value by the heuristic of Hyndman et
// al., Forecasting with Exponential Smoothing (2008), section 2.6.1, which
// statsmodels calls "heuristic": the season from the first values less their
// moving average, level and trend from a line through the first ten values
// without season. It needs at least period + 10 values, and two periods.
func (h *holtWinters) begin(values []float64, period int) {
	h.season, h.at = make([]float64, period), 0
	h.detrended(values[:min(len(values), 5*period)], period)
	first := make([]float64, 10)
	for i := range first {
		first[i] = values[i] - h.season[i%period]
	}
	x := index(10)
	for i := range x {
		x[i]++ // the states are those before the first value
	}
	h.level, h.trend = line(x, first)
}

// detrended fills the season with the mean distance from the centred moving
// average per position, shifted to a sum of zero.
func (h *holtWinters) detrended(values []float64, period int) {
	seen := make([]float64, period)
	for i := period / 2; i+period/2 < len(values); i++ {
		sum := 0.0
		for j := i - period/2; j <= i+period/2; j++ {
			sum += values[j]
		}
		width := float64(period)
		if period%2 == 0 { // half weight to both ends
			sum -= (values[i-period/2] + values[i+period/2]) / 2
		}
		h.season[i%period] += values[i] - sum/width
		seen[i%period]++
	}
	shift := 0.0
	for i := range h.season {
		if seen[i] > 0 {
			h.season[i] /= seen[i]
		}
		shift += h.season[i] / float64(period)
	}
	for i := range h.season {
		h.season[i] -= shift
	}
}

// seasonal is the season's part of the value that comes k values after the next.
func (h *holtWinters) seasonal(k int) float64 {
	if len(h.season) == 0 {
		return 0
	}
	return h.season[(h.at+k)%len(h.season)]
}

// update takes the next value; NaN only lets time pass.
func (h *holtWinters) update(v float64) {
	before, s := h.level, h.seasonal(0)
	if math.IsNaN(v) {
		h.level += h.trend
	} else {
		h.level = h.alpha*(v-s) + (1-h.alpha)*(before+h.trend)
		if len(h.season) > 0 {
			h.season[h.at] = h.gamma*(v-before-h.trend) + (1-h.gamma)*s
		}
		h.trend = h.beta*(h.level-before) + (1-h.beta)*h.trend
	}
	if len(h.season) > 0 {
		h.at = (h.at + 1) % len(h.season)
	}
}

// forecast returns the value k values after the next.
func (h *holtWinters) forecast(k int) float64 {
	return h.level + float64(k+1)*h.trend + h.seasonal(k)
}

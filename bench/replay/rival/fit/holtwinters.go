package fit

import "math"

// HoltWinters is additive exponential smoothing with a trend and, if season has
// any entry, a season.
type HoltWinters struct {
	Alpha, Beta, Gamma float64 // weights of the newest value, of level, trend and season, in [0, 1]

	Level  float64 // of the newest value; set it where there is no Begin
	trend  float64
	season []float64
	at     int // position of the next value in the season
}

// Begin sets the states before the first value by the heuristic of Hyndman et
// al., Forecasting with Exponential Smoothing (2008), section 2.6.1, which
// statsmodels calls "heuristic": the season from the first values less their
// moving average, level and trend from a line through the first ten values
// without season. It needs at least period + 10 values, and two periods.
func (h *HoltWinters) Begin(values []float64, period int) {
	h.season, h.at = make([]float64, period), 0
	h.detrended(values[:min(len(values), 5*period)], period)
	first := make([]float64, 10)
	for i := range first {
		first[i] = values[i] - h.season[i%period]
	}
	x := Index(10)
	for i := range x {
		x[i]++ // the states are those before the first value
	}
	h.Level, h.trend = Line(x, first)
}

// detrended fills the season with the mean distance from the centred moving
// average per position, shifted to a sum of zero.
func (h *HoltWinters) detrended(values []float64, period int) {
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
func (h *HoltWinters) seasonal(k int) float64 {
	if len(h.season) == 0 {
		return 0
	}
	return h.season[(h.at+k)%len(h.season)]
}

// Update takes the next value; NaN only lets time pass.
func (h *HoltWinters) Update(v float64) {
	before, s := h.Level, h.seasonal(0)
	if math.IsNaN(v) {
		h.Level += h.trend
	} else {
		h.Level = h.Alpha*(v-s) + (1-h.Alpha)*(before+h.trend)
		if len(h.season) > 0 {
			h.season[h.at] = h.Gamma*(v-before-h.trend) + (1-h.Gamma)*s
		}
		h.trend = h.Beta*(h.Level-before) + (1-h.Beta)*h.trend
	}
	if len(h.season) > 0 {
		h.at = (h.at + 1) % len(h.season)
	}
}

// Forecast returns the value k values after the next.
func (h *HoltWinters) Forecast(k int) float64 {
	return h.Level + float64(k+1)*h.trend + h.seasonal(k)
}

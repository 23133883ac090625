// Package score says how good forecasts were.
//
// [Loss], [IntervalLoss] and [SymmetricLoss] are losses of one forecast; the others
// are means over a series. Steps whose actual value is NaN are left out of every
// mean; a mean over nothing is NaN. All functions panic if lengths differ, and are
// pure.
//
// # Why not MAPE
//
// It divides by the actual value, and traffic touches zero.
package score

import (
	"fmt"
	"math"
)

// Loss returns the quantile loss of q, a forecast of level p, against y:
// max(p·(y−q), (p−1)·(y−q)), in the unit of the metric. At p = 0.5 it is half
// the absolute error.
//
// See Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978).
func Loss(p, y, q float64) float64 {
	if y >= q {
		return p * (y - q)
	}
	return (1 - p) * (q - y)
}

// IntervalLoss returns the interval score of [lower, upper], which claims to hold
// y with probability level: its width plus 2/(1−level) times the distance by
// which y lies outside. The M4 competition's MSIS is its mean over the forecast,
// divided by the scale of [SeasonalScale].
//
// See Gneiting and Raftery, Strictly Proper Scoring Rules, JASA 102 (2007), §6.2.
func IntervalLoss(level, y, lower, upper float64) float64 {
	loss := upper - lower
	switch {
	case y < lower:
		loss += 2 / (1 - level) * (lower - y)
	case y > upper:
		loss += 2 / (1 - level) * (y - upper)
	}
	return loss
}

// MAE returns the mean absolute error, in the unit of the metric.
func MAE(actual, predicted []float64) float64 {
	return mean(actual, predicted, func(y, f float64) float64 { return math.Abs(y - f) })
}

// SMAPE returns the mean of 200·|y−f|/(|y|+|f|), in percent from 0 to 200; two
// zeros count as no error. This is the definition of the M4 competition.
func SMAPE(actual, predicted []float64) float64 {
	return mean(actual, predicted, SymmetricLoss)
}

// SymmetricLoss returns 200·|y−f|/(|y|+|f|), and 0 if both are 0.
func SymmetricLoss(y, f float64) float64 {
	size := math.Abs(y) + math.Abs(f)
	if size == 0 {
		return 0
	}
	return 200 * math.Abs(y-f) / size
}

// SeasonalScale returns the mean absolute difference of history to itself season
// samples earlier, by which MASE divides: the error of the seasonal naive rule
// in sample. NaN if no such pair is observed.
//
// See Hyndman and Koehler, Another Look at Measures of Forecast Accuracy, IJF 22
// (2006).
func SeasonalScale(history []float64, season int) float64 {
	if season < 1 {
		panic(fmt.Sprintf("score: season of %d samples, want at least 1", season))
	}
	if len(history) <= season {
		return math.NaN()
	}
	sum, n := 0.0, 0
	for i, v := range history[season:] {
		if d := math.Abs(v - history[i]); !math.IsNaN(d) {
			sum += d
			n++
		}
	}
	return sum / float64(n)
}

// MASE returns the mean absolute error divided by the seasonal scale of history.
// It is infinite or NaN if that scale is 0 or NaN.
func MASE(actual, predicted, history []float64, season int) float64 {
	return MAE(actual, predicted) / SeasonalScale(history, season)
}

func mean(actual, predicted []float64, loss func(y, f float64) float64) float64 {
	if len(actual) != len(predicted) {
		panic(fmt.Sprintf("score: %d actual values and %d predicted", len(actual), len(predicted)))
	}
	sum, n := 0.0, 0
	for i, y := range actual {
		if !math.IsNaN(y) {
			sum += loss(y, predicted[i])
			n++
		}
	}
	return sum / float64(n)
}

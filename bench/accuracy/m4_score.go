package accuracy

import (
	"math"
	"slices"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/score"
)

// M4Report says what RunM4 did, and how good the forecasts were, if there is a test file:
// by the definitions of the competition, as means over the series. See
// Makridakis, Spiliotis and Assimakopoulos, The M4 Competition, IJF 36 (2020), section 2.
type M4Report struct {
	Series   int     // forecast
	Horizon  int     // cells each
	Negative int     // training values below zero, which count as missing
	Scored   int     // series with a truth of the whole horizon; the scores are 0 without any
	SMAPE    float64 // of the medians, percent, 0 to 200
	MASE     float64 // of the medians, against the seasonal naive rule of 24 cells in sample
	MSIS     float64 // of the central intervals of 95 %, in the unit of MASE
	Covered  float64 // share of the truths within these, 0 to 1

	naive2SMAPE, naive2MASE float64 // of the method Naive 2 on the same series
}

// OWA returns the overall weighted average: the mean of sMAPE and MASE over those of the
// method Naive 2 on the same series; NaN without any, and infinite if that method makes no
// error. On the 414 hourly series of the competition its published scores are 18.383 and
// 2.395.
func (r M4Report) OWA() float64 { return (r.SMAPE/r.naive2SMAPE + r.MASE/r.naive2MASE) / 2 }

// m4Score scores the forecasts of the series that have a truth.
func m4Score(train []m4Series, truth map[string][]float64, forecasts []*forecast.Forecast) M4Report {
	const day, level = 24, 0.95
	r := M4Report{Series: len(train)}
	_, names := m4Files()
	column := func(f *forecast.Forecast, name string) []float64 {
		q, values := slices.Index(names[:], name), make([]float64, f.Horizon())
		for h, row := range f.Values {
			values[h] = row[q]
		}
		return values
	}
	for i, f := range forecasts {
		r.Horizon = f.Horizon()
		r.Negative += train[i].negative
		y, history := truth[train[i].id], train[i].values
		scale := score.SeasonalScale(history, day)
		if len(y) < f.Horizon() || slices.ContainsFunc(y[:f.Horizon()], math.IsNaN) || !(scale > 0) {
			continue
		}
		y = y[:f.Horizon()]
		median, lower, upper := column(f, "q0.5.csv"), column(f, "lower95.csv"), column(f, "upper95.csv")
		r.Scored++
		r.SMAPE += score.SMAPE(y, median)
		r.MASE += score.MASE(y, median, history, day)
		reference := naive2(history, day, len(y))
		r.naive2SMAPE += score.SMAPE(y, reference)
		r.naive2MASE += score.MASE(y, reference, history, day)
		for h, v := range y {
			r.MSIS += score.IntervalLoss(level, v, lower[h], upper[h]) / scale / float64(len(y))
			if lower[h] <= v && v <= upper[h] {
				r.Covered += 1 / float64(len(y))
			}
		}
	}
	if n := float64(r.Scored); n > 0 {
		r.SMAPE, r.MASE, r.MSIS, r.Covered = r.SMAPE/n, r.MASE/n, r.MSIS/n, r.Covered/n
		r.naive2SMAPE, r.naive2MASE = r.naive2SMAPE/n, r.naive2MASE/n
	}
	return r
}

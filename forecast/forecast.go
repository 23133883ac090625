package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Forecast holds quantiles of a metric for the cells that follow a series.
//
// Values[h][q] is the value that the metric stays at or under with probability
// Levels[q] during [Start+h·Step, Start+(h+1)·Step). Peaks[h][q] is the same for
// the maximum over the cells 0 to h. Each row is ascending and finite, and no
// value is negative, because demand is not. Peaks ascend in h as well.
type Forecast struct {
	Start    time.Time     // of the first forecast cell = end of the history
	Step     time.Duration // of the series
	Levels   []float64     // len Q, ascending, each in (0, 1)
	Values   [][]float64   // H × Q, unit of the metric
	Peaks    [][]float64   // H × Q, unit of the metric
	Warnings []error       // why the forecast is weaker than asked; for the user, never fatal
}

// New returns a forecast with room for horizon cells and the given levels, for
// [Filter.Forecast] to fill. It panics if horizon is not positive or the levels
// are not ascending within (0, 1), which is a fault of the program.
func New(horizon int, levels ...float64) *Forecast {
	if err := CheckLevels(levels); err != nil || horizon <= 0 {
		panic(fmt.Sprintf("forecast: New(%d, %v): want a positive horizon and ascending levels in (0, 1)", horizon, levels))
	}
	q := len(levels)
	backing := make([]float64, 2*horizon*q)
	rows := make([][]float64, 2*horizon)
	for h := range rows {
		rows[h] = backing[h*q : (h+1)*q : (h+1)*q]
	}
	return &Forecast{Levels: slices.Clone(levels), Values: rows[:horizon:horizon], Peaks: rows[horizon:]}
}

// CheckLevels returns an error unless levels is non-empty, strictly ascending
// and within (0, 1).
func CheckLevels(levels []float64) error {
	if len(levels) == 0 {
		return errors.New("forecast: no quantile level given, want at least one in (0, 1)")
	}
	for i, p := range levels {
		if !(p > 0 && p < 1) {
			return fmt.Errorf("forecast: quantile level %v, want a number above 0 and below 1", p)
		}
		if i > 0 && p <= levels[i-1] {
			return fmt.Errorf("forecast: quantile level %v after %v, want them ascending", p, levels[i-1])
		}
	}
	return nil
}

// Clone returns a copy of f that shares nothing with it.
func (f *Forecast) Clone() *Forecast {
	c := New(f.Horizon(), f.Levels...)
	c.Start, c.Step, c.Warnings = f.Start, f.Step, slices.Clone(f.Warnings)
	for h := range f.Values {
		copy(c.Values[h], f.Values[h])
		copy(c.Peaks[h], f.Peaks[h])
	}
	return c
}

// Horizon returns the number of cells forecast.
func (f *Forecast) Horizon() int { return len(f.Values) }

// Tidy makes f keep its promises whatever a model wrote. A value that is NaN,
// infinite, negative, or less than the one before it in its row takes the value
// of that one, zero at the start of a row. Peaks become at least the value of
// their own cell, and ascend in h. Tidy does not allocate.
func (f *Forecast) Tidy() {
	for h, row := range f.Values {
		tidyRow(row)
		peaks := f.Peaks[h]
		tidyRow(peaks)
		for q := range peaks {
			peaks[q] = max(peaks[q], row[q])
			if h > 0 {
				peaks[q] = max(peaks[q], f.Peaks[h-1][q])
			}
		}
	}
}

func tidyRow(row []float64) {
	floor := 0.0
	for i, v := range row {
		if !(v >= floor) || math.IsInf(v, 0) { // also NaN
			v = floor
		}
		row[i], floor = v, v
	}
}

// Quantile returns the value of level p in row, which holds the quantiles of
// f.Levels, by linear interpolation between the two levels around p; beyond the
// outermost levels it returns the outermost value.
func (f *Forecast) Quantile(row []float64, p float64) float64 {
	i, found := slices.BinarySearch(f.Levels, p)
	switch {
	case found:
		return row[i]
	case i == 0:
		return row[0]
	case i == len(f.Levels):
		return row[i-1]
	}
	lo, hi := f.Levels[i-1], f.Levels[i]
	w := (p - lo) / (hi - lo)
	return row[i-1] + w*(row[i]-row[i-1])
}

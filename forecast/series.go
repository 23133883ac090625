package forecast

import (
	"fmt"
	"math"
	"time"
)

// A Series is one metric on a regular grid: Values[i] is the mean over
// [Start+i·Step, Start+(i+1)·Step). NaN marks a cell without a sample.
//
// Start is a whole multiple of Step since the Unix epoch, so that two series of
// one metric always share their cell borders. A cell whose end has not come yet
// does not belong in a series.
type Series struct {
	Start  time.Time     // of the first cell, UTC
	Step   time.Duration // > 0
	Values []float64     // len = number of cells, oldest first; unit of the metric
}

// Len returns the number of cells, observed or not.
func (s Series) Len() int { return len(s.Values) }

// At returns the start of cell i, which may lie outside the series.
func (s Series) At(i int) time.Time { return s.Start.Add(time.Duration(i) * s.Step) }

// End returns the end of the last cell, which is the start of the next one.
func (s Series) End() time.Time { return s.At(len(s.Values)) }

// Slice returns cells i to j−1. It shares memory with s and panics if the
// bounds are not within s.
func (s Series) Slice(i, j int) Series {
	return Series{Start: s.At(i), Step: s.Step, Values: s.Values[i:j:j]}
}

// Observed returns the number of cells that hold a finite value.
func (s Series) Observed() int {
	n := 0
	for _, v := range s.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			n++
		}
	}
	return n
}

// Check returns an error if s cannot be forecast from: a step that is not
// positive, a start off the epoch grid, or an infinite value. NaN is fine.
func (s Series) Check() error {
	if s.Step <= 0 {
		return fmt.Errorf("forecast: step of the series is %v, want a positive duration", Span(s.Step))
	}
	if s.Start.UnixNano()%int64(s.Step) != 0 {
		return fmt.Errorf("forecast: series starts at %s, want a multiple of its step %v since the epoch",
			s.Start.UTC().Format(time.RFC3339Nano), Span(s.Step))
	}
	for i, v := range s.Values {
		if math.IsInf(v, 0) {
			return fmt.Errorf("forecast: value %d of the series (%s) is %v, want a finite number or NaN",
				i, s.At(i).UTC().Format(time.RFC3339), v)
		}
	}
	return nil
}

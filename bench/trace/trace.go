// Package trace reads, makes and shapes load traces: the mean request rate of a
// service per interval.
//
// A trace comes from a recording, which package export reads, or from a seeded
// generator ([Synthetic]); [List] says which recordings a directory has. It is turned into
// an intensity, the rate at each instant ([Trace.Intensity]), which a replay scales to the
// size of service under test.
//
// An interval without a record is a gap, and stays one: NaN in Values. It means that the
// load went on at an unknown level.
//
// # Why not forecast.Series
//
// A series lies on a grid anchored at the epoch, because that keeps two ranges of
// one metric comparable. A trace may start at any second, as one that was shifted,
// cut or made does, and its values may be levels at their time stamps.
package trace

import (
	"math"
	"slices"
	"time"
)

// Kind says what the values of a trace are.
type Kind string

// The kinds of a trace.
const (
	Rate  Kind = "rate"  // mean events per second over each interval, which starts at its time stamp
	Gauge Kind = "gauge" // a level sampled at each time stamp
)

// A Trace is one load on a regular grid: Values[i] belongs to
// [Start+i·Step, Start+(i+1)·Step). NaN marks an interval without a record.
type Trace struct {
	Name   string
	Kind   Kind   // empty means Rate
	Unit   string // for people; may be empty
	Start  time.Time
	Step   time.Duration // > 0
	Values []float64     // len = number of intervals, oldest first; each ≥ 0 or NaN
}

// At returns the start of interval i.
func (t Trace) At(i int) time.Time { return t.Start.Add(time.Duration(i) * t.Step) }

// End returns the end of the last interval.
func (t Trace) End() time.Time { return t.At(len(t.Values)) }

// Span returns the time that the trace covers, gaps included.
func (t Trace) Span() time.Duration { return time.Duration(len(t.Values)) * t.Step }

// Peak returns the largest value, and 0 if there is none.
func (t Trace) Peak() float64 {
	peak := 0.0
	for _, v := range t.Values {
		if v > peak { // false for NaN
			peak = v
		}
	}
	return peak
}

// Missing returns the share of intervals without a value, 0 to 1.
func (t Trace) Missing() float64 {
	n := 0
	for _, v := range t.Values {
		if math.IsNaN(v) {
			n++
		}
	}
	return float64(n) / float64(max(len(t.Values), 1))
}

// Tail returns the last intervals that cover at most d. It shares memory with t.
func (t Trace) Tail(d time.Duration) Trace {
	n := min(int(d/t.Step), len(t.Values))
	from := len(t.Values) - n
	t.Start, t.Values = t.At(from), t.Values[from:]
	return t
}

// Coarsen returns t with intervals of as many of its own as step holds, each the mean of the
// values in it, or NaN if it has none; t itself if step holds fewer than two. The remainder of
// a last interval that is not whole is averaged over what it has.
func (t Trace) Coarsen(step time.Duration) Trace {
	per := int(step / t.Step)
	if per < 2 {
		return t
	}
	values := make([]float64, 0, len(t.Values)/per+1)
	for chunk := range slices.Chunk(t.Values, per) {
		sum, n := 0.0, 0
		for _, v := range chunk {
			if !math.IsNaN(v) {
				sum += v
				n++
			}
		}
		values = append(values, sum/float64(n)) // 0/0 is NaN: a gap
	}
	t.Step, t.Values = time.Duration(per)*t.Step, values
	return t
}

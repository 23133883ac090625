package trace

import (
	"math"
	"time"
)

// finest is the shortest interval whose values are taken for an intensity. What
// is faster is the chance of single arrivals, which a replay draws itself.
const finest = 15 * time.Second

// Intensity is the rate of a load at each instant: piecewise linear between the
// centres of the intervals of a trace, level before the first and after the last.
// Across a gap it holds the last value before it.
type Intensity struct {
	start  time.Time
	step   float64 // seconds
	values []float64
	seen   []bool // whether values[i] was observed
}

// Intensity returns the intensity of t. Intervals under 15 s are averaged first, as many as
// 15 s hold. A gauge is taken at its time stamps, not at centres.
func (t Trace) Intensity() Intensity {
	fine := t.Step
	if t.Step < finest {
		t = t.Coarsen(finest)
	}
	in := Intensity{
		start: t.Start.Add(t.Step / 2), step: t.Step.Seconds(),
		values: make([]float64, len(t.Values)), seen: make([]bool, len(t.Values)),
	}
	if t.Kind == Gauge {
		in.start = t.Start.Add((t.Step - fine) / 2) // the middle of the stamps that were averaged
	}
	last := firstValue(t.Values)
	for i, v := range t.Values {
		if in.seen[i] = !math.IsNaN(v); in.seen[i] {
			last = v
		}
		in.values[i] = last
	}
	return in
}

func firstValue(values []float64) float64 {
	for _, v := range values {
		if !math.IsNaN(v) {
			return v
		}
	}
	return 0
}

// At returns the rate at the instant now, and whether the interval around it was
// observed.
func (in Intensity) At(now time.Time) (float64, bool) {
	return in.at(now.Sub(in.start).Seconds() / in.step)
}

// Fill writes the rate at from, from+step, … to dst.
func (in Intensity) Fill(dst []float64, from time.Time, step time.Duration) {
	x, dx := from.Sub(in.start).Seconds()/in.step, step.Seconds()/in.step
	for i := range dst {
		dst[i], _ = in.at(x + float64(i)*dx)
	}
}

func (in Intensity) at(x float64) (float64, bool) {
	last := len(in.values) - 1
	switch {
	case last < 0:
		return 0, false
	case x <= 0:
		return in.values[0], in.seen[0]
	case x >= float64(last):
		return in.values[last], in.seen[last]
	}
	i := int(x)
	w := x - float64(i)
	near := i
	if w > 0.5 {
		near++
	}
	if !in.seen[i+1] {
		w = 0 // hold up to the far end of the gap
	}
	return in.values[i] + w*(in.values[i+1]-in.values[i]), in.seen[near]
}

// Package space maps a metric to the space in which a model is linear: its own
// unit, the logarithm of it, or the square root.
//
// Loads that add up (a batch job on top of users) are linear in their unit;
// noise and seasons that grow with the level are linear in logarithms. Nobody
// knows beforehand which of the two a series is, so models come in both.
package space

import (
	"math"
	"slices"

	"github.com/forescale/forescale/forecast/elementary"
)

// A Space maps values forward to model space and back. The zero value is the
// identity. It is a plain value and safe for concurrent use.
type Space struct {
	kind   kind
	offset float64 // added before the logarithm
	floor  float64 // least argument of the logarithm, > 0
}

type kind int

const (
	identity kind = iota
	logarithm
	root
)

// least is the least argument of a logarithm as a share of the median: below
// it, logarithms tell noise.
const least = 0.02

// Log returns the logarithm of the value plus an offset, chosen such that the
// least of values lies at a fiftieth of their median or above; the offset is zero
// if it does already. NaN and negative values are left out. Without a positive
// value it returns log(1 + y).
func Log(values []float64) Space {
	positive := make([]float64, 0, len(values))
	low := math.Inf(1)
	for _, v := range values {
		if v >= 0 && v < low {
			low = v
		}
		if v > 0 {
			positive = append(positive, v)
		}
	}
	if len(positive) == 0 {
		return Space{kind: logarithm, offset: 1, floor: least}
	}
	slices.Sort(positive)
	s := Space{kind: logarithm, floor: least * positive[len(positive)/2]}
	s.offset = max(0, s.floor-low)
	return s
}

// Root returns the square root: half-way between the unit and its logarithm, and
// the space in which the noise of counts does not depend on their level.
func Root() Space { return Space{kind: root} }

// IsLog reports whether s takes logarithms.
func (s Space) IsLog() bool { return s.kind == logarithm }

// Forward maps a value to model space. NaN stays NaN.
func (s Space) Forward(v float64) float64 {
	switch s.kind {
	case identity:
		return v
	case root:
		return math.Sqrt(v)
	case logarithm:
	}
	v += s.offset
	switch {
	case v < s.floor:
		v = s.floor
	case !(v <= math.MaxFloat64): // NaN and infinity stay what they are
		return v
	}
	return elementary.Log(v)
}

// Back maps from model space to a value, which may be negative.
func (s Space) Back(z float64) float64 {
	switch s.kind {
	case identity:
		return z
	case root:
		return max(0, z) * max(0, z)
	case logarithm:
	}
	return elementary.Exp(z) - s.offset
}

// Extent returns the least and the largest of the values that are samples,
// that is neither NaN nor negative; 0 and 0 without any.
func Extent(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v >= 0 {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return 0, 0
	}
	return low, high
}

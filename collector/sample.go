package collector

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// A Sample is one observation of a metric: its value at, or over the time just
// before, an instant.
type Sample struct {
	Time  time.Time
	Value float64 // unit of the metric
}

// SameScrape reports whether two values of one query may be of the same scrapes: they are
// equal except for the last digits, in which a rate over the same samples differs from one
// instant of evaluation to the next.
func SameScrape(a, b float64) bool {
	const digits = 1e-9
	return math.Abs(a-b) <= digits*max(math.Abs(a), math.Abs(b))
}

// ErrNoData is wrapped by the error of a source that was asked and answered, but with
// no usable value. It says nothing about the demand; callers hold what they have.
var ErrNoData = errors.New("no data")

// Rejected counts the samples that were refused, by the first reason that
// applied, in the order of the fields. The zero value has seen none.
type Rejected struct {
	NotFinite  uint64 // NaN or infinite
	Negative   uint64 // below zero
	Future     uint64 // after now
	Late       uint64 // of a cell that was closed already, or before the first cell
	OutOfOrder uint64 // of an open cell, but not after the sample before it
}

// Total returns the number of refused samples.
func (r Rejected) Total() uint64 {
	return r.NotFinite + r.Negative + r.Future + r.Late + r.OutOfOrder
}

// String lists the reasons that occurred, as in "2 not finite, 1 late", or
// "none".
func (r Rejected) String() string {
	var parts []string
	for _, c := range []struct {
		n    uint64
		name string
	}{
		{r.NotFinite, "not finite"},
		{r.Negative, "negative"},
		{r.Future, "in the future"},
		{r.Late, "late"},
		{r.OutOfOrder, "out of order"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.name))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// refuse counts v and returns true if v is no value of a demand.
func (r *Rejected) refuse(v float64) bool {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		r.NotFinite++
	case v < 0:
		r.Negative++
	default:
		return false
	}
	return true
}

package collector

import (
	"errors"
	"math"
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

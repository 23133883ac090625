package collector

import (
	"math"
	"regexp"
)

const (
	// leastRises is how often a series must have risen before its never falling says
	// that it counts: loads rise and fall within a few samples.
	leastRises = 30

	// resetShare bounds what a counter starts again at, as a share of what it stood at.
	resetShare = 0.5

	// fewResets is the share of changes that may be resets: a process that starts anew
	// more often than every tenth sample is not what the metric is about.
	fewResets = 0.1
)

// LooksLikeCounter reports whether values, oldest first, look like a counter, which is
// no load but the sum of all of it: they rise and never fall, but for resets near to
// zero. NaN marks a sample that is missing. What is not sure is none: fewer than thirty
// rises, or a fall that may be one of the load.
func LooksLikeCounter(values []float64) bool {
	rises, resets := 0, 0
	last := math.NaN()
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			continue
		case v > last: // false for NaN
			rises++
		case v < last && v <= resetShare*last:
			resets++
		case v < last:
			return false
		}
		last = v
	}
	return rises >= leastRises && float64(resets) <= fewResets*float64(rises)
}

// CounterNote tells a user what to do about a load that looks like a counter.
const CounterNote = "the values only rise, as those of a counter do, which is no load: read its rate, such as sum(rate(http_requests_total[1m]))"

// TakesChange reports whether query takes a change over time, as rate() does: what only
// rises in a few hours of it is a load in the morning and no counter.
func TakesChange(query string) bool { return changing.MatchString(query) }

var changing = regexp.MustCompile(`\b(i?rate|increase|i?delta|deriv)\s*\(`)

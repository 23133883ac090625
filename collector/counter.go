package collector

import (
	"math"
	"regexp"
)

const (
	// leastRises is how many rises without a fall show that a series is a counter:
	// loads rise and fall within a few samples.
	leastRises = 30

	// resetShare bounds the value after a reset of a counter, as a share of that before.
	resetShare = 0.5

	// fewResets is the share of changes that may be resets: no process restarts more often
	// than at every tenth sample.
	fewResets = 0.1
)

// LooksLikeCounter reports whether values, oldest first, look like a counter, which is not
// a load but the sum of all of it: they rise and never fall, but for resets to near zero.
// NaN marks a missing sample. It is false in doubt: with fewer than thirty rises, or with a
// fall that may be one of the load.
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
const CounterNote = "the values only rise, as those of a counter do, which is not a load: query its rate, such as sum(rate(http_requests_total[1m]))"

// TakesChange reports whether query takes a change over time, as rate() does. If its values
// only rise for a few hours, that is a load in the morning and no counter.
func TakesChange(query string) bool { return changing.MatchString(query) }

var changing = regexp.MustCompile(`\b(i?rate|increase|i?delta|deriv)\s*\(`)

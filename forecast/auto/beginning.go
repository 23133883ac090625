package auto

import (
	"time"

	"github.com/forescale/forescale/forecast"
)

// fromBeginning returns the part of history from the cell on that the series begins with; all
// of it if none is observed. Zeros at its beginning are the time before a service has started,
// and no part of the series, unless it has rested for half as long since, as a shop does at
// night and at weekends. A path keeps them: of a week that begins with the Sunday of a shop it
// would otherwise not know that the shop is closed then.
func fromBeginning(history forecast.Series) forecast.Series {
	first, rise := -1, -1  // the first cell observed, and the first above zero
	before := 0            // zeros before rise
	zeros, longest := 0, 0 // in a row, and the most of them after rise
	for i, v := range history.Values {
		if !isObserved(v) {
			continue
		}
		if first < 0 {
			first = i
		}
		switch {
		case v == 0:
			zeros++
		case rise < 0:
			rise, before, zeros = i, zeros, 0
		default:
			zeros = 0
		}
		if rise >= 0 {
			longest = max(longest, zeros)
		}
	}
	if 2*longest < before {
		first = rise
	}
	return history.Slice(max(first, 0), history.Len())
}

// begins reports whether the series has begun, with v or before. A series begins with its
// first observed cell, and unless that is settled, with its first cell above zero anew: the
// days of a service that has not started would otherwise be its seasons, and its errors
// would be expected to be nothing.
func (s *filter) begins(v float64) bool {
	rises := isPositive(v)
	if s.seen > 0 && (s.settled || !rises) {
		return true
	}
	if !isObserved(v) {
		s.silent++
		return false
	}
	f, settled := s.fitted, s.settled || rises
	if before := s.silent + s.n; before > 0 {
		*s = *newFilter(f, s.start.Add(time.Duration(before)*s.step))
	}
	s.settled = settled
	if settled && !f.followsShifts() {
		s.fitted = nil // the fit takes as much room as a tenth of the filter
	}
	return true
}

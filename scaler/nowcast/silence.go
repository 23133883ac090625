package nowcast

import (
	"time"

	"github.com/forescale/forescale/collector"
)

// A silence remembers what demand was before the samples stopped. The last rates
// before an outage of the scrapes, and the first after it, are means over a window
// that is partly empty. They are too low by up to a half, and nothing tells a fall of
// demand from one of the scrapes. Missing data holds, so the highest sample of the
// last two windows stands in for them.
type silence struct {
	usual  time.Duration // mean time between recent samples
	tops   [2]float64    // highest sample of this window and of the one before
	since  time.Time     // start of this window
	ended  time.Time     // first sample after the last silence; zero if there was none
	before float64       // demand before it
}

// observe takes a sample and the time of the one before it.
func (q *silence) observe(s collector.Sample, last time.Time, window time.Duration) {
	if !last.IsZero() {
		gap := s.Time.Sub(last)
		if gap > q.limit(window) {
			q.ended, q.before = s.Time, max(q.tops[0], q.tops[1])
		}
		q.usual += (min(gap, window) - q.usual) / 8
	}
	if s.Time.Sub(q.since) >= window {
		q.tops, q.since = [2]float64{0, q.tops[0]}, s.Time
	}
	q.tops[0] = max(q.tops[0], s.Value)
}

// limit is the age of the newest sample at which a silence begins: three times the
// usual distance between samples, within a half and one and a half windows.
func (q *silence) limit(window time.Duration) time.Duration {
	return min(max(3*q.usual, window/2), window+window/2)
}

// hold returns a lower bound of demand at now, when the newest sample is of the time last: 0
// unless samples have stopped or have just come back.
func (q *silence) hold(now, last time.Time, window time.Duration) float64 {
	switch {
	case now.Sub(last) > q.limit(window):
		return max(q.tops[0], q.tops[1])
	case q.fills(now, window):
		return q.before
	}
	return 0
}

// fills reports whether samples came back less than a window before now: their rates are
// means over a window that is partly empty, and rise as it fills.
func (q *silence) fills(now time.Time, window time.Duration) bool { return now.Sub(q.ended) < window }

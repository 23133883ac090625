package engine

import (
	"time"

	"github.com/forescale/forescale/collector"
)

const (
	// slopeSpan is the least time over which a slope is taken: the usual scrape
	// interval, between whose ends a rate does not move.
	slopeSpan = 15 * time.Second

	// slopeAhead is how far a rise is carried on. Half of it is the lag of a mean
	// over a minute, the other half the time in which the next samples come: at two
	// scrapes more the noise of the slope asks for more than the rise.
	slopeAhead = time.Minute

	// steepest bounds what a rise adds, as a share of the sample: more is a burst,
	// which is judged by its detector.
	steepest = 0.5
)

// marks are two samples at least a slopeSpan apart.
type marks struct {
	older, newer collector.Sample
}

// take moves the marks on once s is far enough from the newer one.
func (m *marks) take(s collector.Sample) {
	if m.newer.Time.IsZero() || s.Time.Sub(m.newer.Time) >= slopeSpan {
		m.older, m.newer = m.newer, s
	}
}

// rise returns how much more than s there will be slopeAhead from now if it goes
// on as since the older mark, in the unit of the metric: 0 if it falls, or if that
// mark is older than step, as after a gap.
func (m *marks) rise(s collector.Sample, step time.Duration) float64 {
	dt := s.Time.Sub(m.older.Time)
	if m.older.Time.IsZero() || dt < slopeSpan || dt > max(step, 2*slopeSpan) {
		return 0
	}
	more := (s.Value - m.older.Value) * float64(slopeAhead) / float64(dt)
	return min(max(more, 0), steepest*s.Value)
}

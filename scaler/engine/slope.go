package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/collector"
)

const (
	// slopeSpan is the least time over which a slope is taken: the usual scrape
	// interval, between whose ends a rate does not move. A grid finer than a minute
	// is scraped as much more often: there it is a quarter of a step.
	slopeSpan = 15 * time.Second

	// slopeAhead is how far a rise is carried on. Half of it is the lag of a mean
	// over a minute, the other half the time in which the next samples come: at two
	// scrapes more the noise of the slope asks for more than the rise. On a finer
	// grid it is a step, which is the window of its means.
	slopeAhead = time.Minute

	// steepest bounds what a rise adds, as a share of the sample: more is a burst,
	// which is judged by its detector.
	steepest = 0.5

	// chance is how many usual deviations of a slope from the ones before it are
	// taken for noise: carried on for a minute, the noise of a small service would
	// ask for half as much again at every other scrape, and an HPA keeps the most
	// that was asked for in five minutes. Of a mean of slopes it is a quarter, as
	// their noise is: what one sample is too high the next slope takes back.
	chance = 2.0

	lately  = 4  // slopes that their mean remembers
	usually = 60 // and their deviation
)

// marks are two samples at least a slopeSpan apart, and how the slopes between
// such samples went.
type marks struct {
	step time.Duration // of the grid; 0 = a minute

	older, newer collector.Sample
	before       float64 // value of the mark before the older one; 0 = none

	newest float64 // slope between the two, per second; it is judged by the ones before
	slope  float64 // of the minute before, per second
	spread float64 // mean absolute deviation from it in the last quarter of an hour, per second
	moves  int     // slopes behind them, up to a few
}

// span is the least time over which a slope is taken.
func (m *marks) span() time.Duration { return m.scaled(slopeSpan) }

// ahead is how far a rise is carried on.
func (m *marks) ahead() time.Duration { return m.scaled(slopeAhead) }

// scaled takes a time that is meant for a grid of a minute to a finer one.
func (m *marks) scaled(d time.Duration) time.Duration {
	if m.step == 0 || m.step >= time.Minute {
		return d
	}
	return time.Duration(float64(d) * m.step.Seconds() / time.Minute.Seconds())
}

// take moves the marks on once s is far enough from the newer one.
func (m *marks) take(s collector.Sample) {
	dt := s.Time.Sub(m.newer.Time)
	if !m.newer.Time.IsZero() && dt < m.span() {
		return
	}
	if !m.older.Time.IsZero() {
		m.learn()
	}
	if !m.newer.Time.IsZero() {
		m.newest = (s.Value - m.newer.Value) / dt.Seconds()
	}
	m.before, m.older, m.newer = m.older.Value, m.newer, s
}

// learn takes in the slope between the two marks. The first few count as their
// plain means.
func (m *marks) learn() {
	m.moves = min(m.moves+1, usually)
	if m.moves == 1 {
		m.slope = m.newest
		return
	}
	// the noise of a difference does not grow with the span of the difference
	span := float64(m.newer.Time.Sub(m.older.Time)) / float64(m.span())
	m.spread += (math.Abs(m.newest-m.slope)*span - m.spread) / float64(m.moves-1)
	m.slope += (m.newest - m.slope) / min(float64(m.moves), lately)
}

// rise returns how much more than s there will be slopeAhead from now if it goes
// on as since the older mark, as far as that is more than noise, in the unit of
// the metric: 0 if it falls, or if that mark is older than step, as after a gap.
func (m *marks) rise(s collector.Sample, step time.Duration) float64 {
	dt := s.Time.Sub(m.older.Time)
	if m.older.Time.IsZero() || dt < m.span() || dt > max(step, 2*m.span()) {
		return 0
	}
	span := m.span().Seconds()
	noise := chance * m.spread * span
	// What only comes back is no rise: a scrape that fails takes up to a quarter off
	// the rate over a minute until the next one.
	newest := (s.Value - max(m.older.Value, m.before) - noise) / dt.Seconds()
	mean := m.slope + (m.newest-m.slope)/lately - noise/lately/span
	more := max(newest, min(mean, m.newest)) * m.ahead().Seconds()
	return min(max(more, 0), steepest*s.Value)
}

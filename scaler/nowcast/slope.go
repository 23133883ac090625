package nowcast

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

	// slopeAhead is how far a rise is extrapolated. Half of it is the lag of a mean over a
	// minute, the other half the time until the next samples. Two scrapes farther, the noise
	// of the slope would ask for more than the rise. On a finer grid it is a step, which is
	// the window of its means.
	slopeAhead = time.Minute

	// steepest bounds what a rise adds, as a share of the sample: more is a burst,
	// which is judged by its detector.
	steepest = 0.5

	// noiseDeviations is how many usual deviations of a slope from the ones before it are
	// taken for noise. Extrapolated for a minute, the noise of a small service would ask for
	// half as much again at every other scrape, and an HPA keeps the most that was asked for
	// in five minutes. For the mean of meanSlopes slopes the noise is a quarter, because their
	// errors cancel: what one sample is too high the next slope takes back.
	noiseDeviations = 2.0

	meanSlopes   = 4  // slopes that the mean remembers
	spreadSlopes = 60 // slopes that the deviation remembers
)

// A slope follows how fast demand changes between samples at least a slopeSpan apart, its
// marks, and how much that usually varies.
type slope struct {
	step time.Duration // of the grid; 0 = a minute

	older, newer collector.Sample // the two newest marks
	before       float64          // value of the mark before the older one; 0 = none

	newest float64 // slope between the two marks, per second; not yet in mean and spread
	mean   float64 // of the minute before, per second
	spread float64 // mean absolute deviation from it in the last quarter of an hour, per second
	slopes int     // behind mean and spread, at most spreadSlopes
}

// span is the least time over which a slope is taken.
func (p *slope) span() time.Duration { return p.scaled(slopeSpan) }

// ahead is how far a rise is extrapolated.
func (p *slope) ahead() time.Duration { return p.scaled(slopeAhead) }

// scaled shortens a time that is meant for a grid of a minute in proportion to a finer one.
func (p *slope) scaled(d time.Duration) time.Duration {
	if p.step == 0 || p.step >= time.Minute {
		return d
	}
	return time.Duration(float64(d) * p.step.Seconds() / time.Minute.Seconds())
}

// observe moves the marks on once s is far enough from the newer one.
func (p *slope) observe(s collector.Sample) {
	dt := s.Time.Sub(p.newer.Time)
	if !p.newer.Time.IsZero() && dt < p.span() {
		return
	}
	if !p.older.Time.IsZero() {
		p.learn()
	}
	if !p.newer.Time.IsZero() {
		p.newest = (s.Value - p.newer.Value) / dt.Seconds()
	}
	p.before, p.older, p.newer = p.older.Value, p.newer, s
}

// forget drops the marks, so that no slope leads from the samples so far to the next ones.
func (p *slope) forget() { p.before, p.older, p.newer = 0, collector.Sample{}, collector.Sample{} }

// learn takes in the slope between the two marks. The first few count as their
// plain means.
func (p *slope) learn() {
	p.slopes = min(p.slopes+1, spreadSlopes)
	if p.slopes == 1 {
		p.mean = p.newest
		return
	}
	// the noise of a difference does not grow with the span of the difference
	span := float64(p.newer.Time.Sub(p.older.Time)) / float64(p.span())
	p.spread += (math.Abs(p.newest-p.mean)*span - p.spread) / float64(p.slopes-1)
	p.mean += (p.newest - p.mean) / min(float64(p.slopes), meanSlopes)
}

// rise returns by how much demand will exceed s in slopeAhead from now, less what may be noise,
// if it goes on as it has since the older mark. It is in the unit of the metric. It is 0 if
// demand falls, or if that mark is older than step, as after a gap.
func (p *slope) rise(s collector.Sample, step time.Duration) float64 {
	dt := s.Time.Sub(p.older.Time)
	if p.older.Time.IsZero() || dt < p.span() || dt > max(step, 2*p.span()) {
		return 0
	}
	span := p.span().Seconds()
	noise := noiseDeviations * p.spread * span
	// A return to an earlier value is no rise: a scrape that fails takes up to a quarter off
	// the rate over a minute until the next one.
	newest := (s.Value - max(p.older.Value, p.before) - noise) / dt.Seconds()
	mean := p.mean + (p.newest-p.mean)/meanSlopes - noise/meanSlopes/span
	more := max(newest, min(mean, p.newest)) * p.ahead().Seconds()
	return min(max(more, 0), steepest*s.Value)
}

package burst

import (
	"math"
	"time"
)

// day is the period of rises that a clock makes: office hours, a nightly job, a programme
// that begins. What rises every few minutes or hours by the clock rises daily as well.
const day = 24 * time.Hour

const (
	rises     = 3               // cells before and after an onset whose means are compared
	daysAbout = 7               // days before and after it that are looked at, so that weekends are in the minority
	fewDays   = 2               // least number of them that must be known
	mostDays  = 2.0 / 3         // share of them that must have risen too
	nearPhase = 3 * time.Minute // between onsets that are the same by the clock; at least two cells
)

// Daily reports whether the rise of values at cell i, which by itself is a burst, is made by
// the clock: whether demand rose by at least half at the same time on two thirds of the days
// within a week before and after it. The cell starts at start, whose location is the zone of
// that clock. values are cells of length step, oldest first; NaN marks one without a sample.
// Daily is false if fewer than two other days are known.
//
// To a model with a daily season such a rise is no burst: it can be learned, and has to be,
// because the forecast of the next one depends on it.
func Daily(values []float64, i int, start time.Time, step time.Duration) bool {
	if int(day/step) < 2*rises || day%step != 0 {
		return false
	}
	known, risen := 0, 0
	for days := -daysAbout; days <= daysAbout; days++ {
		if days == 0 {
			continue
		}
		best := math.NaN()
		then := i + cellsTo(start, days, step)
		for at := then - 1; at <= then+1; at++ { // a scrape earlier or later
			if r := rise(values, at); r > best || math.IsNaN(best) {
				best = r
			}
		}
		if math.IsNaN(best) {
			continue
		}
		known++
		if best >= leastRise {
			risen++
		}
	}
	return known >= fewDays && float64(risen) >= mostDays*float64(known)
}

// cellsTo returns how many cells of length step lie between at and the same time some days later,
// by the clock in the location of at.
func cellsTo(at time.Time, days int, step time.Duration) int {
	return int(math.Floor(at.AddDate(0, 0, days).Sub(at).Seconds()/step.Seconds() + 0.5))
}

// rise returns the mean of the cells from i on over that of the cells before it;
// NaN if either is not known or there is nothing before.
func rise(values []float64, i int) float64 {
	if i < rises || i+rises > len(values) {
		return math.NaN()
	}
	before, after := 0.0, 0.0
	for k := range rises {
		before += values[i-1-k]
		after += values[i+k]
	}
	if before <= 0 {
		if after > 0 {
			return math.Inf(1)
		}
		return math.NaN()
	}
	return after / before
}

// Expect remembers that demand rises daily at the time of day of at.
func (d *Detector) Expect(at time.Time) {
	if !d.Expected(at, 0) && len(d.Phases) < maxBursts {
		d.Phases = append(d.Phases, d.wall(at)%day)
	}
}

// Expected reports whether demand is known to rise daily at about the time of day of at;
// cell is the step of the series that this is known from.
func (d *Detector) Expected(at time.Time, cell time.Duration) bool {
	for _, p := range d.Phases {
		off := (d.wall(at)%day - p + day) % day
		if min(off, day-off) <= max(nearPhase, 2*cell) {
			return true
		}
	}
	return false
}

// ExpectedWithin reports whether demand is known to rise daily at a time in (from, to].
func (d *Detector) ExpectedWithin(from, to time.Time) bool {
	for _, p := range d.Phases {
		if next := (p - d.wall(from)%day + day - 1) % day; next < to.Sub(from) { // one less: from itself has passed
			return true
		}
	}
	return false
}

// local returns t with the zone of d as its location.
func (d *Detector) local(t time.Time) time.Time {
	if d.Zone == nil {
		return t.UTC()
	}
	return t.In(d.Zone)
}

// wall returns the time since the epoch that a clock in the zone of d shows at t. It moves by
// an hour where the clocks are changed.
func (d *Detector) wall(t time.Time) time.Duration {
	if d.Zone == nil {
		return since(t)
	}
	_, east := t.In(d.Zone).Zone()
	return since(t) + time.Duration(east)*time.Second
}

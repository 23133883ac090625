package direct

import (
	"math"
	"time"
)

// A Wall places samples on the wall clock of a zone: on the position of the
// first sample plus the local time that has passed since, in samples. When the
// clocks go forward positions jump, when they go back some come twice. The zero
// value is a clock that never changes.
type Wall struct {
	zone          *time.Location // nil: nothing ever changes
	start         int64          // of the first sample, ns since the epoch
	step          int64          // ns
	base          int64          // offset of the zone at start, ns
	change        int            // the sample from which after holds; past or to come
	before, after int            // positions less indexes
}

// NewWall returns the clock for a series whose first sample starts at start. A
// nil zone is UTC.
func NewWall(start time.Time, step time.Duration, zone *time.Location) Wall {
	w := Wall{start: start.UnixNano(), step: int64(step)}
	if zone == nil || zone == time.UTC {
		return w
	}
	w.zone = zone
	w.base = w.offset(w.start)
	w.next(0)
	return w
}

// offset returns what the zone is ahead of UTC, ns.
func (w *Wall) offset(at int64) int64 {
	_, seconds := time.Unix(0, at).In(w.zone).Zone()
	return int64(seconds) * int64(time.Second)
}

// next finds the first change after sample i.
func (w *Wall) next(i int) {
	at := w.start + int64(i)*w.step
	w.before = w.shift(at)
	w.change, w.after = math.MaxInt, w.before
	if _, end := time.Unix(0, at).In(w.zone).ZoneBounds(); !end.IsZero() {
		w.change = int((end.UnixNano() - w.start + w.step - 1) / w.step)
		w.after = w.shift(end.UnixNano())
	}
}

// shift returns positions less indexes at an instant.
func (w *Wall) shift(at int64) int {
	return int(math.Round(float64(w.offset(at)-w.base) / float64(w.step)))
}

// pass tells the clock that nobody asks for samples before i any more.
func (w *Wall) pass(i int) {
	if w.zone != nil && i > w.change {
		w.next(i)
	}
}

// at returns the position of sample i, which may be to come.
func (w *Wall) at(i int) int {
	if i >= w.change && w.zone != nil {
		return i + w.after
	}
	return i + w.before
}

// steady reports whether the clocks do not change between the samples from and to.
func (w *Wall) steady(from, to int) bool {
	return w.zone == nil || from >= w.change || to < w.change
}

// fraction returns the local time of day at the start of sample i as a share of
// the day.
func (w *Wall) fraction(i int) float64 {
	const day = int64(24 * time.Hour)
	local := (w.start + w.base + int64(w.at(i))*w.step) % day
	if local < 0 {
		local += day
	}
	return float64(local) / float64(day)
}

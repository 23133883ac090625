package auto

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast/ensemble"
)

// At hourly steps a filter keeps its history, pastSpan of it. When the level has clearly
// shifted, the filter begins anew with that history, after moving the part before the shift
// to the new level. Seasons, regressions, weights and bounds are then those of a series that
// has always been at that level. Otherwise the week-ago rules, and all that was learned from
// them, would be wrong for a week.
//
// This was measured on collections of recorded hours that were multiplied by 1.8 or by 0.5,
// or raised by four fifths of their mean, after 24 days. On the second to fourth day after
// that, the error three to twelve hours ahead is 5 to 25 % smaller for electricity, web loads
// and servers, and 0 to 5 % for bicycles, air and transformers.
//
// Package ensemble decides what a shift is. Here it is asked every hour for months, and a
// false shift costs days, so clearShift is larger than the threshold of a single forecast.
// With a tenth, the weather shifted the level of the electricity of whole states every few
// weeks, and back.
//
// Two holidays in a row are no shift either, but nobody can tell before the third day. So,
// until a shift is a week old, it may be taken back: when the level has come back, the filter
// begins anew with the history as it was seen. That costs hours, not days.
//
// Beginning anew takes ten to fifty milliseconds, as all cells of the past are learned again.
// On loads that jump every few hours, one hour found a shift, the next took it back, and so
// on. So the filter waits until the last part of the day, by which a shift is taken back,
// holds new cells only.
const (
	pastSpan   = 28 * 24 * time.Hour
	mostKept   = 24   // cells a day: with twice as many a series would not fit into 64 KiB
	clearShift = 0.25 // of the logarithm

	shiftDays  = 1.25 // that a shift lasts at least
	staleDays  = 7    // from which on cells are older than any shift that is looked for
	knownDays  = 10   // of history without which none is found
	mostBeyond = 0.6  // share of the cells of the last shiftDays that must lie beyond all that is stale

	backShare  = 4   // of the day, whose last part tells that a shift is taken back
	muchNearer = 0.5 // distance from the level before the shift over that from the level after it
)

// A past is what a filter at hourly steps keeps of its history; NaN = no sample.
type past struct {
	cells []float64      // as they were seen, newest last, or moved by a shift that is past
	shift ensemble.Shift // that what lies before it is moved by, while it may be taken back; else none
	rests int            // cells to come before it is asked again whether the level has shifted
}

// add keeps v, NaN = no sample, as the newest of at most so many cells.
func (p *past) add(v float64, most int) {
	if p.cells == nil {
		p.cells = make([]float64, 0, most)
	}
	if len(p.cells) == most {
		p.cells = p.cells[:copy(p.cells, p.cells[1:])]
		p.shift.At = max(p.shift.At-1, 0)
	}
	p.cells = append(p.cells, v)
}

// at returns cell i at the level of now.
func (p *past) at(i int) float64 {
	if i < p.shift.At {
		return p.shift.Move(p.cells[i])
	}
	return p.cells[i]
}

// settle applies the shift to the cells for good, so that it cannot be taken back any more.
func (p *past) settle() {
	for i, v := range p.cells[:p.shift.At] {
		p.cells[i] = p.shift.Move(v)
	}
	p.shift = ensemble.Shift{}
}

// remember keeps v as the newest cell of the past, and begins anew if the level has
// shifted, or if a shift is taken back.
func (s *filter) remember(v float64) {
	if !s.fitted.followsShifts() {
		return
	}
	if !isObserved(v) { // one infinite value would hide every shift for as long as it is kept
		v = math.NaN()
	}
	s.past.add(v, int(pastSpan/s.step))
	p, day := &s.past, s.lags.Day
	if p.rests > 0 {
		p.rests--
		return
	}
	switch {
	case p.shift.At > 0 && p.takenBack(day):
		s.beginAnew(past{cells: p.cells})
	case p.shift.At > 0 && len(p.cells)-p.shift.At >= staleDays*day:
		p.settle()
	case p.mayHaveShifted(day):
		s.followShift()
	}
}

// followShift begins anew if the level has shifted and stays where it is.
func (s *filter) followShift() {
	p := past{cells: slices.Clone(s.past.cells), shift: s.past.shift}
	p.settle()
	for !isObserved(p.cells[0]) {
		p.cells = p.cells[1:]
	}
	if p.shift = ensemble.FindShift(p.cells, s.lags.Day, clearShift); p.shift.At > 0 && !p.takenBack(s.lags.Day) {
		p.cells = s.past.cells[:copy(s.past.cells, p.cells)]
		s.beginAnew(p)
	}
}

// beginAnew lets the filter begin with the cells of a past, the last of which is the newest.
func (s *filter) beginAnew(p past) {
	start := s.start.Add(time.Duration(s.n-len(p.cells)) * s.step)
	*s = *newFilter(s.fitted, start)
	s.settled = true
	for i := range p.cells {
		if v := p.at(i); s.begins(v) {
			s.take(v)
		}
	}
	s.past = p
	s.past.rests = s.lags.Day/backShare - 1
}

// takenBack reports whether the last hours lie much nearer to the level before the shift
// than to that after it, by the same hours of the week before it.
func (p *past) takenBack(day int) bool {
	n, at, before, after := len(p.cells), p.shift.At, 0.0, 0.0
	for i := max(at+day, n-max(1, day/backShare)); i < n; i++ {
		old, moved, weight := 0.0, 0.0, 0.0
		for k := 1; k <= staleDays; k++ {
			if j := at - k*day + (i-at)%day; j >= 0 && isObserved(p.cells[j]) {
				old += p.cells[j]
				moved += p.at(j)
				weight++
			}
		}
		if isObserved(p.cells[i]) && weight > 0 {
			before += math.Abs(p.cells[i] - old/weight)
			after += math.Abs(p.cells[i] - moved/weight)
		}
	}
	return before < muchNearer*after
}

// mayHaveShifted reports whether most cells of the last shiftDays lie all above, or all
// below, what the stale part of the past was at their time of day. That is quick to tell, and
// true of every shift that FindShift finds while it is new.
func (p *past) mayHaveShifted(day int) bool {
	if day == 0 || len(p.cells) < knownDays*day {
		return false
	}
	n, cells := len(p.cells), int(shiftDays*float64(day))
	above, below := 0, 0
	for i := n - cells; i < n; i++ {
		low, high := math.Inf(1), math.Inf(-1)
		for j := i - staleDays*day; j >= 0; j -= day {
			if v := p.at(j); v == v { // not NaN
				low, high = min(low, v), max(high, v)
			}
		}
		if v := p.at(i); v > high {
			above++
		}
		if v := p.at(i); v < low {
			below++
		}
	}
	return float64(max(above, below)) >= mostBeyond*float64(cells)
}

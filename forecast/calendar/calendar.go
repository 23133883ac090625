// Package calendar chooses between the value of a day ago and that of a week ago where the
// two contradict each other: in the first hours of a weekend and those after it, on a
// shop's day of rest.
//
// Such hours are few, and by their losses alone it takes a month until the week is
// believed. The calendar counts kinds of days instead. If yesterday was like the day before
// this day a week ago, its eve, then what followed that eve will follow now. One closed
// Sunday is enough to make that likely, and every contradiction that is resolved makes it
// more or less likely, case by case:
//
//	p = (w·p₀ + Σ gap·share) / (w + Σ gap)
//
// where gap is how far day and week were apart, and share, 0 to 1, says how much nearer to
// the truth the week was. The farther the two are apart, the nearer p₀ is to one: a closed
// day is certainly of another kind, while a day that is a third quieter only may be.
//
// A day that was like neither of the two is a surprise, such as a holiday or an outage. A
// week later it is not consulted, and contradictions with the days before and after it do not
// count; otherwise the week would not be believed for two more weekends.
//
// The calendar is of use at hourly steps. At steps of minutes the first minutes show what
// kind of day it is, and the combination of the experts learns from them.
//
// # Why not more accounts at the gate
//
// Five ways of weighing the losses at such hours separately were tried in package combine.
// Each took from some loads what it gave to others: a week has only two edges, and their
// losses arrive when it is over.
//
// # What else was tried
//
// Where yesterday was not like the eve, claiming the day costs 0.5 % on recorded hours,
// because the experts know new levels better, and making no claim at all costs up to 6 % on
// loads that are closed on some days. A first surge is expected again after a week whatever
// its size: leaving out surges of more than twice or three times the usual load gains as much
// as it loses. Trusting a claim for one hour ahead as much as one for twelve hours, where the
// present tells nothing, costs 0.7 %. In package ensemble, whose experts know weeks, a
// calendar takes a quarter off the error of shops a day ahead with two weeks of history, and
// a seventh with four, but makes errors and intervals on recorded hours worse.
package calendar

import (
	"math"
	"slices"
)

// A Then is what the past says about a sample, in units of the mean load; NaN = not known.
type Then struct {
	At        int     // index of the sample, counted from any origin
	Day, Week float64 // value one day and one week before it
	Context
}

// A Context holds medians around the time of day of a sample, on days before: over the
// hours up to it and over those from it on. At an edge, as when a shop opens, one of the
// two lies on one side of the edge alone.
type Context struct{ Before, After Around }

// An Around holds the medians of a day ago, of a week ago, and of the eve of that, a week
// and a day ago. NaN = not known.
type Around struct{ Day, Week, Eve float64 }

// A Calendar counts, for each kind of contradiction between a day ago and a week ago, how
// often the week was right. It is not safe for concurrent use.
type Calendar struct {
	yes, all [cases]float64 // hours times units in which a week ago was right, and of all
	square   float64        // mean squared error of the better one of day and week, units²
	seen     int            // samples with a day and a week before; in the first week with a day
	perHour  float64        // samples an hour
	now      kind           // of the newest contradiction
	lean     float64        // of the samples in it, fading after it: −1 = towards the day, 1 = towards the week
	week     int            // samples
	first    []float64      // in the first week: mean squared distance of each day from the one before, units²; then nil
	strange  []uint64       // bit i%week: sample i was like neither a day nor a week before, which agreed
}

// A kind is what a contradiction looks like; each has an account. Even ones foresee
// less than a day ago, odd ones more.
type kind int

const (
	same  kind = 0 // yesterday was like the eve of a week ago
	other kind = 2 // it was not: after a holiday, or at a new level
	echo  kind = 4 // what was a week ago surprised when it came: a holiday, an outage
	cases      = 6
	none  kind = -1
)

const (
	contrast   = 3      // usual errors that day and week must be apart to contradict each other
	relative   = 0.3    // of the larger one that they must be apart too
	alike      = 1. / 6 // of how far they are apart, that yesterday and the eve may be
	fullHunch  = 0.45   // what p₀ is above a half where one of both is zero
	echoHunch  = 0.35   // p₀ of an echo
	hunchHours = 12     // hours of contradiction, of a unit, that p₀ counts for
	leastClaim = 0.6    // p from which something is said; of an echo, that it is none, wherever that is likelier
	leastLean  = -0.1   // lean below which the day is right so far
	keepLean   = 0.8    // what remains of it after an hour without contradiction
	keepHourly = 0.9995 // what remains of an account after an hour of contradiction
	mostGap    = 2      // units that a contradiction counts for
	least      = 1e-4   // units: what is closer together is the same
	leastFirst = 4      // days of the first week that say what is usual
	mostSquare = 9      // times the mean that a squared error counts for
)

// New returns a calendar that has seen nothing, for so many samples a day and a week.
func New(day, week int) *Calendar {
	return &Calendar{week: week, strange: make([]uint64, week/64+1), perHour: float64(day) / 24, now: none, first: make([]float64, 0, 7)}
}

// PerHour returns the number of samples in an hour.
func (c *Calendar) PerHour() float64 { return c.perHour }

// contradict reports whether day and week are too far apart for chance.
func (c *Calendar) contradict(day, week float64) bool {
	gap := math.Abs(week - day)
	return gap > contrast*math.Sqrt(c.square)+least && gap > relative*max(day, week)
}

// kind returns what the contradiction at a time looks like, none if there is none: both
// that value and the hours before it or after it must differ.
func (c *Calendar) kind(s *Then) kind {
	if !c.contradict(s.Day, s.Week) {
		return none
	}
	sign, up := -1.0, kind(0)
	if s.Week > s.Day {
		sign, up = 1, 1
	}
	hours := &s.Before
	if sign*(s.After.Week-s.After.Day) > sign*(hours.Week-hours.Day) {
		hours = &s.After
	}
	gap := sign * (hours.Week - hours.Day)
	switch {
	case !(gap > 0) || !c.contradict(hours.Day, hours.Week): // or NaN
		return none
	case c.strange[s.At%c.week/64]>>(s.At%c.week%64)&1 == 1:
		return echo + up
	case math.Abs(hours.Day-hours.Eve) < alike*gap:
		return same + up
	}
	return other + up
}

// likely returns p, how likely it is that a week ago is right at a contradiction.
func (c *Calendar) likely(k kind, day, week float64) float64 {
	before := 0.5 + fullHunch*math.Abs(week-day)/max(week, day)
	switch {
	case k >= echo:
		before = echoHunch
	case k >= other: // as in all cases so far
		yes, all := hunchHours/2., float64(hunchHours)
		for j := range echo {
			yes, all = yes+c.yes[j], all+c.all[j]
		}
		before = yes / all
	}
	return (hunchHours*before + c.yes[k]) / (hunchHours + c.all[k])
}

// Claim returns where the value will lie on the way from that of a day ago, 0, to that of a
// week ago, 1; false if there is nothing to claim. Nothing is claimed in a contradiction that
// has already begun and in which the day has been right so far. An hour without one does not
// end it.
func (c *Calendar) Claim(then *Then) (share float64, ok bool) {
	k := c.kind(then)
	if k == none || k&1 == c.now&1 && c.now != none && c.lean < leastLean {
		return 0, false
	}
	p := c.likely(k, then.Day, then.Week)
	if p < leastClaim && (k < echo || p >= 0.5) {
		return 0, false
	}
	return sharpened(p), true
}

// sharpened returns the odds of p, squared, as a share: under absolute loss the mixture
// of two answers is no better than the likelier one.
func sharpened(p float64) float64 { return p * p / (p*p + (1-p)*(1-p)) }

// Learn takes z, the value of the newest sample, and what the past said about it. The second
// week may begin twice, when the clocks go back in its first hour: samples that then have no
// week before them again teach nothing.
func (c *Calendar) Learn(s *Then, z float64) {
	switch {
	case math.IsNaN(s.Day):
		return
	case math.IsNaN(s.Week):
		if c.first != nil {
			c.learnDay(z - s.Day)
		}
		return
	case c.first != nil:
		c.beginWeeks()
	}
	day, week, gap := math.Abs(z-s.Day), math.Abs(z-s.Week), math.Abs(s.Week-s.Day)
	k := c.kind(s)
	c.mark(s, z, k)
	switch {
	case k == none:
		c.lean *= math.Pow(keepLean, 1/c.perHour)
	case c.now == none || k&1 != c.now&1:
		c.lean = 0
	}
	if k != none {
		c.now = k
		lean := (day - week) / gap
		c.count(k, min(gap, mostGap)/c.perHour, (1+lean)/2)
		c.lean += min(1, 0.5/c.perHour) * (lean - c.lean)
	}
	c.seen++
	square, all := min(day*day, week*week), 1/float64(c.seen)
	if float64(c.seen) > 24*c.perHour {
		square = min(square, mostSquare*c.square+least)
	}
	c.square += max(all, 1/float64(c.week)) * (square - c.square)
}

// mark remembers whether sample z, whose kind is k, is a surprise: like neither a day nor a
// week before.
func (c *Calendar) mark(s *Then, z float64, k kind) {
	word, bit := &c.strange[s.At%c.week/64], uint64(1)<<(s.At%c.week%64)
	*word &^= bit
	if k == none && c.contradict(z, s.Day) && c.contradict(z, s.Week) {
		*word |= bit
	}
}

// learnDay takes how far a sample of the first week was from a day ago.
func (c *Calendar) learnDay(gap float64) {
	day := int(float64(c.seen) / (24 * c.perHour))
	c.seen++
	if day == len(c.first) {
		c.first = append(c.first, 0)
	}
	c.first[day] += gap * gap / (24 * c.perHour)
}

// beginWeeks begins the second week with the error that the first one had on the day which
// was most like the one before: of a few days many may be the first or the last of their
// kind. Begun with the first errors of the second week itself, a holiday among them is
// what is usual, and contradictions are not seen for days; so do the errors of all days of
// the first week, if some of them were closed.
func (c *Calendar) beginWeeks() {
	c.first = c.first[:int(float64(c.seen)/(24*c.perHour))] // whole days
	c.seen = 0
	if len(c.first) >= leastFirst {
		c.square, c.seen = slices.Min(c.first), int(24*c.perHour)
	}
	c.first = nil
}

// count enters a contradiction of case k and the share of it in which the week was right.
func (c *Calendar) count(k kind, gap, share float64) {
	keep := math.Pow(keepHourly, 1/c.perHour)
	c.yes[k] = c.yes[k]*keep + gap*share
	c.all[k] = c.all[k]*keep + gap
}

// Rescale changes the unit: values are multiplied by factor.
func (c *Calendar) Rescale(factor float64) {
	for k := range c.yes {
		c.yes[k] *= factor
		c.all[k] *= factor
	}
	c.square *= factor * factor
	for k := range c.first {
		c.first[k] *= factor * factor
	}
}

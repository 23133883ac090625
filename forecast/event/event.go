package event

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
)

// An Event is a stretch of time in which the load differs from what its past
// says, and by how much.
type Event struct {
	Name     string        // for errors and explanations; not empty
	Start    time.Time     // of the first occurrence
	Duration time.Duration // > 0 of each occurrence

	// Every is the time from one occurrence to the next; 0 = none follows. Whole
	// days are counted by the clock of Location, so that a daily event stays at
	// nine o'clock when the clocks change; anything else is counted in hours.
	Every time.Duration
	// Weekdays makes the event occur on each of these days, at the time of day of
	// Start by the clock of Location; empty = see Every. Not with Every.
	Weekdays []time.Weekday
	Location *time.Location // nil = UTC

	Multiplier float64 // of the usual load, ≥ 0; 0 = not multiplied, so 1
	Add        float64 // to the usual load, after the multiplication; unit of the metric; may be negative
	Learn      bool    // take the effect from past occurrences; not with Multiplier or Add
}

const clockDay = 24 * time.Hour

// Check returns an error that names the event and its first part that makes no
// sense.
func (e Event) Check() error {
	if e.Name == "" {
		return fmt.Errorf("event at %s: name is empty", e.Start.Format(time.RFC3339))
	}
	if err := e.checkTimes(); err != nil {
		return fmt.Errorf("event %q: %w", e.Name, err)
	}
	if err := e.checkEffect(); err != nil {
		return fmt.Errorf("event %q: %w", e.Name, err)
	}
	return nil
}

func (e Event) checkTimes() error {
	switch {
	case e.Start.IsZero():
		return errors.New("start is missing")
	case e.Duration <= 0:
		return fmt.Errorf("duration is %v, want more than 0", forecast.Span(e.Duration))
	case e.Every < 0:
		return fmt.Errorf("every is %v, want more than 0, or 0 for once", forecast.Span(e.Every))
	case e.Every > 0 && e.Every < e.Duration:
		return fmt.Errorf("every is %v, want at least the duration %v", forecast.Span(e.Every), forecast.Span(e.Duration))
	case len(e.Weekdays) > 0:
		return e.checkWeekdays()
	}
	return nil
}

func (e Event) checkWeekdays() error {
	if e.Every > 0 {
		return errors.New("both every and weekdays are given, want one of them")
	}
	if e.Duration > clockDay {
		return fmt.Errorf("duration is %v, want at most a day with weekdays", forecast.Span(e.Duration))
	}
	for _, d := range e.Weekdays {
		if d < time.Sunday || d > time.Saturday {
			return fmt.Errorf("weekday is %d, want 0 (Sunday) to 6", int(d))
		}
	}
	return nil
}

func (e Event) checkEffect() error {
	declared := e.Multiplier != 0 || e.Add != 0
	switch {
	case !(e.Multiplier >= 0) || math.IsInf(e.Multiplier, 0):
		return fmt.Errorf("multiplier is %v, want a number of at least 0", e.Multiplier)
	case math.IsNaN(e.Add) || math.IsInf(e.Add, 0):
		return fmt.Errorf("addition is %v, want a number", e.Add)
	case e.Learn && declared:
		return fmt.Errorf("learn is given with multiplier %v and addition %v, want one or the other", e.Multiplier, e.Add)
	case !e.Learn && !declared:
		return errors.New("no effect, want a multiplier, an addition or learn")
	}
	return nil
}

// Latest returns the start of the newest occurrence that starts at or before
// now, and false if none has started yet.
func (e Event) Latest(now time.Time) (time.Time, bool) {
	if now.Before(e.Start) {
		return time.Time{}, false
	}
	switch {
	case len(e.Weekdays) > 0:
		return e.latestWeekday(now)
	case e.Every == 0:
		return e.Start, true
	case e.Every%clockDay == 0:
		return e.latestByDays(now)
	}
	return now.Add(-(now.Sub(e.Start) % e.Every)), true
}

// onDay returns the event's time of day on the day that is n days after Start's,
// by the clock of its location.
func (e Event) onDay(n int) time.Time {
	s := e.Start.In(e.location())
	if n == 0 { // of an hour that comes twice, the one that is meant
		return s
	}
	return time.Date(s.Year(), s.Month(), s.Day()+n, s.Hour(), s.Minute(), s.Second(), s.Nanosecond(), e.location())
}

// daysSince returns the whole calendar days from Start's day to now's.
func (e Event) daysSince(now time.Time) int {
	date := func(t time.Time) time.Time {
		t = t.In(e.location())
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(date(now).Sub(date(e.Start)) / clockDay)
}

func (e Event) latestByDays(now time.Time) (time.Time, bool) {
	period := int(e.Every / clockDay)
	for n := e.daysSince(now) / period * period; n >= 0; n -= period {
		if s := e.onDay(n); !s.After(now) {
			return s, true
		}
	}
	return time.Time{}, false
}

func (e Event) latestWeekday(now time.Time) (time.Time, bool) {
	from := e.daysSince(now)
	for n := from; n >= max(0, from-7); n-- {
		s := e.onDay(n)
		for _, d := range e.Weekdays {
			if s.Weekday() == d && !s.After(now) {
				return s, true
			}
		}
	}
	return time.Time{}, false
}

func (e Event) location() *time.Location {
	if e.Location == nil {
		return time.UTC
	}
	return e.Location
}

// Share returns which part of [from, to) the event covers, 0 to 1.
func (e Event) Share(from, to time.Time) float64 {
	covered := time.Duration(0)
	for last := to.Add(-1); ; {
		s, ok := e.Latest(last)
		if !ok || !s.Add(e.Duration).After(from) {
			break
		}
		covered += earlier(s.Add(e.Duration), to).Sub(later(s, from))
		last = s.Add(-1)
	}
	return math.Min(1, float64(covered)/float64(to.Sub(from)))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

package season

import (
	"math"
	"time"
)

// Day and Week are the periods that follow the wall clock.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

// A Clock says where in a period the coming cells of a series lie.
//
// Periods that are whole days follow the wall clock of a time zone, so that the
// morning rush stays at nine when the clocks change; all others count elapsed
// time since the epoch. Weeks begin on Thursday, as the epoch does.
//
// A Clock is a small value to be embedded; Advance and Phase do not allocate and
// cost a few nanoseconds. It is not safe for concurrent use.
type Clock struct {
	zone   *time.Location // nil: UTC or elapsed time
	step   int64          // ns
	period int64          // ns
	next   int64          // start of the next cell, ns since the epoch
	pos    int64          // next in local time, modulo period
	from   int64          // the UTC offset is offset within [from, until)
	until  int64
	offset int64
}

// NewClock returns a clock whose next cell starts at start. A nil zone is UTC.
// The step and the period must be positive.
func NewClock(start time.Time, step, period time.Duration, zone *time.Location) Clock {
	if zone == time.UTC || period%Day != 0 {
		zone = nil
	}
	c := Clock{
		zone: zone, step: int64(step), period: int64(period), next: start.UnixNano(),
		from: math.MinInt64, until: math.MaxInt64,
	}
	c.locate()
	return c
}

// locate sets offset, its validity and pos from next.
func (c *Clock) locate() {
	if c.zone != nil {
		t := time.Unix(0, c.next).In(c.zone)
		_, seconds := t.Zone()
		c.offset = int64(seconds) * int64(time.Second)
		c.from, c.until = math.MinInt64, math.MaxInt64
		if start, end := t.ZoneBounds(); !start.IsZero() || !end.IsZero() {
			if !start.IsZero() {
				c.from = start.UnixNano()
			}
			if !end.IsZero() {
				c.until = end.UnixNano()
			}
		}
	}
	c.pos = mod(c.next+c.offset, c.period)
}

// Advance moves to the following cell.
func (c *Clock) Advance() {
	c.next += c.step
	if c.next >= c.until {
		c.locate()
		return
	}
	if c.pos += c.step; c.pos >= c.period {
		c.pos %= c.period
	}
}

// Phase returns the nanoseconds from the beginning of the period to the start of the
// h-th coming cell; h = 1 is the next one. The result lies in [0, period).
func (c *Clock) Phase(h int) int64 {
	if h == 1 {
		return c.pos
	}
	ahead := int64(h-1) * c.step
	if t := c.next + ahead; t < c.from || t >= c.until {
		_, seconds := time.Unix(0, t).In(c.zone).Zone()
		return mod(t+int64(seconds)*int64(time.Second), c.period)
	}
	return mod(c.pos+ahead, c.period)
}

func mod(a, m int64) int64 {
	if a %= m; a < 0 {
		a += m
	}
	return a
}

package event

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
)

// phases is into how many parts a learned event's duration is cut.
const phases = 10

// negligible is the share of the load that may have been expected and still make
// an addition the better description than a multiple.
const negligible = 0.05

// A Calendar holds the events of one workload, and what was learned of them. It
// is not safe for concurrent use.
type Calendar struct {
	entries []entry
	totals  []total // scratch of Apply
}

type entry struct {
	Event
	seen    time.Time // start of the occurrence that was learned from last
	learned [phases]learned
}

// learned are the means of one phase: of past occurrences, and of the one that
// is going on.
type learned struct {
	load, expected       float64
	known                bool
	newLoad, newExpected float64
	count                int
}

// NewCalendar returns a calendar of events, or the error of the first that makes
// no sense. It does not keep the slice.
func NewCalendar(events []Event) (*Calendar, error) {
	c := &Calendar{}
	for _, e := range events {
		if err := e.Check(); err != nil {
			return nil, err
		}
		e.Weekdays = slices.Clone(e.Weekdays)
		c.entries = append(c.entries, entry{Event: e})
	}
	return c, nil
}

// An Effect is what one event does to one cell: load = Multiplier·usual + Add.
// The share of the cell that the event covers is in both numbers.
type Effect struct {
	Name       string
	Multiplier float64 // ≥ 0
	Add        float64 // unit of the metric
	Known      bool    // false: the event is on, but its effect is still to be learned
}

// Effects appends to dst what the events do to the cell that starts at at, in
// the order of declaration, and leaves out those that are not on.
func (c *Calendar) Effects(dst []Effect, at time.Time, step time.Duration) []Effect {
	for i := range c.entries {
		if e, on := c.entries[i].effect(at, step); on {
			dst = append(dst, e)
		}
	}
	return dst
}

// A total is what all events together do to one cell.
type total struct {
	multiplier, add float64
	known           bool // all effects are known
}

func (c *Calendar) total(at time.Time, step time.Duration) total {
	t := total{multiplier: 1, known: true}
	for i := range c.entries {
		if e, on := c.entries[i].effect(at, step); on {
			t.multiplier *= e.Multiplier
			t.add = e.Multiplier*t.add + e.Add
			t.known = t.known && e.Known
		}
	}
	return t
}

// Apply puts the events into f, a forecast of the usual load: each value becomes
// m·value + a, of all events in the order of declaration, and never negative. A
// peak keeps its ratio to the highest value so far: when an event multiplies all
// cells it multiplies the peaks, and when it lifts one cell, peaks from there on
// rise with it. Apply does not allocate once it has seen the horizon.
func (c *Calendar) Apply(f *forecast.Forecast) {
	c.totals = c.totals[:0]
	usual := true
	for h := range f.Values {
		t := c.total(f.Start.Add(time.Duration(h)*f.Step), f.Step)
		usual = usual && t == total{multiplier: 1, known: true}
		c.totals = append(c.totals, t)
	}
	if usual {
		return
	}
	for q := range f.Levels {
		before, after := 0.0, 0.0 // highest values so far
		for h, row := range f.Values {
			before = math.Max(before, row[q])
			row[q] = math.Max(0, c.totals[h].multiplier*row[q]+c.totals[h].add)
			after = math.Max(after, row[q])
			if before > 0 {
				f.Peaks[h][q] *= after / before
			} else {
				f.Peaks[h][q] = math.Max(f.Peaks[h][q], after)
			}
		}
	}
	f.Tidy()
}

// Without returns the load v of the cell that starts at at as it would be without
// the events: what a model should be fed with. It is NaN, no sample, if v is, if
// the effect of an event that is on is not known yet, or if an event multiplies
// by zero. It is never negative.
func (c *Calendar) Without(at time.Time, step time.Duration, v float64) float64 {
	t := c.total(at, step)
	if !t.known || t.multiplier == 0 {
		return math.NaN()
	}
	if v = (v - t.add) / t.multiplier; v < 0 {
		return 0
	}
	return v
}

// Update lets the events learn from the cell that starts at at: v is its load,
// expected what was forecast for it without events. Cells come in order. A NaN,
// infinite or negative number teaches nothing.
func (c *Calendar) Update(at time.Time, step time.Duration, v, expected float64) {
	for i := range c.entries {
		if c.entries[i].Learn {
			c.entries[i].update(at, step, v, expected)
		}
	}
}

// effect returns what e does to a cell, and false if it is not on.
func (e *entry) effect(at time.Time, step time.Duration) (Effect, bool) {
	share := e.Share(at, at.Add(step))
	if share == 0 {
		return Effect{}, false
	}
	out := Effect{Name: e.Name, Multiplier: 1, Add: e.Add, Known: true}
	switch {
	case e.Learn:
		out.Multiplier, out.Add, out.Known = e.lesson(at, step)
	case e.Multiplier > 0:
		out.Multiplier = e.Multiplier
	}
	out.Multiplier = 1 + share*(out.Multiplier-1)
	out.Add *= share
	return out, true
}

// phase returns the occurrence and the phase that the middle of what the cell and
// the event have in common falls into.
func (e *entry) phase(at time.Time, step time.Duration) (start time.Time, phase int, on bool) {
	end := at.Add(step)
	start, ok := e.Latest(end.Add(-1))
	if !ok || !start.Add(e.Duration).After(at) {
		return time.Time{}, 0, false
	}
	from, to := later(at, start), earlier(end, start.Add(e.Duration))
	middle := from.Add(to.Sub(from) / 2).Sub(start)
	return start, min(phases-1, int(phases*float64(middle)/float64(e.Duration))), true
}

// lesson returns the learned effect on a cell that the event covers in full. A
// phase that was never seen, because it is shorter than a cell, takes the
// nearest one that was.
func (e *entry) lesson(at time.Time, step time.Duration) (multiplier, add float64, known bool) {
	_, p, on := e.phase(at, step)
	if !on {
		return 1, 0, false
	}
	for distance := range phases {
		for _, i := range [2]int{p - distance, p + distance} {
			if i < 0 || i >= phases || !e.learned[i].known {
				continue
			}
			l := &e.learned[i]
			if l.expected > negligible*l.load {
				return l.load / l.expected, 0, true
			}
			return 1, l.load - l.expected, true
		}
	}
	return 1, 0, false
}

func (e *entry) update(at time.Time, step time.Duration, v, expected float64) {
	start, p, on := e.phase(at, step)
	if !on || !start.Equal(e.seen) {
		e.close()
	}
	if !on || !(v >= 0) || math.IsInf(v, 0) || !(expected >= 0) || math.IsInf(expected, 0) {
		return
	}
	e.seen = start
	share := e.Share(at, at.Add(step))
	if share < 0.5 {
		return // mostly usual load: says little about the event
	}
	l := &e.learned[p]
	l.newLoad += math.Max(0, expected+(v-expected)/share) // as if the event covered the cell
	l.newExpected += expected
	l.count++
}

// close merges the occurrence that has ended into what is known.
func (e *entry) close() {
	for i := range e.learned {
		l := &e.learned[i]
		if l.count == 0 {
			continue
		}
		load, expected := l.newLoad/float64(l.count), l.newExpected/float64(l.count)
		if l.known {
			load, expected = (load+l.load)/2, (expected+l.expected)/2
		}
		*l = learned{load: load, expected: expected, known: true}
	}
}

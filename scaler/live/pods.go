package live

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
)

// A CPU is what the pods of a workload used of their processors in one window.
type CPU struct {
	Template string    // which program they run, such as the hash of the pod template; another one is learned anew
	Share    float64   // mean use of the ready pods, 0 to 1 of what they may use
	From, To time.Time // the window, (From, To]
}

// SetCPU passes on what the pods of key used of their processors. Calls come in order of
// time. Once the cells of the window have closed, the workload learns from it how much CPU
// the demand in the window takes. Windows in which the number of ready replicas, as passed to
// [Store.Scale], changed are ignored. It does nothing for an unknown key.
func (s *Store) SetCPU(key Key, c CPU) {
	e := s.find(key)
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pods.template != c.Template {
		if e.pods.template != "" {
			e.workload.Staffing().Redeployed()
		}
		e.pods.template, e.pods.windows = c.Template, nil
	}
	e.pods.windows = lastOf(append(e.pods.windows, c), maxWindows)
	e.learnCPU()
}

// ForgetCPU drops what was learned from the processors of key's pods.
func (s *Store) ForgetCPU(key Key) {
	e := s.find(key)
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pods.template, e.pods.windows = "", nil
	e.workload.Staffing().Redeployed()
}

const (
	maxCounts  = 64              // changes of a count that are remembered
	maxWindows = 64              // windows that wait for their cells; more of them wait only while no demand is observed
	podsGap    = time.Minute     // longest time between two counts during which the former holds
	cellsKept  = 5 * time.Minute // of demand, for the windows; two cells at least
)

// pods hold what the owner of a target reports about its pods.
type pods struct {
	counts   []countAt // oldest first; a count holds until the next one
	seen     time.Time // when the last count was noted
	template string
	windows  []CPU           // that wait for their cells, oldest first
	cells    forecast.Series // closed ones of demand, newest last
}

// A countAt is a number of ready replicas from an instant on; −1 = unknown.
type countAt struct {
	at    time.Time
	ready int32
}

// note remembers that ready replicas take traffic at now.
func (p *pods) note(now time.Time, ready int32) {
	if len(p.counts) > 0 && now.Sub(p.seen) > podsGap { // not known in between
		p.put(p.seen.Add(1), -1)
	}
	p.seen = now
	p.put(now, ready)
}

func (p *pods) put(at time.Time, ready int32) {
	if n := len(p.counts); n == 0 || p.counts[n-1].ready != ready {
		p.counts = lastOf(append(p.counts, countAt{at, ready}), maxCounts)
	}
}

// throughout returns the replicas that were ready during all of (from, to], false
// if their number changed, is not known, or is zero.
func (p *pods) throughout(from, to time.Time) (int32, bool) {
	if p.seen.Before(to) {
		return 0, false
	}
	for _, c := range slices.Backward(p.counts) {
		if !c.at.After(from) {
			return c.ready, c.ready > 0
		}
		if !c.at.After(to) {
			return 0, false
		}
	}
	return 0, false
}

// beside returns the replicas that were ready throughout each of cells, NaN where
// that is not known; an empty series if no count was ever noted.
func (p *pods) beside(cells forecast.Series) forecast.Series {
	if p.seen.IsZero() {
		return forecast.Series{}
	}
	out := forecast.Series{Start: cells.Start, Step: cells.Step, Values: make([]float64, cells.Len())}
	for i := range out.Values {
		out.Values[i] = math.NaN()
		if n, steady := p.throughout(cells.At(i), cells.At(i+1)); steady {
			out.Values[i] = float64(n)
		}
	}
	return out
}

// closed takes cells of demand that have closed, which follow those before or
// replace them.
func (p *pods) closed(cells forecast.Series) {
	if p.cells.Step != cells.Step || !p.cells.End().Equal(cells.Start) {
		p.cells = forecast.Series{Start: cells.Start, Step: cells.Step}
	}
	keep := max(2, int(cellsKept/cells.Step))
	tail := cells.Values[max(0, cells.Len()-keep):] // the history is long
	p.cells.Values = lastOf(append(lastOf(p.cells.Values, keep-len(tail)), tail...), keep)
	p.cells.Start = cells.End().Add(-time.Duration(len(p.cells.Values)) * cells.Step)
}

// rate returns the mean demand of (from, to]; NaN if a cell has no sample, false
// if not all of it is within the cells kept.
func (p *pods) rate(from, to time.Time) (float64, bool) {
	c := p.cells
	if c.Len() == 0 || from.Before(c.Start) || to.After(c.End()) || !from.Before(to) {
		return 0, false
	}
	sum := 0.0
	first, last := int(from.Sub(c.Start)/c.Step), int((to.Sub(c.Start)-1)/c.Step)
	for i := first; i <= last; i++ {
		begin, end := c.At(i), c.At(i+1)
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		sum += c.Values[i] * end.Sub(begin).Seconds()
	}
	return sum / to.Sub(from).Seconds(), true
}

// learnCPU learns from the windows whose cells have closed; the caller holds mu.
func (e *entry) learnCPU() {
	for len(e.pods.windows) > 0 {
		w := e.pods.windows[0]
		if w.To.After(e.pods.cells.End()) {
			return // not yet
		}
		e.pods.windows = e.pods.windows[1:]
		rate, known := e.pods.rate(w.From, w.To)
		ready, steady := e.pods.throughout(w.From, w.To)
		if known && steady {
			e.workload.Staffing().ObserveCPU(rate, ready, w.Share)
		}
	}
}

// lastOf returns the last n of a list, in its own memory.
func lastOf[T any](list []T, n int) []T {
	if drop := len(list) - n; drop > 0 {
		return list[:copy(list, list[drop:])]
	}
	return list
}

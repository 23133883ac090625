package ets

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/season"
)

// A State is the running state of one series: about 200 bytes and four bytes a
// cell of the seasonal grids. Update and At neither allocate nor take more than
// some tens of nanoseconds. It is not safe for concurrent use.
type State struct {
	recursion *recursion
	level     float64
	slope     float64
	err       float64 // d of the last cell
	anchor    bool    // level comes from the first value seen
	low       float64 // range seen, to bound forecasts by
	high      float64
	seasons   []memory // len 0, 1 or 2
}

// State returns a state whose next cell starts at start. At the start of the
// history that f was fitted on it begins with the fitted initial states; at any
// other time it takes the level from the first value it sees. The step must be
// that of the fit.
func (f *Fitted) State(start time.Time, step time.Duration) (*State, error) {
	if step != f.step {
		return nil, fmt.Errorf("ets: series has step %v, fitted on %v", forecast.Span(step), forecast.Span(f.step))
	}
	s := &State{
		recursion: f.recursion, level: f.init.level, slope: f.init.slope, anchor: !start.Equal(f.start),
		low: f.low, high: f.high, seasons: make([]memory, len(f.periods)),
	}
	if s.anchor {
		s.slope = 0
	}
	for k, p := range f.periods {
		s.seasons[k] = newMemory(start, step, p, f.model.Zone)
		for i, v := range f.init.seasons[k] {
			s.seasons[k].cells[i] = float32(v)
		}
	}
	return s, nil
}

// Only says which horizons [State.At] will be asked for, ascending, which takes a kilobyte
// less than to prepare for all up to 64. Others are still answered, slowly.
func (s *State) Only(horizons []int) {
	own := *s.recursion
	own.table = make([]multiple, len(horizons))
	for i, h := range horizons {
		own.table[i] = own.compute(h)
	}
	s.recursion = &own
}

// Update takes the value of the next cell. NaN, infinite and negative values are
// no samples: the cell counts as it was expected, and forecasts stay what they
// were.
func (s *State) Update(v float64) {
	if v >= 0 && !math.IsInf(v, 1) {
		s.widen(v)
	} else {
		v = math.NaN()
	}
	if s.recursion.form == Multiplicative {
		s.learnProduct(v)
	} else {
		s.learnSum(v)
	}
	for k := range s.seasons {
		s.seasons[k].advance()
	}
}

func (s *State) learnSum(v float64) {
	p, trend, d := &s.recursion.Params, s.recursion.Phi*s.slope, s.recursion.Rho*s.err
	if v == v { // not NaN
		d = s.recursion.scale.Forward(v)
		for k := range s.seasons {
			d -= s.seasons[k].now()
		}
		if s.anchor {
			s.level, s.anchor = d, false
		}
		d -= s.level + trend
	}
	s.level += trend + p.Alpha*d
	s.slope = trend + p.Beta*d
	for k := range s.seasons {
		s.seasons[k].add(p.Gamma[k] * d)
	}
	s.err = d
}

// widen keeps the range seen; the built-in min and max cost three times as much.
func (s *State) widen(v float64) {
	if v < s.low {
		s.low = v
	}
	if v > s.high {
		s.high = v
	}
}

// leastFactor keeps divisors of the multiplicative form away from zero.
const leastFactor = 0.05

func (s *State) learnProduct(v float64) {
	p, factor := &s.recursion.Params, 1.0
	for k := range s.seasons {
		factor *= max(leastFactor, s.seasons[k].now())
	}
	if s.anchor && v == v { // not NaN
		s.level, s.anchor = v/factor, false
	}
	trend := p.Phi * s.slope
	level, d := s.level+trend, p.Rho*s.err
	if v == v { // not NaN
		d = v - level*factor
	}
	s.level = max(0, level+p.Alpha*d/factor)
	s.slope = trend + p.Beta*d/factor
	if floor := s.recursion.floor; level > floor {
		for k := range s.seasons {
			own := max(leastFactor, s.seasons[k].now())
			s.seasons[k].add(p.Gamma[k] * max(-0.5, min(2, d/(level*factor))) * own)
		}
	}
	s.err = d
}

// At returns the point forecast for the h-th coming cell, h ≥ 1, in the unit of
// the metric, not negative. It stays within half the range of the values seen.
func (s *State) At(h int) float64 {
	ahead := s.recursion.ahead(h)
	z := s.level + float64(ahead.damp)*s.slope
	if s.recursion.form == Multiplicative {
		for k := range s.seasons {
			z *= max(leastFactor, s.seasons[k].at(h))
		}
		z += float64(ahead.fade) * s.err
	} else {
		for k := range s.seasons {
			z += s.seasons[k].at(h)
		}
		z = s.recursion.scale.Back(z + float64(ahead.fade)*s.err)
	}
	room := (s.high - s.low) / 2
	return max(0, s.low-room, min(z, s.high+room))
}

// A memory is one season on a grid of the wall clock.
type memory struct {
	clock season.Clock
	cells []float32
	step  int64   // ns
	half  int64   // half a step, ns: samples stand for the middle of their cell
	per   float64 // cells per nanosecond
	w     float64 // weight of cell j
	i, j  int32   // cells of the next sample
	whole bool    // one cell per step: nothing to interpolate
}

// finest is the least width of a seasonal cell.
const finest = 5 * time.Minute

// gridded returns the number of cells of a season.
func gridded(step, period time.Duration) int {
	cell := max(step, finest)
	return max(1, int((period+cell-1)/cell))
}

func newMemory(start time.Time, step, period time.Duration, zone *time.Location) memory {
	n := gridded(step, period)
	m := memory{
		clock: season.NewClock(start, step, period, zone),
		cells: make([]float32, n),
		step:  int64(step),
		half:  int64(step / 2),
		per:   float64(n) / float64(period),
		whole: period == step*time.Duration(n),
	}
	m.i, m.j, m.w = m.locate(m.clock.Phase(1))
	return m
}

// cell returns the cell that the middle of a sample of that phase lies in. Where there is a
// cell for each step it is the one of that step, wherever midnight lies in it: in a zone that is
// half an hour off, middles would lie on the borders of cells.
func (m *memory) cell(phase int64) int32 {
	if m.whole {
		return int32(phase / m.step)
	}
	return int32(float64(phase+m.half)*m.per) % int32(len(m.cells))
}

// locate returns the two cells around a phase and the weight of the second.
func (m *memory) locate(phase int64) (i, j int32, w float64) {
	if m.whole {
		i = m.cell(phase)
		return i, i, 0
	}
	x, n := float64(phase+m.half)*m.per, int32(len(m.cells))
	if x -= 0.5; x < 0 {
		x += float64(n)
	}
	i = int32(x)
	w = x - float64(i)
	if i >= n {
		i -= n
	}
	if j = i + 1; j == n {
		j = 0
	}
	return i, j, w
}

func (m *memory) now() float64 {
	if m.whole {
		return float64(m.cells[m.i])
	}
	return (1-m.w)*float64(m.cells[m.i]) + m.w*float64(m.cells[m.j])
}

func (m *memory) at(h int) float64 {
	if h == 1 {
		return m.now()
	}
	i, j, w := m.locate(m.clock.Phase(h))
	return (1-w)*float64(m.cells[i]) + w*float64(m.cells[j])
}

func (m *memory) add(v float64) {
	if m.whole {
		m.cells[m.i] += float32(v)
		return
	}
	m.cells[m.i] += float32((1 - m.w) * v)
	m.cells[m.j] += float32(m.w * v)
}

func (m *memory) advance() {
	m.clock.Advance()
	m.i, m.j, m.w = m.locate(m.clock.Phase(1))
}

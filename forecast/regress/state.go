package regress

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/season"
)

// ahead is the number of cells forecast at once; further ones are computed on
// demand.
const ahead = 64

// A State is the running state of one series: the last cells as far as the
// longest lag. It is not safe for concurrent use.
type State struct {
	f      *Fitted
	clock  season.Clock
	waves  []float64
	recent []float64 // standardised; the cells before the next and room for the path
	n      int       // cells that are history; the path follows
	keep   int       // cells that must be kept: the longest lag
	known  int       // cells of the path that are valid
	any    bool      // a sample was seen
	low    float64
	high   float64
}

// State returns a state whose next cell starts at start. Until the longest lag
// has been seen, the cells before start count as the mean of the history that f
// was fitted on. The step must be that of the fit.
func (f *Fitted) State(start time.Time, step time.Duration) (*State, error) {
	if step != f.step {
		return nil, fmt.Errorf("regress: series has step %v, fitted on %v", forecast.Span(step), forecast.Span(f.step))
	}
	m := f.plan.model
	keep := f.Lags[len(f.Lags)-1]
	return &State{
		f: f, clock: season.NewClock(start, step, m.Period, m.Zone),
		waves:  waves(max(1, int(m.Period/step)), m.Harmonics),
		recent: make([]float64, 3*keep+ahead), n: keep, keep: keep,
		low: math.Inf(1), high: math.Inf(-1),
	}, nil
}

// Update takes the value of the next cell. Without a sample (NaN, infinite or
// negative) the cell counts as it was forecast. It is O(1) on average.
func (s *State) Update(v float64) {
	p := &s.f.plan
	if v >= 0 && !math.IsInf(v, 1) {
		z := (p.space.Forward(v) - p.mean) / p.sd
		s.low, s.high = min(s.low, z), max(s.high, z)
		if !s.any { // better than the mean of another time
			for i := range s.n {
				s.recent[i] = z
			}
			s.any = true
		}
		s.recent[s.n] = z
	} else {
		s.extend(1)
	}
	s.n++
	s.known = 0
	s.clock.Advance()
	if s.n+ahead >= len(s.recent) {
		copy(s.recent, s.recent[s.n-s.keep:s.n])
		s.n = s.keep
	}
}

// At returns the point forecast for the h-th coming cell, h ≥ 1, in the unit of
// the metric, not negative, and within half the range of the values seen. The
// first call after an update forecasts the path up to h; horizons above 64 that
// need more room allocate it.
func (s *State) At(h int) float64 {
	s.extend(h)
	p := &s.f.plan
	return max(0, p.space.Back(p.mean+p.sd*s.recent[s.n+h-1]))
}

// extend forecasts the path up to h cells ahead.
func (s *State) extend(h int) {
	if grow := s.n + h - len(s.recent); grow > 0 {
		s.recent = append(s.recent, make([]float64, grow)...)
	}
	c := s.f.Coefficients
	k := 2 * s.f.plan.model.Harmonics
	room := (s.high - s.low) / 2
	for ; s.known < h; s.known++ {
		t := s.n + s.known
		v := c[0]
		for i, l := range s.f.Lags {
			v += c[1+i] * s.recent[t-l]
		}
		phase := int(s.clock.Phase(s.known+1)/int64(s.f.step)) % max(1, len(s.waves)/max(1, k))
		w, b := s.waves[phase*k:phase*k+k], c[1+len(s.f.Lags):]
		for i := range w {
			v += b[i] * w[i]
		}
		if s.any {
			v = max(s.low-room, min(v, s.high+room))
		}
		s.recent[t] = v
	}
}

package ets

import (
	"math"

	"github.com/forescale/forescale/forecast"
)

// A scoredHistory is a history as the search walks it, hundreds of times. Components
// that add up have loops of their own, one for seasons with a grid cell per step
// and one for those that are interpolated; the multiplicative form runs the State
// itself.
type scoredHistory struct {
	history forecast.Series
	z       []float64    // in the space of the model, NaN = no sample
	skip    int          // cells that are not scored: the first season
	whole   bool         // every season has one grid cell per step
	cells   [2][]int32   // by season: the grid cell at or before each cell of the history
	weights [2][]float64 // of the grid cell that follows; nil if whole
	grids   [2][]float64 // scratch, of at least one cell
}

func (f *Fitted) newScoredHistory(history forecast.Series, z []float64) *scoredHistory {
	c := &scoredHistory{history: history, z: z, whole: true}
	if len(f.periods) > 0 {
		c.skip = int(f.periods[0] / f.step)
	}
	if f.model.Form == Multiplicative {
		return c
	}
	for k := range c.cells {
		c.cells[k], c.grids[k] = make([]int32, len(z)), []float64{0}
		if k < len(f.periods) {
			m := newMemory(f.start, f.step, f.periods[k], f.model.Zone)
			c.whole = c.whole && m.whole
			c.grids[k] = make([]float64, len(m.cells))
		}
	}
	for k := range c.cells {
		if !c.whole {
			c.weights[k] = make([]float64, len(z))
		}
		if k >= len(f.periods) {
			continue
		}
		m := newMemory(f.start, f.step, f.periods[k], f.model.Zone)
		for i := range z {
			c.cells[k][i] = m.i
			if !c.whole {
				c.weights[k][i] = m.w
			}
			m.advance()
		}
	}
	return c
}

// meanSquare returns the mean of ε² after the first season, and scores the
// forecasts of far.
func (f *Fitted) meanSquare(p Params, c *scoredHistory, far []horizonError) float64 {
	if f.model.Form == Multiplicative {
		return f.runState(p, c, far)
	}
	for k := range f.periods {
		copy(c.grids[k], f.init.seasons[k])
	}
	if c.whole {
		return f.runWhole(p, c, far)
	}
	return f.runInterpolated(p, c, far)
}

// runState runs the State itself.
func (f *Fitted) runState(p Params, c *scoredHistory, far []horizonError) float64 {
	trial := *f
	trial.Params, trial.recursion = p, f.newRecursion(p)
	if len(far) > 0 {
		trial.recursion.tabulate()
	}
	s, err := trial.State(f.start, f.step)
	if err != nil {
		return math.Inf(1)
	}
	sum, n := 0.0, 0
	for i, v := range c.history.Values {
		before := s.err
		s.Update(v)
		if i >= c.skip && v >= 0 {
			e := s.err - p.Rho*before
			sum += e * e
			n++
		}
		for k := range far {
			far[k].turn(i, c.z[i], f.scale.Forward(s.At(far[k].h)), c.skip)
		}
	}
	return sum / float64(max(1, n))
}

// runWhole is the recursion on whole cells. It carries what the next cell is
// compared with, base = l + φb, in place of the level:
//
//	d = z − s¹ − s² − base,   base ← base + φ·trend + (α + φβ)·d,   trend ← φ·trend + φβ·d
//
// so that one cell waits for three operations of the one before it and not for
// seven: the time of a search is that of this chain.
func (f *Fitted) runWhole(p Params, c *scoredHistory, far []horizonError) float64 {
	trend := p.Phi * f.init.slope
	base, last, sum, n := f.init.level+trend, 0.0, 0.0, 0
	pull, turn := p.Alpha+p.Phi*p.Beta, p.Phi*p.Beta
	short, long := c.cells[0][:len(c.z)], c.cells[1][:len(c.z)]
	g, h := c.grids[0], c.grids[1]
	for i, v := range c.z {
		a, b := &g[short[i]], &h[long[i]]
		before, slope := base, trend
		d := p.Rho * last
		if v == v { // not NaN
			d = v - (*a + *b) - before
			if i >= c.skip {
				e := d - p.Rho*last
				sum += e * e
				n++
			}
		}
		trend *= p.Phi
		base += trend + pull*d
		trend += turn * d
		*a += p.Gamma[0] * d
		*b += p.Gamma[1] * d
		last = d
		for k := range far {
			r := &far[k]
			t := min(i+r.h, len(c.z)-1) // those beyond the end are never scored
			ahead := before + p.Alpha*d + r.damp*(slope+p.Beta*d) + r.fade*d + g[short[t]] + h[long[t]]
			r.turn(i, v, ahead, c.skip)
		}
	}
	return sum / float64(max(1, n))
}

// runInterpolated is the recursion on interpolated seasons.
func (f *Fitted) runInterpolated(p Params, c *scoredHistory, far []horizonError) float64 {
	trend := p.Phi * f.init.slope
	base, last, sum, n := f.init.level+trend, 0.0, 0.0, 0
	pull, turn := p.Alpha+p.Phi*p.Beta, p.Phi*p.Beta
	for i, v := range c.z {
		before, slope := base, trend
		d := p.Rho * last
		if v == v { // not NaN
			d = v - (c.read(0, i) + c.read(1, i)) - before
			if i >= c.skip {
				e := d - p.Rho*last
				sum += e * e
				n++
			}
		}
		trend *= p.Phi
		base += trend + pull*d
		trend += turn * d
		c.spread(0, i, p.Gamma[0]*d)
		c.spread(1, i, p.Gamma[1]*d)
		last = d
		for k := range far {
			r := &far[k]
			t := min(i+r.h, len(c.z)-1)
			ahead := before + p.Alpha*d + r.damp*(slope+p.Beta*d) + r.fade*d + c.read(0, t) + c.read(1, t)
			r.turn(i, v, ahead, c.skip)
		}
	}
	return sum / float64(max(1, n))
}

// read returns season k at cell i of the history.
func (c *scoredHistory) read(k, i int) float64 {
	g, at, w := c.grids[k], int(c.cells[k][i]), c.weights[k][i]
	next := at + 1
	if next == len(g) {
		next = 0
	}
	return g[at] + w*(g[next]-g[at])
}

// spread adds v to season k at cell i, in proportion to both grid cells.
func (c *scoredHistory) spread(k, i int, v float64) {
	g, at, w := c.grids[k], int(c.cells[k][i]), c.weights[k][i]
	next := at + 1
	if next == len(g) {
		next = 0
	}
	g[at] += (1 - w) * v
	g[next] += w * v
}

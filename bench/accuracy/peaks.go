package accuracy

import "math"

// peakScore gathers how often the maximum of the next h samples stayed at or
// under its bounds.
type peakScore struct {
	recent  []float64   // ring of the last h truths
	waiting [][]float64 // ring of bounds by origin
	n       int
	covered []int // by bound
}

func newPeakScore(h int) peakScore {
	p := peakScore{recent: make([]float64, h), waiting: make([][]float64, h), covered: make([]int, len(boundLevels))}
	for i := range h {
		p.recent[i] = math.NaN()
		p.waiting[i] = make([]float64, len(boundLevels))
	}
	return p
}

// observe takes sample i.
func (p *peakScore) observe(i int, y float64) { p.recent[i%len(p.recent)] = y }

// judge scores the bounds issued h samples before sample i, the newest observed.
// A window with a sample missing has no known maximum.
func (p *peakScore) judge(i int) {
	top := math.Inf(-1)
	for _, v := range p.recent {
		if math.IsNaN(v) {
			return
		}
		top = max(top, v)
	}
	p.n++
	for k, bound := range p.waiting[i%len(p.waiting)] {
		if top <= bound {
			p.covered[k]++
		}
	}
}

// issue remembers the bounds of a forecast made at sample i, a row of all levels
// asked for.
func (p *peakScore) issue(i int, row []float64) {
	copy(p.waiting[i%len(p.waiting)], row[len(row)-len(boundLevels):])
}

// coverage returns the shares by level, NaN if no window was complete.
func (p *peakScore) coverage() map[string]Number {
	out := map[string]Number{}
	for k, level := range boundLevels {
		out[key(level)] = Number(float64(p.covered[k]) / float64(p.n))
	}
	return out
}

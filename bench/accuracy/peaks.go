package accuracy

import "math"

// peakScore gathers how good the forecasts of the maximum of the next h samples
// were: the error of their median against that of the rule "as high as the last
// h", and how often the maximum stayed at or under its bounds.
type peakScore struct {
	recent      []float64   // ring of the last h truths
	waiting     [][]float64 // ring by origin: the median, the rule, and the bounds
	n           int
	loss, naive float64
	covered     []int // by bound
}

const (
	peakMedian = iota
	peakRule
	peakBounds
)

func newPeakScore(h int) peakScore {
	p := peakScore{recent: make([]float64, h), waiting: make([][]float64, h), covered: make([]int, len(boundLevels))}
	for i := range h {
		p.recent[i] = math.NaN()
		p.waiting[i] = make([]float64, peakBounds+len(boundLevels))
	}
	return p
}

// observe takes sample i.
func (p *peakScore) observe(i int, y float64) { p.recent[i%len(p.recent)] = y }

// top returns the largest of the last h samples, NaN if one is missing.
func (p *peakScore) top() float64 {
	top := math.Inf(-1)
	for _, v := range p.recent {
		if math.IsNaN(v) {
			return v
		}
		top = max(top, v)
	}
	return top
}

// judge scores the forecast issued h samples before sample i, the newest
// observed. A window with a sample missing has no known maximum.
func (p *peakScore) judge(i int) {
	said := p.waiting[i%len(p.waiting)]
	top := p.top()
	if math.IsNaN(top) {
		return
	}
	p.n++
	if !math.IsNaN(said[peakRule]) {
		p.loss += math.Abs(top - said[peakMedian])
		p.naive += math.Abs(top - said[peakRule])
	}
	for k, bound := range said[peakBounds:] {
		if top <= bound {
			p.covered[k]++
		}
	}
}

// issue remembers a forecast made at sample i, a row of all levels asked for.
func (p *peakScore) issue(i int, row []float64) {
	said := p.waiting[i%len(p.waiting)]
	said[peakMedian], said[peakRule] = row[median], p.top()
	copy(said[peakBounds:], row[len(row)-len(boundLevels):])
}

// coverage returns the shares by level, NaN if no window was complete.
func (p *peakScore) coverage() map[string]Number {
	out := map[string]Number{}
	for k, level := range boundLevels {
		out[key(level)] = Number(float64(p.covered[k]) / float64(p.n))
	}
	return out
}

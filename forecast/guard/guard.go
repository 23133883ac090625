// Package guard keeps outliers, outages and gaps out of what models learn from,
// judged by the one-step error of a model.
//
// # The idea
//
// A cell is an outlier if it lies further from what was predicted than k times
// the usual error; the model then sees the prediction in its place. The usual
// error s is an average that a wild cell moves by three times itself at most:
//
//	s ← s + 0.01·(1.25·min(|e|, 3s) − s),   s ≥ 0.3·s₀
//
// Ten outliers in a row on one side are a new level: the run is then accepted as it
// was observed. A zero in a metric that is hardly ever zero is an outlier already at
// a quarter of k, because exporters report zeros when they restart.
//
// What happens in more than one cell of twenty is not an outlier but the nature of
// the metric, such as a count that is zero most of the time and one now and then.
// Nothing is withheld while the share of outliers over the last 500 cells is above
// that.
//
// The guard protects models. A decision must still see the raw sample: nobody
// can tell the newest spike from the first cell of a shift.
//
// Cleaning is sequential, as in Gelper, Fried and Croux, Robust forecasting with
// exponential and Holt–Winters smoothing, J. Forecasting 29 (2010).
//
// # Why not a Hampel filter
//
// A window of neighbours calls every sharp morning an outlier; the model knows
// that it comes every day.
package guard

import "math"

// A Verdict is what the guard holds a cell for.
type Verdict int

// The verdicts.
const (
	Clean   Verdict = iota // as expected: the model sees the value
	Missing                // no sample: the model sees the prediction
	Outlier                // too far off: the model sees the prediction
	Outage                 // a zero where zeros are rare: the model sees the prediction
	Shift                  // the end of a run that is a new level: the model sees the value
)

const (
	wildest = 15 // k: errors beyond k times the usual one are outliers
	newRun  = 10 // outliers in a row on one side that are a new level
	warm    = 24 // cells before which nothing is an outlier
)

// A State is a running guard. Judge neither allocates nor takes more than a few
// nanoseconds. It is not safe for concurrent use.
type State struct {
	scale  float64 // s: the usual error; mean of |e|·1.25 until warm
	first  float64 // s₀
	judged int     // cells with a sample
	zeros  int     // cells accepted as zero
	run    int     // outliers in a row, negative if below the prediction
	rate   float64 // share of outliers among the last few hundred cells
}

// New returns a guard that has seen nothing.
func New() *State { return &State{} }

// Judge returns what the model should see in place of value, and why, when
// predicted was expected. Both are in one space, any unit; a value of NaN is a
// cell without a sample. A prediction that is not finite judges nothing.
//
// The caller that gets Shift may feed its model the last ten observed values
// again: they were withheld.
func (g *State) Judge(predicted, value float64) (float64, Verdict) {
	return g.judge(cell{predicted: predicted, value: value, zero: value == 0})
}

// A cell is what is judged. In spaces other than the unit of the metric, value
// does not tell whether it was a zero.
type cell struct {
	predicted, value float64
	zero             bool
}

// judge is Judge in any space.
func (g *State) judge(c cell) (float64, Verdict) {
	predicted, value := c.predicted, c.value
	if math.IsNaN(value) {
		return predicted, Missing
	}
	e := value - predicted
	if math.IsNaN(e) || math.IsInf(e, 0) {
		return value, Clean
	}
	limit := g.limit(c)
	g.frequent(e)
	if math.Abs(e) <= limit {
		g.accept(e, c)
		return value, Clean
	}
	g.lengthen(e)
	g.widen(e)
	switch {
	case g.run >= newRun || -g.run >= newRun:
		g.settle(c)
		return value, Shift
	case c.zero && g.rare():
		return predicted, Outage
	}
	return predicted, Outlier
}

// lengthen counts one more outlier on the side of e.
func (g *State) lengthen(e float64) {
	if (e > 0) != (g.run > 0) {
		g.run = 0
	}
	if e > 0 {
		g.run++
	} else {
		g.run--
	}
}

// settle ends a run that is a new level.
func (g *State) settle(c cell) {
	if c.zero {
		g.zeros += newRun
	}
	g.run = 0
}

// frequent keeps the share of cells that are far off.
func (g *State) frequent(e float64) {
	wild := 0.0
	if math.Abs(e) > wildest*g.scale && g.judged >= warm {
		wild = 1
	}
	g.rate += memory * (wild - g.rate)
}

// often is the share of outliers above which they are no outliers, and memory
// the weight of the newest cell in that share.
const (
	often  = 0.05
	memory = 0.002
)

// limit returns the largest error that is no outlier. A metric that was never
// wrong has no usual error to compare with.
func (g *State) limit(c cell) float64 {
	if g.judged < warm || g.scale == 0 || g.rate > often {
		return math.Inf(1)
	}
	if c.zero && g.rare() {
		return wildest / 4. * g.scale
	}
	return wildest * g.scale
}

// rare reports whether zeros are: fewer than one cell of a hundred was accepted as one.
func (g *State) rare() bool { return g.zeros*100 < g.judged }

func (g *State) accept(e float64, c cell) {
	g.run = 0
	g.widen(e)
	if c.zero {
		g.zeros++
	}
}

// widen moves the usual error.
func (g *State) widen(e float64) {
	g.judged++
	a := 1.25 * math.Abs(e)
	if g.judged <= warm {
		g.scale += (a - g.scale) / float64(g.judged)
		g.first = g.scale
		return
	}
	if g.scale > 0 {
		a = min(a, 1.25*3*g.scale)
	}
	g.scale = max(g.scale+0.01*(a-g.scale), 0.3*g.first)
}

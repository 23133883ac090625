package lstm

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/input"
)

// An Expert is a network at work on one series: [Expert.Update] is one step of
// the LSTM, [Expert.At] reads a forecast of the newest value's future. It works
// from the first sample on. It is not safe for concurrent use.
type Expert struct {
	net    *Network
	view   *input.View
	states []*cell.State
	window *window     // nil = the states are carried from cell to cell
	dense  [][]float64 // outputs of the dense layers: scratch
	levels []float64   // Φ⁻¹ of the network's quantiles
	median int         // index of the quantile nearest to 0.5

	fresh bool         // uv, out and bases belong to the newest value
	uv    []float64    // what the head sees, and its hidden units
	out   []float64    // targets × rungs × quantiles; NaN = not asked for yet
	bases []input.Base // per rung; unused if the outputs are not relative

	spread    float64 // running mean of the error of the first rung, in z; for networks of one quantile
	predicted float64 // the first rung's value at the last origin, in z; NaN if unknown
	path      *path   // iterates a network that forecasts one step; else nil
}

// maxStep is the longest step of which a day still has two.
const maxStep = 12 * time.Hour

// NewExpert returns the network in front of a series whose next cell starts at
// start. It returns an error if step is not the network's or longer than half a
// day.
func (n *Network) NewExpert(start time.Time, step time.Duration) (*Expert, error) {
	if step <= 0 || step > maxStep {
		return nil, fmt.Errorf("lstm: step of the series is %v, want more than 0 and at most %v", forecast.Span(step), forecast.Span(maxStep))
	}
	if n.Config.Step != 0 && n.Config.Step != step {
		return nil, fmt.Errorf("lstm: step of the series is %v, but the network was trained on %v", forecast.Span(step), forecast.Span(n.Config.Step))
	}
	e := &Expert{
		net: n, view: input.NewView(n.Config.Features, n.Config.Normalisation, n.Config.Rungs, start, step),
		levels:    make([]float64, len(n.Config.Quantiles)),
		uv:        make([]float64, n.Head.Inputs+n.Head.Hidden),
		out:       make([]float64, n.Head.Outputs),
		bases:     make([]input.Base, len(n.Config.Rungs)),
		predicted: math.NaN(),
	}
	for i, p := range n.Config.Quantiles {
		e.levels[i] = normalQuantile(p)
		if math.Abs(p-0.5) < math.Abs(n.Config.Quantiles[e.median]-0.5) {
			e.median = i
		}
	}
	for i := range n.Layers {
		e.states = append(e.states, n.Layers[i].NewState())
	}
	for i := range n.Dense {
		e.dense = append(e.dense, make([]float64, n.Dense[i].Out))
	}
	e.window = newWindow(&n.Config)
	e.path = newPath(e)
	return e, nil
}

// Update takes the value of the next cell. NaN, an infinite or a negative value
// says that the cell has no sample; time goes on.
func (e *Expert) Update(v float64) {
	if len(e.levels) == 1 && e.view.Known() {
		e.compute()
		e.predicted = e.output(0, 0, 0)
		if e.net.Config.Relative {
			e.predicted += e.bases[0].Value
		}
	}
	e.view.Push(v)
	if !e.view.Known() {
		return
	}
	e.fresh = false
	e.view.Inputs(e.states[0].Input())
	if e.window == nil {
		e.step(e.states)
	} else {
		e.window.push(e.states[0].Input())
		e.window.run(e, e.states)
	}
	if len(e.levels) == 1 && !e.view.Gap() && !math.IsNaN(e.predicted) {
		e.spread += (math.Abs(e.view.Z()-e.predicted) - e.spread) / 50
	}
}

// step advances the layers; the caller has written the input of the first.
func (e *Expert) step(states []*cell.State) {
	for i, s := range states {
		if i > 0 {
			copy(s.Input(), states[i-1].Output())
		}
		e.net.Layers[i].Step(s)
	}
}

// top returns what the head sees of the layers below it; the next call overwrites it.
func (e *Expert) top(states []*cell.State) []float64 {
	u := states[len(states)-1].Output()
	for i := range e.dense {
		e.net.Dense[i].forward(u, e.dense[i])
		u = e.dense[i]
	}
	return u
}

// compute prepares the head for the newest value, once. Its outputs are computed
// when they are asked for: a pool that wants the medians needs one of twelve.
func (e *Expert) compute() {
	if e.fresh {
		return
	}
	e.fresh = true
	u := e.uv[copy(e.uv, e.top(e.states)):]
	if e.net.Config.Relative {
		u = u[copy(u, e.states[0].Input()):]
		e.view.Bases(e.bases)
		e.view.Anchors(u, e.bases)
	}
	e.net.Head.activate(e.uv)
	for i := range e.out {
		e.out[i] = math.NaN()
	}
	if e.path != nil {
		e.path.restart()
	}
}

// output returns one output as the head means it: a value in z, or, if outputs
// are relative, a correction of the base in z.
func (e *Expert) output(target, rung, quantile int) float64 {
	c := &e.net.Config
	i := (target*len(c.Rungs)+rung)*len(c.Quantiles) + quantile
	if math.IsNaN(e.out[i]) {
		e.out[i] = e.net.Head.output(e.uv, i)
	}
	if c.Relative {
		return e.bases[rung].Unit * input.Cut(e.out[i])
	}
	return e.out[i]
}

// z returns the quantile'th output for h steps ahead as a normalised value. It
// interpolates outputs between rungs, from the newest value on, and holds them
// beyond the last. Relative outputs are corrections, so the detail of the season
// between two rungs comes from the base.
func (e *Expert) z(target, h, quantile int) float64 {
	if e.path != nil {
		return e.path.z(h)
	}
	rungs := e.net.Config.Rungs
	b := 0
	for b < len(rungs) && rungs[b] < h {
		b++
	}
	var base float64
	if e.net.Config.Relative {
		base = e.base(target, h, b)
	}
	if b == len(rungs) {
		return base + e.output(target, b-1, quantile)
	}
	high := e.output(target, b, quantile)
	if rungs[b] == h {
		return base + high
	}
	from, low := 0, e.view.Z()-base // of a value
	if e.net.Config.Relative {
		low = 0
	}
	if b > 0 {
		from, low = rungs[b-1], e.output(target, b-1, quantile)
	}
	w := float64(h-from) / float64(rungs[b]-from)
	return base + low + w*(high-low)
}

// base returns what relative outputs for h steps ahead are added to; b is the
// first rung at or beyond h.
func (e *Expert) base(target, h, b int) float64 {
	if b < len(e.bases) && e.net.Config.Rungs[b] == h {
		if target == 0 {
			return e.bases[b].Value
		}
		return e.bases[b].Peak
	}
	base := e.view.BaseValue(h)
	if target > 0 && b > 0 {
		base = math.Max(base, e.bases[b-1].Peak)
	}
	return base
}

// At returns the forecast for the cell h ≥ 1 steps after the newest: its median
// in the unit of the metric, never negative. It is NaN before the first sample.
// It does not change the forecast that any later call returns.
func (e *Expert) At(h int) float64 { return e.Quantile(h, 0.5) }

// Quantile returns the level-p quantile of the cell h ≥ 1 steps after the
// newest. Levels between those of the network are interpolated on the scale of
// the normal distribution, levels beyond them extrapolated there. Outputs are
// learned one by one, so that two levels may cross. It is NaN before the first
// sample.
func (e *Expert) Quantile(h int, p float64) float64 { return e.quantile(0, h, e.mix(p)) }

// Peak returns the level-p quantile of the maximum over the next h ≥ 1 cells. A
// network that was not trained on maxima gives the quantile of the last of them.
func (e *Expert) Peak(h int, p float64) float64 {
	return e.quantile(e.net.Config.Targets()-1, h, e.mix(p))
}

// quantile mixes two outputs: weight w of b, the rest of a; in a network of one
// quantile, w is the distance from the median in standard deviations.
func (e *Expert) quantile(target, h int, m mixture) float64 {
	if !e.view.Known() {
		return math.NaN()
	}
	if !e.view.HasScale() {
		return 0 // only zeros so far
	}
	e.compute()
	a := e.z(target, h, m.a)
	if m.a == m.b {
		const meanToDeviation = 1.2533 // of the normal distribution: √(π/2)
		return e.view.Value(a + m.w*meanToDeviation*e.spread*math.Sqrt(float64(h)))
	}
	return e.view.Value(a + m.w*(e.z(target, h, m.b)-a))
}

// A mixture says how a level is made from the outputs a and b.
type mixture struct {
	a, b int
	w    float64
}

func (e *Expert) mix(p float64) mixture {
	x, last := normalQuantile(p), len(e.levels)-1
	if last == 0 {
		return mixture{w: x - e.levels[0]}
	}
	if x <= e.levels[0] || x >= e.levels[last] { // outwards along the line from the median
		b := 0
		if x > e.levels[0] {
			b = last
		}
		a := e.median
		if a == b { // all levels are on one side of it
			a = last - b
		}
		return e.line(a, b, x)
	}
	a := 0
	for e.levels[a+1] < x {
		a++
	}
	return e.line(a, a+1, x)
}

func (e *Expert) line(a, b int, x float64) mixture {
	return mixture{a, b, (x - e.levels[a]) / (e.levels[b] - e.levels[a])}
}

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

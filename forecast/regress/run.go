package regress

import (
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/season"
)

// A run accumulates the normal equations over a history.
type run struct {
	plan  plan
	z     []float64 // standardised, gaps filled
	seen  []bool    // whether the cell was observed
	waves []float64 // harmonics of each cell of the period
	phase []int32   // cell of the period, for the history and the cells after it

	x       []float64 // regressors of the next row, len d; one of waiting
	waiting []float64 // batch × d: rows that are not in gram yet
	weights [batch]float64
	full    int       // rows waiting
	gram    []float64 // d × d, lower triangle by rows; times unit
	cross   []float64 // len d; times unit
	unit    float64   // weight of the newest row: it grows, in place of all others decaying
	next    int       // first cell not yet accumulated
	rows    int
	weight  float64 // sum of weights
	decay   float64
	scratch solver
	ranged  int     // first cell not yet in the range
	low     float64 // range of the cells accumulated, those before the first row included
	high    float64
}

func newRun(m Model, history forecast.Series) (*run, error) {
	if err := history.Check(); err != nil {
		return nil, err
	}
	p, err := newPlan(m, history)
	if err != nil {
		return nil, err
	}
	r := &run{plan: p, low: math.Inf(1), high: math.Inf(-1)}
	r.z = r.plan.standardise(history.Values)
	r.seen = make([]bool, len(r.z))
	for i, v := range r.z {
		r.seen[i] = v == v
	}
	season.Fill(r.z, p.lags[p.prior])
	r.setWaves(history)
	r.resize()
	r.decay = math.Exp2(-1 / (25 * float64(p.lags[p.prior]))) // an error counts half after 25 periods
	return r, nil
}

// setWaves tabulates the harmonics over the period.
func (r *run) setWaves(history forecast.Series) {
	m := r.plan.model
	n := max(1, int(m.Period/history.Step))
	r.waves = waves(n, m.Harmonics)
	r.phase = make([]int32, history.Len()+n)
	clock := season.NewClock(history.Start, history.Step, m.Period, m.Zone)
	for i := range r.phase {
		r.phase[i] = int32(min(int64(n-1), clock.Phase(1)/int64(history.Step)))
		clock.Advance()
	}
}

// waves returns sine and cosine of the harmonics 1 to k at n phases.
func waves(n, k int) []float64 {
	w := make([]float64, 0, 2*n*k)
	for i := range n {
		for h := 1; h <= k; h++ {
			s, c := math.Sincos(2 * math.Pi * float64(h*i) / float64(n))
			w = append(w, s, c)
		}
	}
	return w
}

// at returns the harmonics of cell t, which may lie after the history.
func (r *run) at(t int) []float64 {
	if k := len(r.phase); t >= k {
		n := len(r.phase) - len(r.z)
		t = len(r.z) + (t-len(r.z))%n
	}
	k := 2 * r.plan.model.Harmonics
	i := int(r.phase[t]) * k
	return r.waves[i : i+k]
}

// accumulate takes in the cells before cell end.
func (r *run) accumulate(end int) {
	for ; r.ranged < end; r.ranged++ {
		r.low, r.high = min(r.low, r.z[r.ranged]), max(r.high, r.z[r.ranged])
	}
	for ; r.next < end; r.next++ {
		if r.seen[r.next] {
			r.fillRow(r.next)
			r.add(r.z[r.next], 1)
		}
	}
}

// fillRow puts the regressors of cell t into x.
func (r *run) fillRow(t int) {
	r.x[0] = 1
	for i, l := range r.plan.lags {
		r.x[1+i] = r.z[t-l]
	}
	copy(r.x[1+len(r.plan.lags):], r.at(t))
}

// batch is the number of rows that are added to the Gram matrix at a time: each of
// its elements is then read and written once for all of them, which halves the
// time.
const batch = 4

// mostUnit is where the weights of all rows are made smaller, long before they
// overflow.
const mostUnit = 1e200

// add adds the row in x with target y and weight w, and lets the others decay.
func (r *run) add(y, w float64) {
	d := len(r.cross)
	if r.unit /= r.decay; r.unit > mostUnit {
		r.flush()
		for i := range r.gram {
			r.gram[i] /= r.unit
		}
		for i := range r.cross {
			r.cross[i] /= r.unit
		}
		r.unit = 1
	}
	r.weights[r.full] = w * r.unit
	for i, x := range r.x {
		r.cross[i] += w * r.unit * y * x
	}
	if r.full++; r.full == batch {
		r.flush()
	}
	r.x = r.waiting[r.full*d : (r.full+1)*d]
	r.weight = r.decay*r.weight + w
	r.rows++
}

// flush adds the rows that wait to the Gram matrix.
func (r *run) flush() {
	if r.full == 0 {
		return
	}
	d := len(r.cross)
	clear(r.weights[r.full:])
	w := &r.weights
	x0, x1, x2, x3 := r.waiting[:d], r.waiting[d:2*d], r.waiting[2*d:3*d], r.waiting[3*d:4*d]
	for i := range d {
		a0, a1, a2, a3 := w[0]*x0[i], w[1]*x1[i], w[2]*x2[i], w[3]*x3[i]
		g := r.gram[i*d : i*d+i+1]
		y0, y1, y2, y3 := x0[:len(g)], x1[:len(g)], x2[:len(g)], x3[:len(g)]
		for j := range g {
			g[j] += a0*y0[j] + a1*y1[j] + a2*y2[j] + a3*y3[j]
		}
	}
	r.full = 0
	r.x = r.waiting[:d]
}

// solve returns the coefficients for the rows accumulated. The slice is valid
// until the next call. Without a row the history is too short.
func (r *run) solve() ([]float64, error) {
	if r.rows == 0 {
		return nil, fmt.Errorf("regress: %w: none of the cells after the first %d, the longest lag, is observed",
			forecast.ErrShortHistory, r.longest())
	}
	r.flush()
	d, prior := len(r.x), 1+r.plan.prior
	s := &r.scratch
	ridge := r.plan.model.Ridge * r.weight * r.unit
	for i := range d {
		copy(s.l[i*d:i*d+i+1], r.gram[i*d:i*d+i+1])
		if i > 0 { // the constant is free
			s.l[i*d+i] += ridge
		}
		g := r.gram[max(i, prior)*d+min(i, prior)]
		s.b[i] = r.cross[i] - g // distance from the prior, whose only coefficient is 1
	}
	s.l[0] += 1e-9 * r.weight * r.unit
	if !s.solve() {
		return nil, fmt.Errorf("regress: normal equations of %d rows and %d coefficients are singular", r.rows, d)
	}
	s.b[prior]++
	return s.b, nil
}

// path forecasts horizon cells from cell origin on by recursion, in the unit of
// the metric.
func (r *run) path(coefficients []float64, origin, horizon int) []float64 {
	lags := r.plan.lags
	longest := lags[len(lags)-1]
	buf := make([]float64, longest+horizon)
	copy(buf, r.z[origin-longest:origin])
	out := make([]float64, horizon)
	room := (r.high - r.low) / 2
	for h := range horizon {
		t := longest + h
		v := coefficients[0]
		c := coefficients[1 : 1+len(lags)]
		for i, l := range lags {
			v += c[i] * buf[t-l]
		}
		for i, w := range r.at(origin + h) {
			v += coefficients[1+len(lags)+i] * w
		}
		v = max(r.low-room, min(v, r.high+room))
		buf[t] = v
		out[h] = max(0, r.plan.space.Back(r.plan.mean+r.plan.sd*v))
	}
	return out
}

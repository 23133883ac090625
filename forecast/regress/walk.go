package regress

import (
	"math"
	"slices"

	"github.com/forescale/forescale/forecast"
)

// A Judge returns what the model is to see in place of value, a cell of the history that
// is NaN if it has no sample. past holds the cells before it, as judged, and predicted is
// what the model expected after them; all are in the space of the model, standardised. A
// Judge may also rewrite cells of past, when a later cell shows that it misjudged them.
type Judge func(past []float64, predicted, value float64) float64

// passes is the number of times the coefficients of a walk are re-estimated.
const passes = 3

// Walk goes through history in time order, predicts each cell one step ahead
// from what judge made of those before, and returns the judged cells in the unit
// of the metric. The coefficients are robust: errors beyond twice their scale
// count by the inverse square of the excess (iteratively re-weighted least
// squares, three passes; Huber, Robust Statistics (1981), section 7.8). Where
// the longest lag does not reach, a regression on the last cell and the period
// predicts; in the first period judge is not asked, and gaps take the value a
// period later.
func (m *Model) Walk(history forecast.Series, judge Judge) ([]float64, error) {
	r, err := newRun(m.defaults(), history)
	if err != nil {
		return nil, err
	}
	full, err := r.robust()
	if err != nil {
		return nil, err
	}
	brief := m.defaults()
	brief.Reach, brief.LongPeriod, brief.Extra = Short, brief.Period, nil
	b, err := newRun(brief, history)
	if err != nil {
		return nil, err
	}
	b.plan.lags = []int{1, b.plan.lags[b.plan.prior]}
	b.plan.prior = 1
	b.resize()
	start, err := b.robust()
	if err != nil {
		return nil, err
	}
	z := slices.Clone(r.z)
	low, high := slices.Min(z), slices.Max(z)
	for i := b.longest(); i < len(z); i++ {
		v := math.NaN()
		if r.seen[i] {
			v = r.z[i]
		}
		c, from := full, r
		if i < r.longest() {
			c, from = start, b
		}
		predicted := max(low, min(from.predict(c, z, i), high)) // judged cells feed back
		z[i] = judge(z[:i], predicted, v)
	}
	for i := range z {
		z[i] = r.plan.space.Back(r.plan.mean + r.plan.sd*z[i])
	}
	return z, nil
}

func (r *run) longest() int { return r.plan.lags[len(r.plan.lags)-1] }

// resize fits the buffers to the lags of the plan.
func (r *run) resize() {
	d := 1 + len(r.plan.lags) + 2*r.plan.model.Harmonics
	r.waiting, r.gram, r.cross = make([]float64, batch*d), make([]float64, d*d), make([]float64, d)
	r.x, r.unit = r.waiting[:d], 1
	r.scratch = newSolver(d)
	r.next = r.longest()
}

// predict returns the one-step forecast of cell i from the cells before it in z.
func (r *run) predict(c, z []float64, i int) float64 {
	v := c[0]
	for k, l := range r.plan.lags {
		v += c[1+k] * z[i-l]
	}
	for k, w := range r.at(i) {
		v += c[1+len(r.plan.lags)+k] * w
	}
	return v
}

// robust returns coefficients that a few wild cells do not move.
func (r *run) robust() ([]float64, error) {
	weights := slices.Repeat([]float64{1}, len(r.z))
	var c []float64
	errs := make([]float64, 0, len(r.z))
	for pass := range passes + 1 {
		clear(r.gram)
		clear(r.cross)
		r.weight, r.rows, r.unit = 0, 0, 1
		for i := r.longest(); i < len(r.z); i++ {
			if r.seen[i] {
				r.fillRow(i)
				r.add(r.z[i], weights[i])
			}
		}
		solved, err := r.solve()
		if err != nil {
			return nil, err
		}
		c = append(c[:0], solved...)
		if pass == passes {
			break
		}
		errs = errs[:0]
		for i := r.longest(); i < len(r.z); i++ {
			if r.seen[i] {
				weights[i] = math.Abs(r.z[i] - r.predict(c, r.z, i))
				errs = append(errs, weights[i])
			}
		}
		slices.Sort(errs)
		s := 1.4826 * errs[len(errs)/2]
		for i := r.longest(); i < len(r.z); i++ {
			weights[i] = math.Pow(max(1, weights[i]/max(2*s, 1e-9)), -2)
		}
	}
	return c, nil
}

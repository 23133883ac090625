package regress

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/residual"
	"github.com/forescale/forescale/forecast/season"
	"github.com/forescale/forescale/forecast/space"
)

// A Form says in which space the regression is linear.
type Form int

// The forms.
const (
	Raw  Form = iota // the unit of the metric
	Log              // its logarithm
	Root             // its square root
)

// A Reach says which lags the regression looks at.
type Reach int

// The reaches.
const (
	Short Reach = iota // eleven lags
	Long               // every lag of two days and nine around a week; for steps of an hour or so
)

// A Model is the regression with its settings. The zero value is ready to use.
type Model struct {
	Form       Form
	Reach      Reach
	Period     time.Duration   // m: the first season; 0 means a day
	LongPeriod time.Duration   // the second; 0 means a week
	Extra      []time.Duration // further lags, of seasons found; those no longer than a step are left out
	Zone       *time.Location  // whose wall clock the harmonics follow; nil means UTC
	Ridge      float64         // per effective cell, in standardised units; 0 means 1e-3
	Harmonics  int             // of the period; 0 means 4, negative none
}

var _ forecast.Model = (*Model)(nil)

func (m Model) defaults() Model {
	if m.Period == 0 {
		m.Period = season.Day
	}
	if m.LongPeriod == 0 {
		m.LongPeriod = season.Week
	}
	if m.Ridge == 0 {
		m.Ridge = 1e-3
	}
	if m.Harmonics == 0 {
		m.Harmonics = 4
	}
	m.Harmonics = max(0, m.Harmonics)
	return m
}

// A Fitted is the regression with its coefficients. It is safe for concurrent
// use.
type Fitted struct {
	Coefficients []float64 // constant, lags, harmonics (sine and cosine in turns), in standardised units
	Lags         []int     // in cells, ascending

	plan plan
	step time.Duration
}

// Fit implements forecast.Model; the result is a [Fitted].
func (m *Model) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("regress: %w", err)
	}
	f, err := m.Estimate(history)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Estimate is Fit with the concrete result. It needs three periods of cells, half of them
// observed, and an observed cell that lies at least the longest lag after the first cell.
func (m *Model) Estimate(history forecast.Series) (*Fitted, error) {
	r, err := newRun(m.defaults(), history)
	if err != nil {
		return nil, err
	}
	r.accumulate(len(r.z))
	coefficients, err := r.solve()
	if err != nil {
		return nil, err
	}
	return &Fitted{
		Coefficients: slices.Clone(coefficients), Lags: slices.Clone(r.plan.lags),
		plan: r.plan, step: history.Step,
	}, nil
}

// Rolling returns the path forecasts from several origins: row i holds the
// horizon cells from cell origins[i] of the history on, and rests on nothing but
// the cells before it, except that the scale is that of the whole history. The
// origins must ascend and be at most the length of the history. A row is nil
// where fewer rows than coefficients had been seen. It costs little more than
// one fit.
func (m *Model) Rolling(history forecast.Series, origins []int, horizon int) ([][]float64, error) {
	r, err := newRun(m.defaults(), history)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(origins))
	for i, origin := range origins {
		r.accumulate(origin)
		if r.rows < len(r.x) {
			continue
		}
		coefficients, err := r.solve()
		if err != nil {
			return nil, err
		}
		out[i] = r.path(coefficients, origin, horizon)
	}
	return out, nil
}

// Filter implements forecast.Fitted. Its bounds are the empirical quantiles of
// the errors on history (package residual).
func (f *Fitted) Filter(history forecast.Series) (forecast.Filter, error) {
	return residual.ReplayFrom(f.State, history)
}

// A plan is what a regression looks at, and in which units.
type plan struct {
	model    Model
	space    space.Space
	mean, sd float64 // of z, which is standardised by them
	lags     []int
	prior    int // index in lags of the lag that the prior copies
}

// newPlan chooses the lags that the history is long enough for.
func newPlan(m Model, history forecast.Series) (plan, error) {
	p := plan{model: m}
	if m.Period <= 0 || m.LongPeriod <= 0 {
		return p, fmt.Errorf("regress: periods %v and %v, want positive durations", forecast.Span(m.Period), forecast.Span(m.LongPeriod))
	}
	n, have := history.Len(), history.Observed()
	short, long := int(m.Period/history.Step), int(m.LongPeriod/history.Step)
	if need := max(16, 3*short); n < need || 2*have < need || short < 1 {
		return p, fmt.Errorf("regress: %w: %d observed of %d cells, need three periods of %v = %d cells, half of them observed",
			forecast.ErrShortHistory, have, n, forecast.Span(m.Period), need)
	}
	p.lags = lags(m, n, short, long)
	for _, e := range m.Extra {
		if l := int((e + history.Step/2) / history.Step); l > 0 && 3*l < n {
			p.lags = append(p.lags, l)
		}
	}
	slices.Sort(p.lags)
	p.lags = slices.Compact(p.lags)
	p.prior = slices.Index(p.lags, short)
	switch m.Form {
	case Raw:
	case Log:
		p.space = space.Log(history.Values)
	case Root:
		p.space = space.Root()
	}
	return p, nil
}

// lags returns the lags of a model for n cells. Two days need five periods, a
// week needs a week and a half, so that there are rows to learn from.
func lags(m Model, n, short, long int) []int {
	l := []int{1, 2, 3, short - 1, short, short + 1}
	if n >= 5*short {
		l = append(l, 2*short, 2*short+1)
		if m.Reach == Long {
			for k := 1; k <= 2*short+1; k++ {
				l = append(l, k)
			}
		}
	}
	if wing := 1; long > short && 2*n >= 3*long {
		if m.Reach == Long {
			wing = 4
		}
		for k := -wing; k <= wing; k++ {
			l = append(l, long+k)
		}
	}
	return slices.DeleteFunc(l, func(k int) bool { return k < 1 })
}

// standardise sets the units of p and returns the history in them, gaps NaN.
func (p *plan) standardise(values []float64) []float64 {
	z := make([]float64, len(values))
	sum, n := 0.0, 0.0
	for i, v := range values {
		z[i] = math.NaN()
		if v >= 0 {
			z[i] = p.space.Forward(v)
			sum += z[i]
			n++
		}
	}
	p.mean = sum / n
	square := 0.0
	for _, v := range z {
		if v == v {
			square += (v - p.mean) * (v - p.mean)
		}
	}
	p.sd = math.Sqrt(square / n)
	if !(p.sd > 1e-9*math.Abs(p.mean)) {
		p.sd = max(1e-9*math.Abs(p.mean), math.SmallestNonzeroFloat32)
	}
	for i := range z {
		z[i] = (z[i] - p.mean) / p.sd
	}
	return z
}

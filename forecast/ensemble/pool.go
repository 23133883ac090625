package ensemble

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/analog"
	"github.com/forescale/forescale/forecast/ets"
	"github.com/forescale/forescale/forecast/regress"
	"github.com/forescale/forescale/forecast/season"
	"github.com/forescale/forescale/forecast/space"
)

// An expert is one forecaster with its paths from every origin, nil where it
// had too little to go by.
type expert struct {
	name  string
	naive bool // a rule without fitting
	paths [][]float64
}

// assemble lets every expert forecast that the history allows. The first one
// forecasts at every origin.
func (r *run) assemble(ctx context.Context) error {
	r.add("last value", true, func(origin int) []float64 { return repeat(r.history.Values[:origin], 1, r.horizon) })
	if r.day > 1 {
		r.add("a day ago", true, func(origin int) []float64 { return repeat(r.history.Values[:origin], r.day, r.horizon) })
		r.add("a week ago", true, func(origin int) []float64 { return repeat(r.history.Values[:origin], r.week, r.horizon) })
		r.analogs()
		r.profiles()
	}
	if err := r.regressions(); err != nil {
		return err
	}
	return r.smoothers(ctx)
}

func (r *run) add(name string, naive bool, path func(origin int) []float64) {
	e := expert{name: name, naive: naive, paths: make([][]float64, len(r.origins))}
	for at, origin := range r.origins {
		e.paths[at] = path(origin)
	}
	if e.paths[len(e.paths)-1] != nil {
		r.experts = append(r.experts, e)
	}
}

// repeat continues values by its last period; nil if it has none.
func repeat(values []float64, period, horizon int) []float64 {
	if len(values) < period {
		return nil
	}
	last := values[len(values)-period:]
	out := make([]float64, horizon)
	for h := range out {
		out[h] = last[h%period]
	}
	return out
}

// analogs adds the analogs of the history and of its logarithm.
func (r *run) analogs() {
	for _, s := range []struct {
		name  string
		space space.Space
	}{{"analogs", space.Space{}}, {"analogs of logs", space.Log(r.history.Values)}} {
		z := make([]float64, r.history.Len())
		for i, v := range r.history.Values {
			z[i] = s.space.Forward(v)
		}
		o := analog.Options{Period: r.day, LongPeriod: r.week}
		r.add(s.name, false, func(origin int) []float64 {
			path := analog.Path(z[:origin], r.horizon, o)
			for h, v := range path {
				path[h] = max(0, s.space.Back(v))
			}
			return path
		})
	}
}

// longest is the number of cells in a day up to which the long regressions have
// a reasonable number of lags.
const longest = 48

// seasons keeps the candidate seasons if they lower the error of a regression at
// the earlier origins, and adds the rule of the first.
func (r *run) seasons() {
	candidates := r.opts.Periods
	if candidates == nil {
		candidates = season.Find(r.history)
	}
	if len(candidates) == 0 || r.day < 2 {
		return
	}
	model := regress.Model{Form: regress.Log, Zone: r.opts.Zone}
	without := r.backtest(&model, r.history)
	model.Extra = candidates
	if with := r.backtest(&model, r.history); !(with < worth*without) {
		return
	}
	r.periods = candidates
	if cells := int(candidates[0] / r.history.Step); cells > 0 {
		r.add("a found season ago", true, func(origin int) []float64 { return repeat(r.history.Values[:origin], cells, r.horizon) })
	}
}

// worth is the share of the error that a found season must leave at most.
const worth = 0.97

// backtest returns the sum of losses of m, which sees history, at the earlier origins;
// NaN if it cannot be fitted.
func (r *run) backtest(m *regress.Model, history forecast.Series) float64 {
	paths, err := m.Rolling(history, r.origins, r.horizon)
	if err != nil {
		return math.NaN()
	}
	sum := 0.0
	for at, origin := range r.origins[:len(r.origins)-1] {
		if paths[at] == nil {
			continue
		}
		if l := r.loss(paths[at], origin); l >= 0 {
			sum += l
		}
	}
	return sum
}

// regressions adds the lag regressions.
func (r *run) regressions() error {
	r.seasons()
	models := []struct {
		name  string
		model regress.Model
	}{
		{"regression", regress.Model{Harmonics: -1}},
		{"regression on logs", regress.Model{Form: regress.Log}},
		{"long regression on roots", regress.Model{Form: regress.Root, Reach: regress.Long}},
		{"long regression on logs", regress.Model{Form: regress.Log, Reach: regress.Long}},
	}
	for _, m := range models {
		if m.model.Reach == regress.Long && r.day > longest {
			continue
		}
		m.model.Zone, m.model.Extra = r.opts.Zone, r.periods
		paths, err := m.model.Rolling(r.history, r.origins, r.horizon)
		switch {
		case errors.Is(err, forecast.ErrShortHistory):
			return nil
		case err != nil:
			return fmt.Errorf("ensemble: %s: %w", m.name, err)
		case paths[len(paths)-1] != nil:
			r.experts = append(r.experts, expert{name: m.name, paths: paths})
		}
	}
	return nil
}

// smoothers adds exponential smoothing. Its parameters, six in number, are those
// of the whole history at every origin.
func (r *run) smoothers(ctx context.Context) error {
	for _, m := range []struct {
		name string
		form ets.Form
	}{{"Holt-Winters", ets.Additive}, {"Holt-Winters on logs", ets.Log}} {
		f, err := ets.Model{Form: m.form, Zone: r.opts.Zone, Tries: 100}.Estimate(ctx, r.history)
		if errors.Is(err, forecast.ErrShortHistory) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ensemble: %s: %w", m.name, err)
		}
		s, err := f.State(r.history.Start, r.history.Step)
		if err != nil {
			return fmt.Errorf("ensemble: %s: %w", m.name, err)
		}
		done := 0
		r.add(m.name, false, func(origin int) []float64 {
			for ; done < origin; done++ {
				s.Update(r.history.Values[done])
			}
			path := make([]float64, r.horizon)
			for h := range path {
				path[h] = s.At(h + 1)
			}
			return path
		})
	}
	return nil
}

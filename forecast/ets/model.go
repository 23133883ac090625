package ets

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/residual"
	"github.com/forescale/forescale/forecast/season"
	"github.com/forescale/forescale/forecast/space"
)

// A Form says how the components make up the value.
type Form int

// The forms.
const (
	Additive       Form = iota // sum of components: loads that add up
	Multiplicative             // level × seasons; counts that reach zero lose the season
	Log                        // sum of components of log(y + offset): noise that grows with the level
)

// Seasons says how many seasons a model has.
type Seasons int

// The numbers of seasons.
const (
	Auto Seasons = iota // those of which the history holds enough, at most two: two short periods, eleven sevenths of a long one
	None
	One
	Two
)

// A Trend says how the slope goes on.
type Trend int

// The trends.
const (
	Damped  Trend = iota // fades: φ in [0.8, 1)
	Linear               // goes on for ever: φ = 1
	NoTrend              // there is no slope
)

// A Criterion says which errors the parameters minimise.
type Criterion int

// The criteria.
const (
	OneStep   Criterion = iota // log mean ε²: for running forecasts of a few cells
	ManySteps                  // half of it, and half the same a quarter and a whole season ahead: for paths of days
)

// A Model is exponential smoothing with its settings. The zero value is
// additive, with a damped trend, an AR(1) error and the seasons that the history
// allows.
type Model struct {
	Form       Form
	Seasons    Seasons
	Trend      Trend
	Criterion  Criterion
	White      bool           // no autoregressive error: ρ = 0
	Period     time.Duration  // of the first season; 0 means a day
	LongPeriod time.Duration  // of the second; 0 means a week
	Zone       *time.Location // whose wall clock days and weeks follow; nil means UTC
	Tries      int            // most evaluations of the criterion per start; 0 means 250
}

var _ forecast.Model = Model{}

// HoltWinters is the textbook method: one season, linear trend, white error.
func HoltWinters(form Form) Model {
	return Model{Form: form, Seasons: One, Trend: Linear, White: true}
}

// DoubleSeasonal has a day and a week, a damped trend and an AR(1) error, fitted
// to forecast a day or two ahead.
func DoubleSeasonal(form Form) Model { return Model{Form: form, Seasons: Two, Criterion: ManySteps} }

// Params are the smoothing parameters. Those that a model does not have are
// zero, except Phi, which is 1 for a linear trend.
type Params struct {
	Alpha float64    // of the level, (0, 1)
	Beta  float64    // of the slope, [0, 0.3·Alpha)
	Phi   float64    // damping of the slope per cell
	Gamma [2]float64 // of the seasons, (0, 1)
	Rho   float64    // autocorrelation of the error, (−0.995, 0.995)
}

// A Fitted is a model with its parameters and initial states. It is safe for
// concurrent use.
type Fitted struct {
	Params

	model     Model
	periods   []time.Duration // len = number of seasons
	scale     space.Space
	start     time.Time
	step      time.Duration
	init      initial
	low       float64 // range of the history: forecasts stay within half of it
	high      float64
	recursion *recursion
}

// Fit implements forecast.Model; the result is a [Fitted].
func (m Model) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	f, err := m.Estimate(ctx, history)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Estimate is Fit with the concrete result. It needs eight observed cells, and
// two periods of each season the model asks for by number.
func (m Model) Estimate(ctx context.Context, history forecast.Series) (*Fitted, error) {
	m = m.defaults()
	if err := history.Check(); err != nil {
		return nil, err
	}
	periods, err := m.seasons(history)
	if err != nil {
		return nil, err
	}
	f := &Fitted{model: m, periods: periods, start: history.Start, step: history.Step}
	if m.Form == Log {
		f.scale = space.Log(history.Values)
	}
	f.low, f.high = space.Extent(history.Values)
	z := make([]float64, history.Len())
	for i, v := range history.Values {
		z[i] = f.scale.Forward(v)
		if v < 0 {
			z[i] = math.NaN()
		}
	}
	f.init = f.decompose(z)
	if err := f.search(ctx, f.newScoredHistory(history, z)); err != nil {
		return nil, err
	}
	f.recursion = f.newRecursion(f.Params)
	f.recursion.tabulate()
	return f, nil
}

func (m Model) defaults() Model {
	if m.Period == 0 {
		m.Period = season.Day
	}
	if m.LongPeriod == 0 {
		m.LongPeriod = season.Week
	}
	if m.Tries == 0 {
		m.Tries = 250
	}
	return m
}

// least is the number of observed cells without which nothing is fitted.
const least = 8

// longEnough is how many sevenths of a long period the history must hold for [Auto]: of
// a week eleven days. After eight, one day tells what the week is, and loads without one lose.
const longEnough = 11

// need returns how many cells a history must hold for season k of a period.
func (m Model) need(k int, period, step time.Duration) int {
	if k > 0 && m.Seasons == Auto {
		return int(longEnough * period / 7 / step)
	}
	return int(2 * period / step)
}

// seasons returns the periods to use on history, or why there are too few cells.
func (m Model) seasons(history forecast.Series) ([]time.Duration, error) {
	if m.Period <= 0 || m.LongPeriod <= 0 {
		return nil, fmt.Errorf("ets: periods %v and %v, want positive durations", forecast.Span(m.Period), forecast.Span(m.LongPeriod))
	}
	have := history.Observed()
	if have < least {
		return nil, fmt.Errorf("ets: %w: %d observed cells, need %d", forecast.ErrShortHistory, have, least)
	}
	var use []time.Duration
	wanted := []time.Duration{m.Period, m.LongPeriod}
	switch m.Seasons {
	case None:
		return nil, nil
	case One:
		wanted = wanted[:1]
	case Auto, Two:
	}
	for k, p := range wanted {
		need := m.need(k, p, history.Step)
		switch {
		case p <= history.Step:
		case history.Len() >= need && have >= need/2:
			use = append(use, p)
		case m.Seasons != Auto:
			return nil, fmt.Errorf("ets: %w: %d observed of %d cells, need two seasons of %v = %d cells, half of them observed",
				forecast.ErrShortHistory, have, history.Len(), forecast.Span(p), need)
		}
	}
	return use, nil
}

// Filter implements forecast.Fitted. Its bounds are the empirical quantiles of
// the errors on history (package residual).
func (f *Fitted) Filter(history forecast.Series) (forecast.Filter, error) {
	return residual.ReplayFrom(f.State, history)
}

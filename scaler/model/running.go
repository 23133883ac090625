package model

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/scaler/api"
)

const (
	// recentCells is how many closed cells are kept at most while a fit is due: for a
	// fit that was begun before they closed, and may have waited in a queue.
	recentCells = 240

	// spareCells is how many are kept while none is due.
	spareCells = 16

	refitEvery = 24 * time.Hour
)

// A Running is the model of one target as it runs. It is not safe for concurrent use.
type Running struct {
	wanted  string // name of the model that the spec asks for
	step    time.Duration
	history time.Duration // longest hole that Pending fills

	filter   forecast.Filter // nil before the first Install
	name     string          // of the installed model
	fitEnd   time.Time       // end of the history of the last fit
	fitCells int             // observed cells of that history
	idle     bool            // no demand has been seen, in that history or since
	forecast *forecast.Forecast
	fresh    bool // forecast is that of the current state

	next   time.Time // start of the next cell to learn from
	latest time.Time // end of the last cell that held a sample, in a history or since; zero if none did
	recent []float64 // last closed cells, the newest ends at next; see keep
}

// explainer is a filter that is a pool of experts.
type explainer interface {
	// Explain returns the shares of the experts in the forecast h cells ahead.
	Explain(h int) []auto.Share
}

// NewRunning returns the model of spec, which has its defaults, before its first fit.
// It will forecast horizon cells at the given levels, ascending.
func NewRunning(spec api.Spec, horizon int, levels []float64) *Running {
	return &Running{
		wanted: spec.Forecast.Model, step: spec.Metric.Step.Std(), history: spec.Metric.History.Std(),
		forecast: forecast.New(horizon, levels...),
	}
}

// Name returns the name of the model that forecasts, empty before the first Install.
func (r *Running) Name() string { return r.name }

// Next returns the start of the next cell to learn from: zero before the first
// Install or Pending.
func (r *Running) Next() time.Time { return r.next }

// LastSample returns the end of the last cell that held a sample, in the history of a fit
// or since; zero if none did.
func (r *Running) LastSample() time.Time { return r.latest }

// Span returns how much of the history of the last fit was observed, 0 before the
// first.
func (r *Running) Span() time.Duration { return time.Duration(r.fitCells) * r.step }

// Idle reports whether no demand has been seen, in the history of the last fit or
// since. It is false before the first.
func (r *Running) Idle() bool { return r.idle }

// Observe takes a sample of the cell that is still open. The model does not learn from it, but
// a sample above 0 ends the idleness at once.
func (r *Running) Observe(demand float64) { r.idle = r.idle && demand == 0 }

// Extend makes forecasts reach at least horizon cells.
func (r *Running) Extend(horizon int) {
	if horizon > r.forecast.Horizon() {
		r.forecast = forecast.New(horizon, r.forecast.Levels...)
		r.fresh = false
	}
}

// Pending returns the values of closed cells, oldest first, to be passed to [Running.Update]
// one by one. Cells before Next are known already and skipped; a hole between Next and the
// first cell counts as NaN. It returns an error if the step differs or the hole is longer than
// the history: then a new fit is needed.
func (r *Running) Pending(cells forecast.Series) ([]float64, error) {
	if cells.Len() == 0 {
		return nil, nil
	}
	if cells.Step != r.step {
		return nil, fmt.Errorf("model: cells have a step of %v, the workload %v", api.Duration(cells.Step), api.Duration(r.step))
	}
	if r.next.IsZero() {
		r.next = cells.Start
	}
	skip := int(r.next.Sub(cells.Start) / r.step)
	if -skip > int(r.history/r.step) {
		return nil, fmt.Errorf("model: cells start at %s, %d cells after the last one: longer than the history of %v",
			cells.Start.Format(time.RFC3339), -skip, api.Duration(r.history))
	}
	if skip >= 0 {
		return cells.Values[min(skip, cells.Len()):], nil
	}
	out := make([]float64, 0, cells.Len()-skip)
	for ; skip < 0; skip++ {
		out = append(out, math.NaN())
	}
	return append(out, cells.Values...), nil
}

// Update takes the cell that starts at Next; NaN = no sample, or none to learn from.
func (r *Running) Update(v float64) {
	r.keep(v)
	r.next = r.next.Add(r.step)
	if !math.IsNaN(v) {
		r.latest = r.next
	}
	r.idle = r.idle && !(v > 0)
	if r.filter != nil {
		r.filter.Update(v)
		r.fresh = false
	}
}

// keep remembers a closed cell, and drops those that no fit can still need.
func (r *Running) keep(v float64) {
	most := spareCells
	if r.FitDue(r.next) {
		most = recentCells
	}
	if n := len(r.recent); n >= most {
		r.recent = r.recent[:copy(r.recent, r.recent[n-most+1:])]
	}
	if cap(r.recent) > spareCells && most == spareCells {
		r.recent = append(make([]float64, 0, spareCells), r.recent...)
	}
	r.recent = append(r.recent, v)
}

// Install makes fit the model that runs and catches up with the cells that
// closed while it was made. It returns an error, and changes nothing, if those
// are no longer kept: the fit is too old.
func (r *Running) Install(fit *Fitted) error {
	missing := 0
	if !r.next.IsZero() {
		missing = int(r.next.Sub(fit.End) / r.step)
	}
	if missing > len(r.recent) {
		return fmt.Errorf("model: the fit ends at %s, %d cells ago, only %d are kept",
			fit.End.Format(time.RFC3339), missing, len(r.recent))
	}
	if missing < 0 || r.next.IsZero() { // the fit has seen more than this model
		r.next = fit.End
		r.recent = r.recent[:0]
		missing = 0
	}
	r.idle = fit.Idle
	for _, v := range r.recent[len(r.recent)-missing:] {
		r.idle = r.idle && !(v > 0)
		fit.Filter.Update(v)
	}
	r.filter, r.name, r.fitEnd, r.fitCells = fit.Filter, fit.Name, fit.End, fit.Cells
	r.fresh = false
	if fit.LastSample.After(r.latest) {
		r.latest = fit.LastSample
	}
	return nil
}

// FitDue reports whether the model should be fitted anew at now: there is none,
// a day has passed, or the history has grown by half while it is short.
func (r *Running) FitDue(now time.Time) bool {
	if r.filter == nil || r.name != r.wanted {
		return true
	}
	age := now.Sub(r.fitEnd)
	return age >= refitEvery || age >= max(r.Span()/2, 10*r.step)
}

// Forecast returns the forecast from the last closed cell, nil before the first
// Install. It belongs to the model and is valid until the next call that changes it.
func (r *Running) Forecast() *forecast.Forecast {
	if r.filter == nil {
		return nil
	}
	if !r.fresh {
		r.filter.Forecast(r.forecast)
		r.fresh = true
	}
	return r.forecast
}

// Experts returns the shares of the experts in the forecast h cells ahead, the heaviest first;
// nil for a single model, and before the first Install.
func (r *Running) Experts(h int) []auto.Share {
	if pool, ok := r.filter.(explainer); ok {
		return pool.Explain(h)
	}
	return nil
}

package model

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/baseline"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/burst"
)

// A Fitted is a fitted model with a filter that has run over the history: ready to
// be installed into the workload it was made for, once.
type Fitted struct {
	Name   string          // of the model
	Filter forecast.Filter // state just after the history
	End    time.Time       // end of the history = start of the next cell
	Cells  int             // cells of the history that held a sample
	Bursts *burst.Detector // what it saw in the history; nil = nothing
	Idle   bool            // each of those cells was 0, and there was at least one

	LastSample time.Time // end of the last cell that held a sample; zero if none did
}

// Options are what [Fit] is given beside the specification. The zero value adds nothing.
type Options struct {
	Network *lstm.Network // joins the experts of the pool, or is the model lstm itself; nil = only the built-in one
	Retrace Retrace       // called once the model is fitted, before Fit returns; nil = no retrace
}

// Fit fits the model that spec asks for to history and filters it. It is
// slow, pure, and safe to call from any goroutine. The error wraps
// forecast.ErrShortHistory when history is too short for the model; it names the
// model if spec asks for an unknown one.
func Fit(ctx context.Context, spec api.Spec, history forecast.Series, o Options) (*Fitted, error) {
	spec = spec.Default()
	model, err := modelFor(spec, spec.Forecast.Model, o.Network)
	if err != nil {
		return nil, err
	}
	return fit(ctx, spec, spec.Forecast.Model, model, history, o.Retrace)
}

// FitReactive fits the simplest model, the last value, within milliseconds. It serves until
// [Fit] is done, and where that fails.
func FitReactive(ctx context.Context, spec api.Spec, history forecast.Series) (*Fitted, error) {
	return fit(ctx, spec.Default(), auto.Naive, baseline.Naive{}, history, nil)
}

func fit(ctx context.Context, spec api.Spec, name string, model forecast.Model, history forecast.Series, retrace Retrace) (*Fitted, error) {
	if err := history.Check(); err != nil {
		return nil, err
	}
	if history.Step != spec.Metric.Step.Std() {
		return nil, fmt.Errorf("model: history has a step of %v, the spec one of %v", api.Duration(history.Step), spec.Metric.Step)
	}
	latest := lastSample(history)
	idle := history.Observed() > 0 && !slices.ContainsFunc(history.Values, func(v float64) bool { return v > 0 })
	seen := withoutStart(history)
	zone, err := Zone(spec)
	if err != nil {
		return nil, err
	}
	bursts, history := withoutBursts(seen, zone)
	calendar, err := calendarOf(spec)
	if err != nil {
		return nil, err
	}
	usual := history
	if calendar != nil {
		usual = withoutEvents(calendar, history)
	}
	fitted, err := model.Fit(ctx, usual)
	if err != nil {
		return nil, fmt.Errorf("model: fit %s: %w", name, err)
	}
	filtered := func(h forecast.Series) (forecast.Filter, error) {
		if calendar == nil {
			return fitted.Filter(h)
		}
		return withEvents(fitted, calendar, h)
	}
	rest := 0
	if retrace != nil {
		rest = retracedCells(history)
	}
	before := history.Slice(0, history.Len()-rest)
	filter, err := filtered(before)
	if err != nil {
		return nil, fmt.Errorf("model: filter %s: %w", name, err)
	}
	if retrace != nil {
		past, _ := withoutBursts(seen.Slice(0, before.Len()), zone)
		retrace(&Fitted{Name: name, Filter: filter, End: before.End(), LastSample: lastSample(before), Cells: before.Observed(), Bursts: past, Idle: idle},
			seen.Slice(before.Len(), seen.Len()), history.Slice(before.Len(), history.Len()))
	}
	return &Fitted{
		Name: name, Filter: filter, End: history.End(), LastSample: latest, Cells: history.Observed(), Bursts: bursts, Idle: idle,
	}, nil
}

// modelFor returns the named model with the seasons and the zone of spec.
func modelFor(spec api.Spec, name string, network *lstm.Network) (forecast.Model, error) {
	zone, err := Zone(spec)
	if err != nil {
		return nil, err
	}
	opts := auto.Options{Location: zone, Network: network}
	switch {
	case spec.Forecast.Seasons.None():
		opts.NoSeasons = true
	case !spec.Forecast.Seasons.Auto():
		for _, d := range spec.Forecast.Seasons {
			opts.Seasons = append(opts.Seasons, d.Std())
		}
	}
	return auto.ByName(name, opts)
}

// Zone returns the zone whose wall clock the seasons, events and bursts of spec follow, UTC if it
// names none; an error if nothing is known of the one that it names.
func Zone(spec api.Spec) (*time.Location, error) {
	zone, err := time.LoadLocation(spec.Forecast.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("model: forecast.timeZone %q: %w", spec.Forecast.TimeZone, err)
	}
	return zone, nil
}

// Check returns an error that lists the known models if spec names none of them.
func Check(spec api.Spec) error {
	if name := spec.Default().Forecast.Model; !slices.Contains(auto.Names(), name) {
		return api.Faults{{Path: "forecast.model", Value: name, Want: "want one of " + strings.Join(auto.Names(), ", ")}}
	}
	return nil
}

package main

import (
	"context"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// demoReach is how far the forecast that is drawn reaches.
const demoReach = 30 * time.Minute

// A demoEye is a second engine over the same data with the same specification as
// the server's, because KEDA's protocol carries one number and the pictures show
// a whole forecast.
type demoEye struct {
	chain    *demoChain
	workload *engine.Workload
	ahead    []demoBand // of the newest forecast, cell by cell
	made     []demoBand // what each forecast said of the cell one lead time ahead
}

// A demoBand is what a forecast says of a cell.
type demoBand struct {
	at                time.Time // middle of the cell
	low, median, high float64   // quantiles 0.1, 0.5 and 0.95
}

// openDemoEye reads the history and fits the model, as the server does.
func openDemoEye(ctx context.Context, chain *demoChain) (*demoEye, error) {
	spec, err := api.FromMetadata(demoRef().GetScalerMetadata())
	if err != nil {
		return nil, err
	}
	spec.Forecast.Horizon = api.AutoDuration{Value: demoReach}
	w, err := engine.New(spec)
	if err != nil {
		return nil, err
	}
	e := &demoEye{chain: chain, workload: w}
	end := e.closed(chain.clock.Now())
	history, err := e.read(ctx, end.Add(-demoHistory), end)
	if err != nil {
		return nil, err
	}
	fit, err := engine.FitModel(ctx, w.Spec(), history)
	if err != nil {
		return nil, err
	}
	if err := w.Install(fit); err != nil {
		return nil, err
	}
	e.look()
	return e, nil
}

// update takes the cells that closed since the last call.
func (e *demoEye) update(ctx context.Context, now time.Time) error {
	end := e.closed(now)
	if !end.After(e.workload.Next()) {
		return nil
	}
	cells, err := e.read(ctx, e.workload.Next(), end)
	if err != nil {
		return err
	}
	if err := e.workload.Append(cells); err != nil {
		return err
	}
	e.look()
	return nil
}

func (e *demoEye) closed(now time.Time) time.Time {
	return now.Add(-e.chain.settle).Truncate(e.workload.Spec().Metric.Step.Std())
}

func (e *demoEye) read(ctx context.Context, from, to time.Time) (forecast.Series, error) {
	step := e.workload.Spec().Metric.Step.Std()
	samples, err := e.chain.query.Range(ctx, demoQuery, from, to, step)
	if err != nil {
		return forecast.Series{}, err
	}
	series, _, err := collector.Resample(samples, from, to, step)
	return series, err
}

// look notes the forecast from the last closed cell.
func (e *demoEye) look() {
	f := e.workload.Forecast()
	e.ahead = e.ahead[:0]
	for h, row := range f.Values {
		e.ahead = append(e.ahead, demoBand{
			at:  f.Start.Add(time.Duration(h)*f.Step + f.Step/2),
			low: f.Quantile(row, 0.1), median: f.Quantile(row, 0.5), high: f.Quantile(row, 0.95),
		})
	}
	e.made = append(e.made, e.lead())
}

// lead returns what the newest forecast says of the cell one lead time ahead.
func (e *demoEye) lead() demoBand {
	return e.ahead[int(demoLead/e.workload.Spec().Metric.Step.Std())]
}

package demo

import (
	"context"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/scaler/live"
)

// reach is how far the forecast that is drawn reaches.
const reach = 30 * time.Minute

// An eye looks at the server's forecast, of which KEDA's protocol carries one
// number and the pictures show all.
type eye struct {
	store *live.Store
	start time.Time // of the newest forecast
	ahead []band    // of the newest forecast, cell by cell
	made  []band    // what each forecast said of the cell one lead time ahead
}

// A band is what a forecast says of a cell.
type band struct {
	at                time.Time // middle of the cell
	low, median, high float64   // quantiles 0.1, 0.5 and 0.95
}

// openEye waits until the pool forecasts, or ctx ends.
func openEye(ctx context.Context, store *live.Store) (*eye, error) {
	e := &eye{store: store}
	for {
		if f, model := store.Forecast(workloadKey()); model == auto.Auto {
			e.look(f)
			return e, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// update notes the forecast if a cell has closed since the last call.
func (e *eye) update() {
	if f, _ := e.store.Forecast(workloadKey()); f != nil && f.Start.After(e.start) {
		e.look(f)
	}
}

func (e *eye) look(f *forecast.Forecast) {
	e.start = f.Start
	e.ahead = e.ahead[:0]
	for h, row := range f.Values {
		e.ahead = append(e.ahead, band{
			at:  f.Start.Add(time.Duration(h)*f.Step + f.Step/2),
			low: f.Quantile(row, 0.1), median: f.Quantile(row, 0.5), high: f.Quantile(row, 0.95),
		})
	}
	e.made = append(e.made, e.lead())
}

// lead returns what the newest forecast says of the cell one lead time ahead.
func (e *eye) lead() band {
	return e.ahead[int(leadTime/time.Minute)]
}

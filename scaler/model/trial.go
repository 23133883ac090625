package model

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/trust"
)

const (
	// trialSpan is how much of the end of a history a trial judges: two half-lives of
	// what a gate remembers.
	trialSpan = 24 * time.Hour

	// trialCells is the least, twice what a gate wants before there is a verdict.
	trialCells = 120
)

// A Trial says what a forecast is judged by at the end of each cell: as the workload that
// it is made for will judge it while it runs.
//
// A process that starts knows of no forecast that came true or did not. It makes them
// again, cell by cell over the last of the history, so that a forecast which had lost its
// trust does not act for an hour after each restart. The parameters of the model have seen
// those cells, which flatters them a little; its weights, bounds and states have not.
type Trial struct {
	Level   float64       // quantile to provide for, in (0, 1)
	Levels  []float64     // that are forecast, ascending
	Horizon int           // cells to forecast
	Lead    time.Duration // how long what is forecast at the end of a cell is to hold
	Grain   float64       // surplus that costs nothing, unit of the metric
}

// cells is how many cells of history are judged, at most half of it.
func (t *Trial) cells(history forecast.Series) int {
	if t == nil {
		return 0
	}
	return min(history.Len()/2, max(int(trialSpan/history.Step), trialCells))
}

// run takes filter from a cell on to the end of the history and returns what it has earned:
// nil without a trial. Seen is the history as observed, clean as the model is to see it.
func (t *Trial) run(filter forecast.Filter, seen, clean forecast.Series, from int) *trust.Gate {
	if t == nil {
		return nil
	}
	g := &trust.Gate{}
	f := forecast.New(t.Horizon, t.Levels...)
	for i := from; i < clean.Len(); i++ {
		made, value := clean.At(i+1), seen.Values[i]
		filter.Update(clean.Values[i])
		g.Observe(made, value)
		if math.IsNaN(clean.Values[i]) { // silent, or a burst, which is not the model's
			continue
		}
		filter.Forecast(f)
		due := made.Add(t.Lead)
		g.Promise(trust.Promise{Made: made, Due: due, Level: t.Level, Acting: scaler.DemandAt(f, t.Level, made, due), Last: value, Grain: t.Grain})
	}
	return g
}

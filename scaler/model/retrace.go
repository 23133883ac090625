package model

import (
	"time"

	"github.com/forescale/forescale/forecast"
)

const (
	// retraceSpan is how much of the end of a history is retraced: most of what the trials of
	// a quantile remember, which fades within four days. With a third of it, on eight recorded
	// loads, the counts of the first hours after a restart differed twice as much from those
	// of a process that had run all the time.
	retraceSpan = 72 * time.Hour

	// fewestRetraced and mostRetraced bound the number of its cells: twice what package trust
	// needs for a verdict, and retraceSpan in minutes.
	fewestRetraced = 120
	mostRetraced   = 4320
)

// A Retrace goes over the end of a history again, cell by cell, as if it were the present.
//
// A process that starts does not know which forecasts came true, nor what another quantile
// would have missed. A Retrace finds out by making those forecasts again. The parameters of
// the model have seen the cells, which flatters it a little; its weights, bounds and states
// have not.
//
// Before is the model as it was then: its parameters are fitted to all of the history, its
// filter and its bursts are those just before the first cell of seen and clean. These two are
// series on one grid: seen is what was observed, clean is what the model may learn from, with
// NaN where there was no sample or a burst. The Retrace must update the filter with each value
// of clean.
type Retrace func(before *Fitted, seen, clean forecast.Series)

// retracedCells returns how many cells at the end of history are retraced, at most half of it.
func retracedCells(history forecast.Series) int {
	return min(history.Len()/2, max(int(retraceSpan/history.Step), fewestRetraced), mostRetraced)
}

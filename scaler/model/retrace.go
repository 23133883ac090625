package model

import (
	"time"

	"github.com/forescale/forescale/forecast"
)

const (
	// lastSpan is how much of the end of a history is gone over again: most of what the
	// trials of a quantile remember, which fades within four days. With a third of it, on
	// eight recorded loads, the counts of the first hours after a restart differed twice as
	// much from those of a process that had run all the time.
	lastSpan = 72 * time.Hour

	// leastLast and mostLast bound the number of its cells: twice what a gate of trust needs
	// for a verdict, and lastSpan in minutes.
	leastLast = 120
	mostLast  = 4320
)

// A Last goes over the last days of a history again, cell by cell, as if they were the
// present.
//
// A process that starts does not know which forecasts came true, nor what another quantile
// would have missed. A Last finds out by making those forecasts again. The parameters of the
// model have seen the cells, which flatters it a little; its weights, bounds and states have
// not.
//
// Before is the model as it was then: its parameters are fitted to all of the history, its
// filter and its bursts are those just before the first cell of seen and clean. These two are
// series of one grid: seen is what was observed, clean what the model is to see of it, which
// is NaN where there was no sample, or a burst. The Last must update the filter with each
// value of clean.
type Last func(before *Fitted, seen, clean forecast.Series)

// lastCells is how many cells at the end of history are gone over again, at most half of it.
func lastCells(history forecast.Series) int {
	return min(history.Len()/2, max(int(lastSpan/history.Step), leastLast), mostLast)
}

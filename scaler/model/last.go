package model

import (
	"time"

	"github.com/forescale/forescale/forecast"
)

const (
	// lastSpan is how much of the end of a history is gone over again: most of what the
	// trials of a quantile remember, which fades within four days. On eight recorded loads
	// a third of it left, in the first hours after a restart, twice as large a difference to
	// the counts of a process that had run all the time.
	lastSpan = 72 * time.Hour

	// leastLast and mostLast bound the cells of it: twice what a gate of trust wants before
	// there is a verdict, and that span of minutes.
	leastLast = 120
	mostLast  = 4320
)

// A Last goes over the last of a history again, cell by cell, as if that were the present.
//
// A process that starts knows of no forecast that came true or did not, nor of what another
// quantile would have missed. Whoever wants to know makes those forecasts again. The
// parameters of the model have seen the cells, which flatters it a little; its weights,
// bounds and states have not.
//
// Before is the model as it was then: fitted to all of the history, with its filter and its
// bursts just before the first cell of seen and clean, two series of one grid. Seen is what
// was observed, and clean what the model is to see of it: NaN where there was no sample, or
// a burst. The Last must update the filter with each value of clean.
type Last func(before *Fitted, seen, clean forecast.Series)

// lastCells is how many cells at the end of history are gone over again, at most half of it.
func lastCells(history forecast.Series) int {
	return min(history.Len()/2, max(int(lastSpan/history.Step), leastLast), mostLast)
}

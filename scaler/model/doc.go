// Package model fits the model of one target to its history, and keeps it running
// cell by cell.
//
// # The idea
//
// A model has two clocks. [Fit] is slow, milliseconds to seconds, and needs the whole
// history; it yields a [Fitted], and no decision waits for it. A [Running] is what a
// decision reads: it takes a closed cell in constant time, forecasts from the last
// one, and takes over a Fitted whenever one is done, catching up with the cells that
// closed meanwhile.
//
// The model does not learn from everything that was recorded. Bursts are left out, because
// package burst deals with them, except those that come at the same time each day. The first
// cells of a new series are left out too. Declared events are removed from the history and
// applied to the forecast.
//
// A fit may let its caller go over the last days of the history again, cell by cell
// ([Retrace]). So a process knows from the start what it would otherwise learn about its
// forecasts only while it runs.
//
// # Why fitting is a function and not a method
//
// A fit needs the whole history, which a running model does not keep (a fortnight of
// minutes is 160 KiB, the running state a fraction of that). History lives in the metric
// store. Fit takes it as an argument and returns a result that nobody else holds yet, so no
// lock is held while it runs, and a failed fit changes nothing.
package model

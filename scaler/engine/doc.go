// Package engine turns the samples of one target into its decisions: grid,
// forecast, demand, replicas.
//
// # The idea
//
// A [Workload] is everything forescale knows of one target. It does no I/O, has
// no clock and starts no goroutine; whoever drives it says what arrived and what
// time it is. The live server and the backtest drive the same Workload, so what
// was backtested is what runs.
//
// Three streams enter:
//
//   - closed cells of the demand grid, through Append: the model's diet, the same
//     whether they came one by one or by backfill after a restart;
//   - the newest sample, through Observe: fresher than the grid, it is what
//     "observed demand" means and corrects the level of the forecast between two
//     cells;
//   - fits, through Install: made by [Fit] elsewhere, because fitting is slow.
//
// Time moves on with now. A cell that stayed silent is appended as NaN: silence
// is not idleness.
//
// # Why fitting is a function and not a method
//
// A fit needs the whole history, which the workload does not keep (a fortnight
// at one minute is 160 KiB, the running state a fraction of it). History lives in
// the metric store; Fit takes it as an argument and yields an immutable result,
// so no lock is held while it runs and a failed fit changes nothing.
package engine

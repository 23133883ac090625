// Package engine turns the samples of one target into its decisions: grid,
// forecast, demand, replicas.
//
// # The idea
//
// A [Workload] is everything that forescale knows of one target. It does no I/O, has
// no clock and starts no goroutine; its driver says what arrived and what time it is. The
// live server and the backtest drive the same Workload, so what was backtested is what
// runs.
//
// Three streams enter:
//
//   - closed cells of the demand grid, through Append: what the model learns from, the
//     same whether they come one by one or by backfill after a restart;
//   - the newest sample, through Observe: fresher than the grid, it is what
//     "observed demand" means, and it corrects the level of the forecast between two
//     cells;
//   - fits, through Start or Install: made elsewhere, because fitting is slow.
//
// A workload that starts has a model, but does not know how good its forecasts were. A
// [Retrace] finds out, by driving a second workload over the last days of the history.
//
// The driver passes the time as now. It appends a cell without a sample as NaN: silence is
// not idleness.
//
// # What it joins
//
// Each part is a package, answers one question, and knows nothing of the workload:
//
//	model       what will the usual demand be
//	nowcast     what is demand now
//	burst       is a burst going on, or likely
//	trust       has the forecast earned the right to act
//	pacing      which quantile keeps a violation target: by its trials (trial), and
//	            within what an autoscaler without a forecast misses and costs (reactive)
//	staffing    how many replicas carry a demand
//	scaler      which rules stand between that and the count
//
// The workload itself connects them: it says which demand to provide for
// ([Workload.Demand]), and what to ask for ([Workload.Decide] as a count,
// [Workload.Answer] as a metric).
package engine

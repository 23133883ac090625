// Package forecast holds the types that all forecasters of forescale share: a
// series on a regular grid, a probabilistic forecast of the cells that follow it,
// and the three stages of a model.
//
// # The idea
//
// A [Model] is a description: which method, which seasons. Fit looks at a
// history and yields a [Fitted], which holds parameters and never changes; it
// takes milliseconds to seconds and belongs off the path of a decision. A Fitted
// starts any number of [Filter] values, each of which carries the running state
// of one series: Update takes one new cell in O(1), Forecast writes quantiles of
// the next cells in O(H·Q), and neither allocates, but for the rare refits of
// package auto at hourly steps. A restart therefore fits and filters the history
// once, and a tick costs microseconds.
//
// A forecast has two tables. Values are quantiles of the metric in each coming
// cell; Peaks are quantiles of its maximum from now to the end of that cell. A
// scaler has to provide for that maximum, and its quantile is not the maximum of
// the quantiles of the cells.
//
// # The packages below
//
// Models, from the simplest on:
//
//   - baseline: last value, seasonal naive, drift
//   - ets: exponential smoothing in innovations form
//   - regress: ridge regression on seasonal lags, recursive
//   - direct: one linear regression per horizon
//   - analog: what followed the moments that looked most like now
//   - ensemble: a whole path by the weighted median of many cheap forecasters
//   - lstm: a small network; below it, its inputs, weight files and training
//   - auto: the entry point: a model by name, or the pool of experts
//
// What they are made of:
//
//   - combine: several experts as one
//   - interval: quantiles calibrated on live errors
//   - residual: quantiles from the past errors of a single model
//   - guard: outliers, outages and level shifts
//   - season: which periods a series has, and where in one a cell lies
//   - calendar: kinds of days, where a day ago and a week ago contradict each other
//   - event: what the user knows of the future
//   - space: logarithms and roots of a metric
//   - elementary: fast exponential and logarithm
//
// How they are judged:
//
//   - score: how good a forecast was
//   - forecasttest: the contract suite that every model passes
//
// Everything here is pure: no clock, no I/O, no log, no goroutine, no global
// state, no random source that was not handed in.
//
// # Why not one Predict function
//
// Fitting on each call, as scalers commonly do, couples the cost of a decision
// to the length of the history. Splitting fit, filter and forecast makes the
// cost of a decision independent of it, lets a failed fit leave the former
// parameters in place, and makes a replay drive the very code that runs live.
package forecast

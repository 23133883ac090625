// Package pacing keeps a violation target: a share of time for which the objective may
// be missed, spent where it saves most.
//
// # The idea
//
// Budget pacing is a loop of control. What was missed is compared with what may be
// missed, and moves the price of short time, from which the quantile follows that is
// provided for ([Level]). A [Pacer] joins four parts into that loop:
//
//   - trial.Set chooses the price by what other prices would have missed on the same load;
//   - a [Budget] sets the odds from which on bursts are hedged, by what bursts made
//     missed: a higher quantile of what is usual is dear and finds no burst ready;
//   - reactive.Autoscaler, one without a forecast, bounds both by what it would miss and
//     cost. Where it would miss less than the target allows, seven tenths of its share take
//     the place of the target, down to a tenth of it; where the target cannot be had for
//     its bill, it is the bill that holds ([Afford]): all that is bought then keeps the
//     objective for equally long per replica;
//   - reactive.Guard holds its count while more was missed than it would have missed.
//
// # The budget
//
// With an error budget of target, α = 1 − level follows
//
//	d ln α / dt = k·(1 − spent/target)
//
// where spent is the missed share of the last half day: an integral controller
// on the budget, as adaptive conformal inference is on coverage. Working on ln α
// keeps the pace relative, whatever the target. See Gibbs and Candès, Adaptive
// Conformal Inference Under Distribution Shift, NeurIPS 2021 (arXiv 2106.00170).
//
// # Why not coverage alone
//
// The forecast's coverage is not the service's: demand above the quantile need
// not miss the objective, because a replica more was there anyway, and demand
// below it can, because a start took long. Only the misses themselves close the
// loop.
//
// Everything here is pure, of fixed size, and takes time as an argument.
package pacing

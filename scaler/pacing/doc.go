// Package pacing keeps a violation target, the share of time for which the objective may
// be missed, and spends it where it saves most.
//
// # The idea
//
// Pacing a budget is a control loop. The share of time missed is compared with the share
// that may be missed, and moves α, the price of short time, from which follows the quantile
// to provide for ([Level]). A [Pacer] joins three parts into that loop:
//
//   - trial.Set chooses α by what other values of it would have missed on the same load,
//     bursts aside: a higher quantile of the usual demand would be expensive there, and of no
//     help. Bursts are hedged at fixed odds ([HedgeOdds]).
//   - reactive.Autoscaler, which has no forecast, bounds both by what it would have missed
//     and cost. If it misses less than the target allows, seven tenths of its share replace
//     the target, but no less than a tenth of the target. If the target cannot be kept at
//     the autoscaler's cost, the cost decides ([Afford], where it is called the bill). Then
//     each replica that is bought keeps the objective for equally long.
//   - reactive.Guard holds that autoscaler's count while forescale has missed more than it
//     would have, and during a first day without a history.
//
// # Why not coverage alone
//
// The coverage of the forecast is not that of the service. Demand above the quantile need
// not miss the objective, because there was one replica more anyway. Demand below it can
// miss, because a start took long. Only the misses themselves close the loop.
//
// Everything here is pure, of fixed size, and takes time as an argument.
package pacing

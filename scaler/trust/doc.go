// Package trust decides whether a forecast may act.
//
// # The gate
//
// A [Gate] keeps score while the forecast runs. A promise is the demand that the forecast
// provides for until a due time. Each promise has a rival: the last observed demand, raised
// by the margin that the same quantile level needs, which a quantile tracker learns. When the
// promise is due, both are charged the pinball loss of that level against the highest demand
// seen meanwhile. A forecast whose loss over the last half day exceeds the rival's by more
// than a tenth does not act until its loss is down to the rival's. Until then the rival
// stands in: a reactive scaler whose headroom follows the growth that the workload really
// has.
//
// A process that starts has no score. Its model makes the promises of the last days of the
// history again (package engine, Retrace), and they count until those of the process itself
// have been scored.
//
// At which quantile a forecast acts is the question of package pacing.
//
// # Why the season is no rival
//
// The demand of a day ago is among the experts of the pool, whose weights respond to the
// same losses sooner. It was tried as a second rival, and as the stand-in, on fourteen
// recorded loads. Ten did not change, three changed by less than 0.005 points of time, and
// on one both misses and cost rose, because a high quantile of the usual day does not help
// on an unusual one.
//
// Everything here is pure and of bounded size.
package trust

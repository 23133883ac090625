// Package trust decides whether a forecast may act.
//
// # The gate
//
// A [Gate] keeps score while the forecast runs. For each promise (the demand to
// provide for until a due time) it keeps a rival beside it: what was observed
// last, raised by the margin that the same quantile level needs, learned by a
// quantile tracker. When the time has come, both are charged the pinball loss of that
// level against the highest demand that was seen. A forecast that loses to the rival by
// more than a tenth over the last half day does not act; it returns when it is level
// again. The rival is what stands in: a reactive scaler with a headroom that follows the
// growth the workload really has.
//
// At which quantile a forecast acts is the question of package pacing.
//
// # Why the season is no rival
//
// What was seen a day ago is among the experts of the pool, whose weights answer to the
// same losses, sooner. As a second rival, and as what then stands in, it was tried on
// fourteen recorded loads: ten went on as before, three changed by less than 0.005 points
// of time, and on one both more was missed and more was paid, because what is usual at a
// high quantile is no answer to a day that is not.
//
// Everything here is pure, of bounded size, and dumps as JSON.
package trust

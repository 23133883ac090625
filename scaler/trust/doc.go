// Package trust decides how far a forecast may act: whether it acts at all, and
// at which quantile.
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
// # Why the season is no rival
//
// What was seen a day ago is among the experts of the pool, whose weights answer to the
// same losses, sooner. As a second rival, and as what then stands in, it was tried on
// fourteen recorded loads: ten went on as before, three changed by less than 0.005 points
// of time, and on one both more was missed and more was paid, because what is usual at a
// high quantile is no answer to a day that is not.
//
// # The trials
//
// A target of a thousandth of the time is a miss a day: too few to steer a quantile by
// what is missed in earnest. But what another quantile would have missed is known
// without missing anything: demand is observed whatever was ready for it. [Trials]
// run the counts of eight of them side by side in the shadow, remember for some days
// what each would have missed, and take the cheapest that keeps the target; what was
// missed in earnest beyond that corrects them. It is learning with full information,
// where following one's own misses is a bandit's (Cesa-Bianchi and Lugosi, Prediction,
// Learning, and Games, 2006, chapters 2 and 6).
//
// What they vary is not the quantile but the price of short time, α, from which [Level]
// takes the quantile by the width of the forecast: equal everywhere is what a second
// less of missed time costs in replicas, not the chance of one.
//
// # The budget
//
// What a burst misses is not for them: the quantile of what is usual finds no
// burst ready. The chance from which on bursts are hedged is paced by a [Budget]. With an
// error budget of target, α = 1 − level follows
//
//	d ln α / dt = k·(1 − spent/target)
//
// where spent is the missed share of the last half day: an integral controller
// on the budget, as adaptive conformal inference is on coverage. Working on ln α
// keeps the pace relative, whatever the target. See Gibbs and Candès, Adaptive
// Conformal Inference Under Distribution Shift, NeurIPS 2021 (arXiv 2106.00170).
//
// # The reactive autoscaler in the shadow
//
// A forecast may not do harm: neither miss more than the autoscaler that would be
// there without it, nor cost more. A [Reactive] is that autoscaler, an HPA at 70 %,
// run beside ours on the same demand. Where it would have missed less than the target
// allows, seven tenths of its share take the place of the target, down to a tenth; and the
// nearer ours comes to its cost, the greater is the least α for all that is bought, to
// one and the same bound ([Afford]): what is bought for the quantile of what is usual
// and what is bought for the next burst then keep the objective for equally long per
// replica. Both are estimates: demand as it was observed, a fixed time to start.
// And a [Guard] keeps account of who missed what: what an HPA's cautious target would
// have kept is a jump that nothing foretells, and no quantile of the past provides for
// it as surely as that count does. While ours has missed more, the count of the
// shadow, or most of it, is not undercut, and all of it right after a miss that was no
// burst's and where the bill leaves room; where it never would have, its cost is saved.
// What is held so is on the bill, but on an account of its own: were it to widen the
// budgets, bursts would be met no better than by the shadow, and the harm would stay for
// which it is held. It is not let go for the bill: without it harm only grows.
//
// # Why not coverage alone
//
// The forecast's coverage is not the service's: demand above the quantile need
// not miss the objective, because a replica more was there anyway, and demand
// below it can, because a start took long. Only the misses themselves close the
// loop.
//
// Everything here is pure, of bounded size, and dumps as JSON.
package trust

// Package trial finds the price of short time that keeps a target, by what other prices
// would have missed.
//
// # The idea
//
// A target of a thousandth of the time is a miss a day: too few to steer a quantile by
// what is missed in earnest. But what another quantile would have missed is known
// without missing anything: demand is observed whatever was ready for it. A [Set] of
// trials runs the counts of eight of them side by side in memory, remembers for some days
// what each would have missed, and takes the cheapest that keeps the target; what was
// missed in earnest beyond that corrects them. It is learning with full information,
// where following one's own misses is a bandit's (Cesa-Bianchi and Lugosi, Prediction,
// Learning, and Games, 2006, chapters 2 and 6).
//
// What the trials vary is not the quantile but the price of short time, α, from which
// pacing.Level takes the quantile by the width of the forecast: equal everywhere is what a
// second less of missed time costs in replicas, not the chance of one.
//
// What bursts make missed is not for them: no quantile of what is usual finds a burst
// ready. Everything here is pure, of fixed size, and dumps as JSON.
package trial

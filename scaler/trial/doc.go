// Package trial finds the price of short time that keeps a target, by what other prices
// would have missed.
//
// # The idea
//
// A target of a thousandth of the time allows about one miss a day: too few to steer a
// quantile by real misses. But demand is observed whatever was ready for it, so it is known
// what another quantile would have missed, without missing anything. A [Set] of trials runs
// the counts of eight prices side by side in memory, remembers for some days what each
// would have missed, and takes the cheapest that keeps the target. If more is missed in
// reality than its trial said, the trials are corrected by that. This is learning with full
// information, where following one's own misses would be a bandit problem (Cesa-Bianchi and
// Lugosi, Prediction, Learning, and Games, 2006, chapters 2 and 6).
//
// What the trials vary is not the quantile but α, the price of short time, from which
// pacing.Level derives the quantile by the width of the forecast. So it is not the chance
// of a miss that is equal at all times, but the cost in replicas of one second of missed
// time less.
//
// Misses in bursts are left out: no quantile of the usual demand is ready for a burst.
// Everything here is pure, of fixed size, and dumps as JSON.
package trial

// Package trial chooses α, the price of time with too few ready replicas, so that a
// violation target is kept: by running several α side by side in memory.
//
// # The idea
//
// A violation target of a thousandth of the time allows about one miss a day: too few to steer
// a quantile by real misses. But demand is observed however many replicas were ready, so it is
// known what another quantile would have missed. A [Set] of trials runs the counts of eight
// prices side by side in memory, remembers for some days what each would have missed, and
// takes the cheapest that keeps the target. If more is missed in reality than in its trial,
// the trials are corrected by the ratio. This is learning with full information. Learning from
// one's own misses alone would be a bandit problem (Cesa-Bianchi and Lugosi, Prediction,
// Learning, and Games, 2006, chapters 2 and 6).
//
// The trials do not vary the quantile but α, the price of short time, from which
// pacing.Level derives the quantile by the width of the forecast. So the chance of a miss
// is not equal at all times; what is equal is the cost, in replicas, of avoiding one second
// of it.
//
// Misses in bursts are left out: no quantile of the usual demand is ready for a burst.
// Everything here is pure and of fixed size.
package trial

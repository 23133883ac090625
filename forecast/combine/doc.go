// Package combine turns several forecasts of one thing into one, weighted by how
// each has done so far, and says at which horizons to do so.
//
// # The idea
//
// [Poly] is ML-Poly: polynomially weighted averages with a learning rate per
// expert (Gaillard, Stoltz and van Erven, A Second-order Bound with Excess
// Losses, COLT 2014, their Corollary 1 with multiple learning rates). With the
// gradient ℓ' of the loss at the combined forecast ŷ,
//
//	r = ℓ'(ŷ)·(ŷ − f),   R += r,   1/η += r² + (growth of the largest r² of all)
//	weight ∝ η·max(R, 0)
//
// There is nothing to tune, the rate adapts to the scale of the losses, and
// against each expert k the regret after T rounds is at most of the order of
//
//	√( K·(1 + ln(1 + ΣT))·Σ r² )
//
// for K experts: small when the expert is nearly as good as the combination all
// the time, whatever the sequence. A truth that arrives h rounds late adds at
// most h times the largest loss.
//
// Experts may sleep: a week-ago rule in the first week has no forecast, takes no
// weight and collects no regret.
//
// # A difference counts within bounds
//
// A difference ŷ − f counts for at most 30 times the mean error, the recent or that of
// days, whichever is larger. Squares are summed for days: after one sample a thousand
// times as large as all others, an expert that was wrong at that moment would stay out
// for days (on such a series the error at 15 minutes was twice that of the last value).
// Against the recent error alone, nothing would be learned from the first errors of a
// morning after a night without any.
//
// # A twentieth is the plain difference
//
// The linearised loss ℓ'·(ŷ − f) finds the best mixture, but to an expert that is
// far off on either side it deals gains and losses at random: on clean series,
// whose good experts are a hundred times better than the last value, the noise of
// a few percent of weight is most of the error. So a twentieth of r is the plain
// difference of the losses, |ŷ − y| − |f − y|.
//
// # Recent leaders
//
// ML-Poly is slow where the best expert changes by the hour. A second combination
// follows the leaders of the last 40 or so rounds, weights in proportion to the
// mean error to the power of −10.
//
// # The gate
//
// Both, and each of the first experts alone, which are the last value, the day
// ago and the week ago, are weighed by one more ML-Poly, the gate, in whose r the
// plain difference is half. The bound above is against one expert at a time; on a
// load without any pattern a dozen experts that are all somewhat worse than the
// last value cost 8 % at an hour ahead without the gate and 3 % with it.
//
// It keeps three sets of accounts. The first is for usual hours. While a season
// foresees a move that is large against the usual error, as when a shop opens, the
// second is used: with one set, in which the many quiet hours count most, the few that
// matter were missed by half. It takes 0.1 to 0.3 % off the error on recorded loads, at
// every horizon. Where the day ago and the week ago contradict each other, as at the
// beginning and the end of a weekend, the third joins the second in proportion to its
// evidence, since such hours are few: it takes 0.5 % off the error in cells of an hour,
// and nothing in cells of minutes. Used without regard to evidence it cost up to a third
// on single loads.
//
// # Belief
//
// At last, what all together foresee of a move away from the last value is believed
// only as far as it has been of use: all of it if their error of the last days is
// less than that of the last value by 2 % and twice what it may be by chance, in
// proportion below that, once they have had thirty forecasts that do not overlap.
// A forecast is judged by the belief that it was given: a belief that has fallen since
// would make of it one that was far too bold, and fall further.
//
// Eight random walks of eight days of minutes cost 2.5 % an hour ahead without
// regard to chance, and 1.0 % with it. Recorded loads have a pattern: of 36, two lose
// more than 1 % an hour ahead, the others next to nothing. With ten forecasts in place of
// thirty, loads of hours lose 3 % six hours ahead; with forty, walks of ten days of hours
// lose more than they must.
//
// # What else was tried
//
// A fourth set of accounts, for when a season is far from what it foresaw for the
// present, and sets for the experts too, brought no more. To follow the week until the
// first evidence cost up to a third on single loads. Chance measured by the standard
// deviation of errors in place of their mean size took 0.7 % off recorded loads' gains,
// and up to 7 % where bursts are few and large; a coefficient by least squares in place
// of belief took 1.5 % from all of them.
//
// # Why not exponential weights
//
// They need a rate, and with any fixed one they follow the noise on series where
// the experts are close together; measured on load traces they lose to the best
// single expert about twice as often.
//
// # Why not restart at a level shift
//
// Halving all regrets when a guard accepts a new level was tried and moved no
// error on load traces in the fourth digit: with a memory of half a day the
// weights turn by themselves.
//
// # The ladder
//
// [Ladder] chooses the horizons: dense near the origin, sparse far away, since a
// forecast for 47 minutes differs little from those for 45 and 60.
package combine

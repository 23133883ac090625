// Package combine turns several forecasts of the same quantity into one, weighted by how
// each has done so far, and chooses the horizons at which this is done.
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
// There is nothing to tune: the rate adapts to the scale of the losses. The regret
// against each expert k after T rounds is at most of the order of
//
//	√( K·(1 + ln(1 + ΣT))·Σ r² )
//
// for K experts, whatever the sequence: small if the expert is nearly as good as the
// combination all the time. A truth that arrives h rounds late adds at most h times the
// largest loss.
//
// Experts may sleep: in the first week, for instance, a week-ago rule has no forecast, gets
// no weight and collects no regret.
//
// # Differences are clipped
//
// A difference ŷ − f is clipped at 30 times the mean error, either the recent one or that
// of the last days, whichever is larger. The squares are summed over days. Without clipping,
// an expert that was wrong at a single sample a thousand times as large as all others would
// stay out for days (on such a series the error at 15 minutes was twice that of the last
// value). With the recent error alone as the yardstick, nothing would be learned from the
// first errors of a morning that follows a night without any.
//
// # A twentieth is the plain difference
//
// The linearised loss ℓ'·(ŷ − f) finds the best mixture, but it deals gains and losses at
// random to an expert that is far off on either side. On clean series, whose good experts
// are a hundred times better than the last value, the noise of a few percent of weight is
// then most of the error. So a twentieth of r is the plain difference of the losses,
// |ŷ − y| − |f − y|.
//
// # Recent leaders
//
// ML-Poly is slow where the best expert changes by the hour. A second combination
// follows the leaders of the last 40 rounds or so, with weights in proportion to the
// mean error to the power of −10.
//
// # The gate
//
// One more ML-Poly, the gate, weighs both combinations and each of the first three experts
// alone: the last value, the day ago and the week ago. Half of its r is the plain
// difference. It is there because the bound above holds against one expert at a time. On a
// load without any pattern, a dozen experts that are all somewhat worse than the last value
// cost 8 % an hour ahead without the gate, and 3 % with it.
//
// The gate keeps three sets of accounts. The first is for usual hours. The second is used
// while a season foresees a move that is large against the usual error, as when a shop
// opens. In a single set the many quiet hours count most, and half of each of the few moves
// that matter was missed. The second set takes 0.1 to 0.3 % off the error on recorded loads,
// at every horizon. The third set is for hours in which the day ago and the week ago
// contradict each other, as at the beginning and the end of a weekend. Such hours are few, so
// the third set joins the second in proportion to its evidence; used regardless of evidence
// it cost up to a third on single loads. It takes 0.5 % off the error at hourly steps, and
// nothing at steps of minutes.
//
// # The start
//
// Regrets of a few rounds are noise, and ML-Poly gives all weight to the experts that chance
// has favoured. So until the gate opens, after sixty rounds, a simpler rule sets the weights,
// the start. Each expert gets the third power of the last value's recent error over its own,
// and the day ago and the week ago three times as much. Half a forecast in which all experts
// were equally good counts beside those seen. The experts are put in the order of their
// forecasts, and the outer quarters of the weight are cut off, so that no forecast that runs
// away counts. The weights and the gate learn as if there were no start. There is no start
// before a day has been seen, and so none at steps of minutes.
//
// At hourly steps the start takes part beside the gate for the first week, and fades as the
// memory of the regrets fills. The error of the pool, mean of one to twelve hours ahead, over
// the best of four naive rules in hindsight, falls on recorded loads from .98 to .90 on the
// third and fourth day, and from 1.09 to 1.03 from the fifth to the seventh. On 59 generated
// families it falls from .96 to .91 on the third and fourth day. The gate learns from what it
// would have said alone, so that the second week is as if there had been no start.
//
// A start that goes on in the second week takes another 1 % off recorded loads there. But on
// generated series, among them loads that are quieter at weekends, it costs up to 8 %, and so
// does a gate that learns from what the start said. The middle as one more choice of the gate
// takes 1 % off at hourly steps and costs 9 % at steps of minutes.
//
// # The middle
//
// Where forecasts are few, at hourly steps, the gate is itself an expert of little experience:
// twelve hours ahead, two weeks hold twenty-eight forecasts that do not overlap. There the
// combination is the middle of six: of the two combinations, the gate, and the three simple
// rules. Put in the order of their forecasts, two fifths of their weight are cut off on either
// side. A rule counts for less if its recent error is larger than that of the combination, the
// gate for up to two if its shares rest on evidence. The gate learns from what it would have
// said alone.
//
// The error over that of the best of four naive rules in hindsight, mean of one to twelve
// hours ahead, falls on recorded loads from .895 to .884 with four days of history, from .873
// to .862 with ten, from .794 to .788 with fourteen and from .732 to .727 with twenty-nine. On
// 59 generated families it falls from .910 to .902, .950 to .939, .800 to .793 and .715 to
// .712.
//
// If the gate never counts for more than one, another half of that is gained on recorded loads.
// But days on which the week is right and the day is not are then outvoted: loads that are
// quieter at weekends lose 2 to 4 % twelve hours ahead. At steps of minutes the median of the
// six takes .8 % off the error an hour ahead, but the bounds are no better for it, and a minute
// ahead they are worse.
//
// # Belief
//
// In the end the combination's move away from the last value is believed only as far as
// such moves have been of use. It is believed in full if the combination's error over the
// last days is below that of the last value by 2 % plus twice what chance may account for.
// Otherwise it is believed in proportion, but never less than a fifth. Doubt begins after
// thirty forecasts that do not overlap and thirty that were judged; until then all is
// believed. A forecast is judged with the belief it was issued with. With a belief that has
// fallen since, it would look far bolder than it was, and belief would fall further.
//
// Eight random walks of eight days in minutes cost 2.5 % an hour ahead without the allowance
// for chance, and 1.0 % with it. Recorded loads have a pattern: of 36, two lose more than
// 1 % an hour ahead, the others next to nothing. If doubt begins after ten forecasts, hourly
// loads lose 3 % six hours ahead; if after forty, walks of ten days in hours lose more than
// they need to.
//
// # What else was tried
//
// A fourth set of accounts, for times when a season is far from what it foresaw for the
// present, gained nothing more; neither did sets for the experts. Following the week until
// there is evidence cost up to a third on single loads. Measuring chance by the standard
// deviation of the errors in place of their mean size lost 0.7 % of the gains on recorded
// loads, and up to 7 % where bursts are few and large. A least-squares coefficient in place
// of belief lost 1.5 % on all of them.
//
// # Why not exponential weights
//
// They need a learning rate, and with any fixed one they follow the noise on series whose
// experts are close together. On load traces they lose to the best single expert about twice
// as often.
//
// # Why not restart at a level shift
//
// Halving all regrets when a guard accepts a new level was tried. Errors on load traces did
// not change in their first four digits: with a memory of half a day the weights turn by
// themselves.
//
// # The ladder
//
// [Ladder] chooses the horizons: dense near the origin and sparse far away, since a
// forecast for 47 minutes differs little from those for 45 and 60.
package combine

// Package interval puts quantiles around a point forecast, calibrated on its own
// live errors.
//
// # The idea
//
// Errors are measured in several scales: the long-run mean size, one proportional
// to the forecast, one that follows the newest one-step errors, one that follows the
// disagreement of the experts, and a product of powers of these, of the mean size at
// the time of day, of the disagreement about the other ladder's forecast and of the
// distance between forecast and last value, fitted to the logarithm of the error. The
// powers are shrunk the more the fewer errors were seen that do not overlap: two days
// have 48 of an hour. In each scale s a tracker holds the quantile q of level τ:
//
//	bound U = ŷ + q·s;   truth y:  q ← q + γ·(1{y > U} − (1−τ))
//
// which is the proportional part of conformal PID control (Angelopoulos, Candès
// and Tibshirani, Conformal PID Control for Time Series Prediction, 2023): for
// any sequence whatsoever its long-run coverage is τ. Errors h steps ahead
// overlap, h of them miss together, so that γ falls with h to the power of 0.7; and
// in the first day, when no rule has a day to look back on, it only rises to its
// value: what those errors teach would have to be unlearned.
//
// The forecast is a median. Where the experts are not of one mind the load has
// two plausible futures, and a high quantile belongs to the higher of them: three
// more trackers stand on the last value, on the larger of last value and forecast,
// and on the highest forecast there is, which for a value is that of the maximum
// until then and for a maximum the highest of the experts'. A bound too is a linear
// function of the experts' forecasts, of the highest and of three scales, learned by
// the same rule with a coefficient for each: a quantile regression, whose scales add
// up where those of the product multiply. A discounted histogram of the errors is the
// tenth.
//
// All are mixed by their discounted pinball loss, weights exp(−c·(P−min P)/P̄)
// (after AgACI, Zaffran et al., Adaptive Conformal Predictions for Time Series,
// ICML 2022), with a c that falls with h too: losses that overlap say less about
// who is better. One more tracker on the misses of the mixture makes its long-run
// coverage exact again, at an hour of minutes 0.4 times as fast, and the share of
// misses of the last ten hours pushes the high bounds up while it is above what was
// promised, so that bad days stay rare: the part of an integrator in the control. It
// grows with the power of 3/4 of the excess, as misses in a row are one event.
//
// Beyond 99 % a generalised Pareto tail goes on, whose shape comes from the
// excesses over the 90 % bound, see [At].
//
// A young series has no error an hour ahead in its first hour and few in its first day,
// but sixty times as many a minute ahead: their mean size, grown with the horizon to the
// power of 1/4, is what is expected, and counts as much as the first hour's errors and
// next to nothing after five. It takes 1 to 6 % off the loss of 95 % bounds in the first
// four hours of series of minutes 5 and 15 minutes ahead, a quarter an hour ahead. A
// growth with the power of 0.2 or 0.3, or twice the weight, would be as good; to begin
// from the trackers, the weights or the histogram of the shorter horizon brings nothing
// more, and from its joint scale one percent less.
//
// A truth comes h steps after the forecast it judges. Trackers in the mixture
// are judged by where they stand now in the scale of then; the tracker on top is
// judged by the bound that was issued.
//
// # What it costs to be calmer
//
// With the rates γ of one step ahead at an hour ahead, the 95 % bound of minute
// series lost 6 % more in pinball loss and its worst days were covered no better
// than with slow trackers and the push. Without the push it would lose 2 % less an
// hour ahead, 1 % less a quarter of an hour ahead, and cover 91.5 % of the worst day
// of the median series in place of 92.5. With powers that are not shrunk the 99 % bound
// would lose 2 % more an hour ahead. A tracker on top that slows down with √h
// would save 0.3 % at an hour, at the price of a mean distance of 0.7 points from the
// coverage promised in place of 0.6. The mixture alone, without tracker on top and
// push, covers one point more than it promises an hour ahead and loses as little as it
// would without the push.
//
// The mixture is hard to improve upon an hour ahead: any of its bounds but that on the
// larger of last value and forecast can be left out for 0.7 % of the loss or less. A
// second linear function with a step in proportion to the inverse second moments of its
// inputs (online Newton) takes 0.3 % off, for a matrix per rung. The powers that suit
// many series at once, as what the regression is shrunk to, cost 1 %, since
// what tells the typical size of an error does not tell its 95 % quantile; powers
// learned by pinball loss, a push in the long-run scale or in the width of the bound,
// the last error of this rung and positive errors weighed more moved it by less
// than 0.3 % or to the worse.
//
// A sine of the time of day in the linear function, and in the joint scale the sign of
// the move that is foreseen, the recent errors of this rung and of the one below, the
// range of the last hour, the move of the last h samples and what the forecast of one
// time was revised by, moved the loss by less than half a percent, in either direction.
// So did trackers half way to the last value. Trackers in the joint scale that are quicker or
// slower, in place of those in other scales, made it one percent worse: what helps is
// to look at the errors in different ways.
//
// Nor does more help by other means. Weights by Bernstein online aggregation, for each
// quantile its own (Berrisch and Ziel, CRPS learning, Journal of Econometrics 2023), lose
// half a percent more at most horizons and 6 % more at the 99 % bound one minute ahead.
// A generalised Pareto tail beyond the 95 % bound in place of two thirds of the 99 %
// bound an hour ahead brings its coverage closer to what was promised by 0.1 points and
// loses 2 % more, of maxima 4 %. The trackers and the bound of the next shorter horizon,
// in the joint scale, as one more of the mixture move nothing. To push by that horizon's
// misses, which come sooner, takes 0.3 % off and covers the worst day 0.2 points less.
// Of a young series, weights that stay even for longer help one half of the loads and
// harm the other, and bounds widened for the few errors behind them lose 2 % and more
// without being any closer to the coverage promised.
//
// # Why not adaptive conformal inference over a window
//
// Its level wanders out of the range that the window can answer when errors are
// delayed or heavy-tailed; at one hour ahead its 95 % bound covered 92.7 %.
package interval

// Package auto is the one door to the forecasters: a model by name, or the pool
// of all of them.
//
// # The idea
//
// The pool runs every cheap forecaster side by side on one series: the last
// value, the last day and week (as they were, and moved to the present level),
// the mean of the last samples, exponential smoothing, and linear regressions on
// the values and on their logarithms, one per horizon. At each rung of a ladder
// of horizons ML-Poly weighs them by how they have done on this series so far,
// and a bank of quantile trackers turns the errors of the combination into
// bounds:
//
//	sample ─ guard ─ memory ─ experts ─ weights per rung ─ point ─ trackers ─ quantiles
//	                              ↑ truth of h steps ago ↑            ↑
//
// Two ladders run in parallel, for the value at h and for the maximum over the
// next h, each with weights and bounds of its own; one step ahead both are the same.
// Between rungs the experts are
// asked for the horizon itself; their weights, and the distances of the bounds from
// the forecast, are interpolated.
//
// Every expert sleeps until the history holds what it needs, so that the pool is
// useful from the first samples on: first the last value, after an hour the
// regressions on short lags, after a day and a week the seasonal ones. During the
// first two days a network that was trained on loads of all kinds speaks as well
// (package prior): on recorded minutes the error of the pool is then up to a
// twentieth smaller.
//
// Fit estimates only the unit that values are divided by and the parameters of
// exponential smoothing; all else is learned online, in the filter, from truths
// that lie in the past of each forecast. In steps of hours, smoothing of sums is
// estimated again in the filter when the history has grown by two fifths, as it is where
// nobody fits every day: the week is not in a short one.
//
// In steps of hours a calendar of kinds of days speaks where a day ago and a week ago
// contradict each other, which happens too seldom to be learned from losses: see the
// comment on calendar. Each rung trusts it by how its claims have done, against all
// experts together, and where it is believed they learn nothing.
//
// # What else was tried in steps of hours
//
// Where every day brings a fit, the median forecast of package ensemble is still 1 to 5 %
// better than the pool three to twelve hours ahead. Its median of few good experts, by
// their errors at all horizons, as one more expert and choice of the gate, takes 0.3 %
// off recorded hours and adds as much to those of M4. Its short regression on logarithms,
// one for all horizons and learned online, takes 3 to 5 % off M4 and 0.5 % off recorded
// hours, and adds 2 to 3 % in the second week to loads that are quieter on weekends or
// closed on two days of the week; its long regressions do no better.
//
// # Why not the best model by score
//
// Which one is best changes within a day, and the choice is noisy where two are
// close. Weights lose little against the best in hindsight and often beat it,
// since errors of different methods partly cancel.
package auto

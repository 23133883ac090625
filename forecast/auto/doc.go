// Package auto is the entry point to the forecasters: a model by name, or the pool
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
// Two ladders run in parallel, one for the value at h and one for the maximum over the
// next h, each with its own weights and bounds; one step ahead they are the same. For a
// horizon between two rungs the experts forecast that horizon itself, while their weights
// and the distances of the bounds from the forecast are interpolated.
//
// An expert sleeps, which means that it has no forecast and no weight, until the history
// holds what it needs. So the pool is useful from the first samples: the last value comes
// first, after an hour the regressions on short lags, and after a day and a week the seasonal
// experts. For the first two days a network that was trained on loads of all kinds takes part
// as well (package prior); on recorded minutes it makes the error of the pool in that time up
// to a twentieth smaller.
//
// Zeros before the first value above zero are no history, unless the series rests for half as
// long later. On 171 recorded hours that six hours of zeros precede, the error on the second day
// would otherwise be twice as large, and that on the third and fourth a quarter larger.
//
// Fit estimates only the unit that values are divided by and the parameters of exponential
// smoothing, and finds the horizons at which the load comes in the rhythm of the forecasts that
// are learned from (slip.go). Everything else is learned online, in the filter, from values
// that came before each forecast. At hourly steps the filter estimates additive smoothing
// again whenever the history has grown by two fifths: the caller may not fit daily, and a
// short history does not contain the week.
//
// At hourly steps forecasts are few, and the middle of the weighted ones and the naive rules
// is used; see package combine.
//
// At hourly steps a calendar of kinds of days makes claims where a day ago and a week ago
// contradict each other, which happens too rarely to be learned from losses; see package
// calendar. Each rung trusts the calendar by how its claims have done against all experts
// together. While a claim is believed the experts learn nothing.
//
// When the level has clearly shifted, a filter at hourly steps begins anew with the history of
// the last weeks, moved to the new level; see the comment on pastSpan.
//
// # What else was tried at hourly steps
//
// With a fit every day, the median forecast of package ensemble is still 1 to 5 % better
// than the pool three to twelve hours ahead. Two parts of it were tried as further experts.
// Its median of a few good experts, chosen by their errors at all horizons and also offered
// to the gate, takes 0.3 % off the error on recorded hours and adds as much on M4. Its short
// regression on logarithms, one for all horizons and learned online, takes 3 to 5 % off on
// M4 and 0.5 % off on recorded hours. But in the second week it adds 2 to 3 % for loads that
// are quieter at weekends or closed on two days of the week. Its long regressions are not
// better.
//
// # Why not the best model by score
//
// Which model is best changes within a day, and the choice is noisy where two are
// close. Weights lose little against the best in hindsight and often beat it, because
// the errors of different methods partly cancel.
package auto

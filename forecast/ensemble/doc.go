// Package ensemble forecasts a whole path at once, as the weighted median of many cheap
// forecasters.
//
// # The idea
//
// Rules, analogs, mean days and weeks, exponential smoothing and lag regressions
// err in different ways. Each of them also forecasts from up to twenty-four earlier
// origins. Its weight is the inverse square of its mean absolute error there, relative to
// the others, where an error of a week ago counts half. The weighted median of the paths
// is not moved by one path that runs away. A naive rule that was clearly better than the
// combination replaces it. In the second week of a history no earlier origin can tell what
// a week ago is worth; the days that are there tell it instead, see witness.
//
// After a shift of the level the history before it is moved to the new level, see shift:
// the experts look a day and a week back, and would forecast the old one for days.
//
// A bound lies a number of scales away from the point. The number depends on the level of
// the quantile alone. The scale is the mean absolute error, per horizon, of the combination
// at the earlier origins, made with the weights known then, and drawn towards a growth with
// the square root of the horizon. It is taken in the unit of the metric and in logarithms,
// and the bounds of both are averaged, those that would have been better so far above all.
//
// Sources: Bates and Granger, The combination of forecasts, OR Quarterly 20
// (1969), for the weights; Petropoulos and Svetunkov, A simple combination of
// univariate models, IJF 36 (2020), for the median.
//
// # Why not weights per horizon
//
// On hourly series they win as often as they lose: two dozen origins are too few. And two
// dozen in place of sixteen, all of equal weight, follow a new level too late.
package ensemble

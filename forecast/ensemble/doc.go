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
// a week ago is worth. The days seen so far tell it instead, see witness.
//
// After a shift of the level, the history before it is moved to the new level, see Shift:
// the experts look a day and a week back, and would otherwise forecast the old level for
// days.
//
// A bound lies a number of scales away from the point. The number depends on the level of
// the quantile alone. The scale is the mean absolute error of the combination, per horizon,
// at the earlier origins, made with the weights known then, and shrunk towards a growth with
// the square root of the horizon. It is measured in the unit of the metric and in
// logarithms. The bounds of both are averaged, with most weight on those that would have been
// better so far.
//
// Sources: Bates and Granger, The combination of forecasts, OR Quarterly 20
// (1969), for the weights; Petropoulos and Svetunkov, A simple combination of
// univariate models, IJF 36 (2020), for the median.
//
// # Why not weights per horizon
//
// On hourly series they win as often as they lose, because two dozen origins are too few.
// Nor should all origins weigh the same: two dozen of equal weight follow a new level later
// than sixteen do.
package ensemble

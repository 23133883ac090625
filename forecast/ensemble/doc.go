// Package ensemble forecasts a path at once by the weighted median of many cheap
// forecasters.
//
// # The idea
//
// Rules, analogs, mean days and weeks, exponential smoothing and lag regressions
// err in different ways. Each forecasts from up to twenty-four earlier origins as
// well; its weight is the inverse square of its mean absolute error there, relative
// to the others, an error of a week ago counting half. The weighted median of the
// paths forgives the one that runs away. A naive rule that was clearly better than
// the combination replaces it. In the second week of a history, in which no origin can
// tell what a week ago is worth, the days there are tell it: see witness.
//
// Bounds lie a number of scales from the point: the scale is the mean absolute
// error of the combination at the earlier origins, made with the weights known
// then, per horizon and drawn towards the square root of the horizon; the number
// depends on the level of the quantile alone.
//
// Sources: Bates and Granger, The combination of forecasts, OR Quarterly 20
// (1969), for the weights; Petropoulos and Svetunkov, A simple combination of
// univariate models, IJF 36 (2020), for the median.
//
// # Why not weights per horizon
//
// Measured on hours, they win as much as they lose: two dozen origins are too few.
// That many in place of sixteen, all of one weight, follow a new level too late.
package ensemble

// Package input is what a network sees of a series: a few numbers per cell that
// do not depend on the level of the metric. It also turns the output of the network
// back into a value.
//
// # The idea
//
// One network serves series of any unit and size. A [View] therefore turns the
// value y of each cell into
//
//	z = log(1 + 10·y/L)                       L: mean of the last day
//
// and gives differences of z, each in units of what is usual for this series: its
// change from cell to cell (the noise n) and from day to day (the scale s). Over
// h steps a usual change is
//
//	u_h = s·n√h/(s + n√h)
//
// L, s and n are learned while the series runs and held for a day at a time,
// because the running state of the network was computed with them.
//
// Simple forecasts are given beside the [Feature] values, so that the network has to
// learn only what is better: a [Base] for each horizon, and anchors, which are the
// distances of other simple forecasts from it.
package input

// Package collector turns what a source of metrics delivers into what a model
// can learn from: samples at any time become cells of equal length.
//
// # The grid
//
// Cell borders are the whole multiples of the step since the Unix epoch, so that
// a restart, another replica and a replay all cut time at the same places. The
// value of the cell from a to b is the mean of the samples in (a, b]. The border
// sample closes its cell because that is what it speaks of: a range query that
// is evaluated at b over rate(…[step]) has looked back from b to a.
//
// A cell without a sample is NaN: an outage of the metric is not a demand of
// zero. The cell that is still open is left out, because half a cell would look
// like a dip at every step.
//
// # What is not a sample
//
// NaN and infinite values are refused, and negative ones: demand has none. Samples that
// are not newer than the one before are ignored. None of them stops the samples that
// follow.
//
// This package is pure; the sources live in the packages below it.
package collector

// Package train learns a network of package lstm from many series, in Go: seeded,
// and bit for bit repeatable on processors of one kind.
//
// # The idea
//
// [Run] cuts each series in time order into a part to learn from, a part that
// says when to stop, and a test part that takes no part in either. Lanes walk the
// series side by side, each with a state of its own that is carried from chunk to
// chunk, through the very view of a series that the network has when it serves; a
// step of Adam follows each chunk. The loss is the mean pinball loss over rungs,
// quantiles, and values and maxima, in units of the usual change at each rung, so
// that every series and every horizon counts alike.
//
// The network learns to correct a simple forecast, see package input: a network of
// zeros gives the naive forecast, and early stopping keeps that where nothing better
// was found.
//
// # Why not windows
//
// Training on windows starts each from a state of zeros, while a network in
// service carries one for weeks. Half of the walks begin at the first cell of a
// series and half at a random one, so that both a young and an old state are
// learned.
package train

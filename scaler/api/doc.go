// Package api holds the one specification of a predictively scaled target and
// its spellings.
//
// # The idea
//
// Three ways lead into forescale, and all of them carry the same specification: a
// Kubernetes object wraps [Spec], a backtest file is a Spec, and the metadata of
// a KEDA trigger is a flattened Spec, where a key is the JSON path joined by
// dots (scale.targetPerReplica). Durations and numbers are text in all three
// ("90s", "0.9"), so that the Kubernetes schema needs no floating point and a
// value copied from one place works in the next.
//
// Decoding is strict: an unknown key is a fault, because a typo must not become
// a default. Decoding and [Spec.Validate] return every fault at once, each led
// by its path, with the value found and what would be right.
//
// The package imports the standard library only, so that the core and every
// adapter can share it.
package api

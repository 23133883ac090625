// Package telemetry holds forescale's own metrics. Nothing registers itself: each
// set of metrics is made on the registerer that the caller hands in.
//
// # Why not the interceptors of go-grpc-middleware
//
// Their metric names are used here, so that existing dashboards fit, but not their
// code: they look up each counter by its labels on each call. A call to the external
// scaler is an answer from memory, so these look-ups would be a noticeable part of it.
// [RPC] resolves the counters of a method once.
package telemetry

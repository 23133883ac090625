// Package telemetry exports forescale's own Prometheus metrics: of gRPC calls ([RPC]), of
// workloads and their score ([Workloads]), and of the objects of a controller ([Objects]).
// Nothing registers itself: each set is registered with the registerer that the caller passes.
//
// # Why not the interceptors of go-grpc-middleware
//
// Their metric names are used here, so that existing dashboards fit, but not their
// code: they look up each counter by its labels on each call. A call to the external
// scaler is an answer from memory, so these look-ups would be a noticeable part of it.
// [RPC] resolves the counters of a method once.
package telemetry

// Package external answers KEDA: a gRPC server of the external scaler protocol
// that serves the demand of many workloads from memory.
//
// # The idea
//
// A trigger's metadata is the whole configuration of a workload. The first call
// about a trigger decodes its metadata, once, and hands the specification to a
// [Store], which reads, forecasts and decides on clocks of its own. Every later
// call compares the metadata with what is known, reads one answer from memory
// and returns it in KEDA's numbers. No call waits for a network.
//
//   - GetMetricSpec returns the name of the metric and the target. Both are static
//     configuration, so it succeeds for all valid metadata, even without any
//     data. KEDA calls it before anything else, and its fallback needs the answer.
//   - GetMetrics and IsActive read one [live.Answer]. Without an answer the first
//     is an error (the HPA holds, or KEDA falls back) and the second is true:
//     silence is not idleness.
//   - StreamIsActive pushes true at the moment demand is known to have returned.
//     It never pushes false: KEDA before 2.18 takes that to hold for all triggers of
//     the ScaledObject and scales it to zero.
//   - StreamMetricSpec sends the same as GetMetricSpec, at once and after each
//     change of the target.
//
// Streams end without an error (EOF for the client), also at shutdown: KEDA
// resets its reconnection delay only then.
//
// The metric is the demand on all replicas together, so the trigger's metricType
// must be AverageValue, KEDA's default: with Value the HPA would multiply it by
// the replicas once more. The protocol does not tell the server which type is set.
//
// # Names
//
// A workload is a trigger: namespace, ScaledObject and metric name. The name is
// the metadata key metricName or else a digest of the query, so that two triggers
// of one ScaledObject do not meet. If two do meet, with different metadata under
// one name, their calls alternate; that is detected and refused, because otherwise
// each poll would restart the workload.
//
// # Why not push the learned target
//
// A latency objective makes the target per replica a learned number, and
// StreamMetricSpec could push it. But value and target reach an HPA in different
// ways and at different times. The target comes by a rewrite of the HPA, which only
// KEDA 2.21 with external-push does, and from one of several replicas of this server
// whose learned numbers differ. The value comes by the next query, from any of them.
// A value in terms of one target divided by another is a wrong replica count.
// So the target on the wire is constant: targetPerReplica if it is given, else
// 1. The value carries what was learned: it is demand times wire target over
// learned target. The HPA uses only the quotient of both, which is exact at every
// instant, on every version.
//
// # Size
//
// The package is longer than others here because there are two paths from a request
// to its trigger: the plain one through the generated code (registry.go,
// trigger.go, metadata.go), and a fast one for metadata seen before (wire.go).
package external

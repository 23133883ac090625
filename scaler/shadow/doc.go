// Package shadow keeps score of a workload while it runs: what its replicas cost and how
// long they were too few, beside two autoscalers that have no forecast.
//
// # The idea
//
// A backtest says what forescale would have been worth on last month's load. Whether that
// still holds in the cluster shows only if somebody keeps score, and in mode Shadow, where
// forescale does not act, there is nothing else to judge by. Demand is observed whatever
// was ready for it, so other autoscalers can be scored without running them on the target:
// an [HPA] stands for each of them, in memory, on the same samples.
//
// A [Score] runs three, the [Policies]. The first follows what forescale asks for. The
// others follow the observed demand, one with the same target per replica and one at 70 %
// of it, the headroom that people buy when they have no forecast. Each decides every 15 s,
// and its new replicas serve one start-up later. The first never goes below what its answers
// ask for. It has no tolerance, and a shorter stabilization window: that which is recommended
// for an HPA under a floor of forescale, or behind its answers.
//
// # What is counted
//
// Replica-seconds are those of the replicas that the autoscaler wants, starting ones
// included. A policy is short while its ready replicas are too few to keep the latency
// objective at the observed demand. Without an objective it is short while demand is more
// than a tenth above what they serve at the target per replica: a tenth is the deviation at
// which an HPA acts, and a target should lie about a tenth below what a replica can carry.
// Both are estimates: all start-ups take the lead time, and nothing queues up. Silence is
// not scored.
//
// Package reactive runs the same [HPA] to bound what a forecast may miss and cost.
//
// The sums only grow, as counters do. For a window of time take the difference at its ends,
// as Prometheus's increase() does.
package shadow

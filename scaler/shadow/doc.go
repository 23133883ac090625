// Package shadow keeps the score of a workload while it runs: what its replicas cost
// and how long they were too few, beside two autoscalers that have no forecast.
//
// # The idea
//
// A backtest says what forescale would have been worth on last month's load. Whether
// that holds, a cluster tells only if somebody counts, and in mode Shadow, where
// nothing is acted on, there is nothing else to decide by. Demand is observed whatever
// was ready for it, so that what other counts would have been worth is known without
// having them: an [HPA] is run for each of them, in memory, on the same samples.
//
// A [Score] runs three, the [Policies]: one that follows what forescale asks for, one
// on the observed demand with the same target per replica, and one on the observed
// demand at 70 % of that target, the headroom that people buy when they have no
// forecast. Each goes up at a sync of 15 s, and its new replicas serve one start-up
// later. The first never goes below what its answers ask for, and need not wait for
// the tolerance and the stabilization that stand between an HPA and a raw metric.
//
// # What is counted
//
// Replica-seconds are those that the autoscaler wants, starting ones included.
// A policy is short while its ready replicas are fewer than keep the latency objective
// at the observed demand; without an objective, while that is more than a tenth above
// what they serve at the target per replica: a tenth is the deviation from which on an
// HPA acts, and a target is to lie about a tenth below what a replica can carry. Both
// are estimates: start-ups all take the lead time, and nothing queues up. A silence is
// not scored.
//
// Package reactive runs the same [HPA] to bound what a forecast may miss and cost.
//
// The sums only grow, as counters do; who wants a window takes their differences, as
// Prometheus's increase() does.
package shadow

// Package reactive runs the autoscaler that would be there without a forecast, beside
// ours and on the same demand, and keeps account of the harm that ours does.
//
// # The autoscaler
//
// A forecast may not do harm: neither miss the objective for longer than the autoscaler
// that would be there without it, nor cost more. An [Autoscaler] is that one, an HPA at
// 70 %, run in memory ([shadow.HPA]). It says for how long it would have had too few
// replicas, and what it would have cost, in replica-seconds with starts and ends. Both
// are estimates: demand as it was observed, a fixed time to start.
//
// # The guard
//
// A [Guard] books who missed what: what an HPA's cautious target would have kept is a
// jump that nothing foretells, and no quantile of the past provides for it as surely as
// that count does. While ours has missed more, the count of the autoscaler, or most of it,
// is not undercut, and all of it right after a miss that was no burst's and where the bill
// leaves room; where it never would have, its cost is saved. What is held so is on the
// bill, but on an account of its own: were it to widen the budgets of package pacing,
// bursts would be met no better than by the autoscaler, and the harm would stay for which
// it is held. It is not let go for the bill: without it harm only grows.
//
// Package shadow runs the same HPA to tell the user what others would have done; nothing
// follows from its score. Everything here is pure, of fixed size, and dumps as JSON.
package reactive

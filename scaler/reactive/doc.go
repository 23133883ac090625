// Package reactive runs the autoscaler that would be there without forescale, on the same
// demand and in memory, and keeps account of the harm that forescale does beside it.
//
// # The autoscaler
//
// A forecast must do no harm: it may neither miss the objective for longer than the
// autoscaler that would be there without it, nor cost more. [Autoscaler] is that one, an
// HPA at 70 % ([shadow.HPA]). It says for how long it would have had too few replicas, and
// what it would have cost in replica-seconds, starts and ends included. Both are estimates:
// they take demand as it was observed, and a fixed start-up time.
//
// # The guard
//
// A [Guard] books who missed what. An HPA's cautious target keeps the objective through
// jumps that nothing foretells, and no quantile of the past provides for these as surely as
// that HPA's count does. While forescale has missed more, it therefore does not go below
// that count, or most of it; right after a miss, if no burst was the reason and the bill
// leaves room, not below all of it. Where forescale has missed no more, the cost of
// that count is saved.
//
// What is held like this is on the bill, but on an account of its own. If it widened the
// budgets of package pacing, bursts would be met no better than by the autoscaler, and the
// harm it is held for would stay. Nor is it dropped for the sake of the bill: without it
// harm only grows.
//
// Package shadow runs the same HPA to tell the user what others would have done; nothing
// follows from that score. Everything here is pure, of fixed size, and dumps as JSON.
package reactive

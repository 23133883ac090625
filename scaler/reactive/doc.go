// Package reactive runs the autoscaler that would be there without forescale, on the same
// demand and in memory, and keeps account of the harm that forescale does beside it.
//
// # The autoscaler
//
// A forecast must do no harm: it may neither miss the objective for longer than the
// autoscaler that would be there without it, nor cost more. [Autoscaler] is that one, an
// HPA at 70 % ([shadow.HPA]). It tells for how long that HPA would have had too few
// replicas, and what it would have cost in replica-seconds, starts and ends included. Both
// are estimates: they take demand as it was observed, and a fixed start-up time.
//
// # The guard
//
// A [Guard] keeps account of who missed what. An HPA's cautious target keeps the objective
// through jumps that nothing foretells, and no quantile of the past provides for these as
// surely as that HPA's count does. While forescale has missed more, it therefore does not go
// below most of that count. Right after a miss it does not go below the whole count, unless
// a burst was the reason or the bill leaves no room. While forescale has missed no more, the
// cost of that count is saved.
//
// The replicas that are held like this are on the bill, but on an account of their own. If
// their cost lowered the quantile of package pacing, bursts would be met no better than by
// the autoscaler, and the harm that they are held for would stay. Nor are they dropped for
// the sake of the bill, because without them harm only grows.
//
// Package shadow runs the same HPA to show the user what others would have done; no decision
// follows from that score. Everything here is pure, of fixed size, and dumps as JSON.
package reactive

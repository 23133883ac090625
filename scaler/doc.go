// Package scaler turns demand into a replica count by named rules.
//
// # The idea
//
// [DemandAt] reads from a forecast what has to be carried one lead time ahead.
// [Replicas] (or package capacity, under a latency objective) turns demand into
// the count that carries it. [Decide] then applies the rules that protect a
// running service, each of which leaves a [Step] in the trail when it changes
// the count:
//
//	ScalingDisabled      at zero by somebody else's hand: stay there
//	NoData               demand unknown: hold; silence is no proof of idleness
//	BillLimit            what an autoscaler without a forecast would have now,
//	                     while forecasts have cost more than it
//	Activated, Inactive  demand against the activation threshold, if zero is allowed
//	WithinTolerance      too small a change to act on
//	ScaleUpStabilized    a lower recommendation is still recent      (behavior)
//	ScaleDownStabilized  a higher recommendation is still recent     (behavior)
//	BreakEvenHold        dropping and restarting would cost more     (no behavior)
//	Burst                one lasts, or is likely within the lead time
//	Cooldown             the last replica stays for five minutes
//	ScaleUpLimit         the policies allow no faster growth         (behavior)
//	ScaleDownLimit       nor faster shrinking
//	TooManyReplicas      cut to maxReplicas
//	TooFewReplicas       raised to minReplicas
//	ReactiveGuard        what an autoscaler without a forecast would have now,
//	                     while forecasts have missed more than it
//
// With scale.behavior the rules are those of autoscaling/v2, checked against the
// port of the HPA in bench/replay/hpa; Burst and ReactiveGuard, which an HPA does not
// know, come before them, so that what they ask for keeps to the limits that were
// set. Without it the rules are our own: up at once;
// down when a replica has not been needed for as long as starting it anew would
// take and cost, and by at most ten percent a minute, except for what came within
// a quarter of an hour. A small step down, see [SmallStep], waits for [Input.Calm]
// without a break: what a quantile of noise moves to and fro is not worth the starts,
// and what is kept meets some of what would be missed. What a burst asked for goes when
// it has passed: its end is known, so there is nothing to hold against. The guard has
// held its count for as long as that autoscaler does, and goes with it.
//
// # Break even
//
// A replica that is dropped and needed again costs its start-up and the grace of
// its end, d + g, without serving; one that is kept costs the gap. Without
// knowledge of the future, "keep for d + g, then drop" never costs more than
// twice the optimum, and no deterministic rule does better: the ski-rental
// problem, applied to each replica by itself (Lin, Wierman, Andrew and Thereska,
// Dynamic Right-Sizing for Power-Proportional Data Centers, INFOCOM 2011). Held
// for each replica, it is the maximum of the recommendations over d + g.
//
// # Why not the HPA's own rules throughout
//
// A floor that is removed has no stabilization in the HPA: while the count is
// below minReplicas the HPA records no recommendation, so that it may drop by
// any number at the next sync. The way down must therefore be ours. And five
// minutes of stabilization is a fixed price; break-even follows the start-up
// time of the workload.
//
// # The packages below
//
// Pure, each an answer to one question:
//
//   - api: what does the user want: the specification, in three spellings
//   - model: what will demand be, as far as it is usual
//   - nowcast: what is it now, from samples that come late or not at all
//   - burst: does a burst last, or is one likely
//   - trust: has the forecast earned to act
//   - pacing: at which quantile, for a violation target
//   - trial: what would other quantiles have missed
//   - reactive: what would the autoscaler have missed and cost that would be there else
//   - capacity: what does a replica carry, stated as a queue or learned
//   - staffing: how many replicas carry a demand, by what is known of them
//   - shadow: how would autoscalers without a forecast have done
//   - engine: all of it, from samples to decisions: the one thing that is replayed and
//     runs
//
// In the world, each named after the piece of it that it touches:
//
//   - live: clocks, locks, goroutines and sources of many workloads
//   - external: KEDA's gRPC protocol
//   - hpa: the floor of somebody else's autoscaler
//   - controller: the objects of a cluster; below it doctor, who looks for faults
//   - explain: our own gRPC API
//   - telemetry: our own metrics
//
// Package scaler itself is pure: time is an argument, the state goes in and out, and
// [Record] replays a decision bit for bit.
package scaler

// Package scaler turns demand into a replica count by named rules.
//
// # The idea
//
// [DemandAt] reads from a forecast the demand within one lead time.
// [Replicas] (or package capacity, under a latency objective) turns demand into
// the count that carries it. [Decide] then applies the rules that protect a
// running service. A rule that changes the count leaves a [Step] in the trail:
//
//	ScalingDisabled      somebody else scaled to zero: stay there
//	NoData               demand unknown: hold; silence is no proof of idleness
//	BillLimit            no more than an autoscaler without a forecast would have now,
//	                     while forecasts have cost more than it
//	Activated, Inactive  demand against the activation threshold, if zero is allowed
//	WithinTolerance      too small a change to act on                (behavior)
//	ScaleUpStabilized    a lower recommendation is still recent      (behavior)
//	ScaleDownStabilized  a higher recommendation is still recent     (behavior)
//	BreakEvenHold        stopping and restarting would cost more     (no behavior)
//	Burst                one lasts, or is likely within the lead time
//	Cooldown             the last replica stays for five minutes     (no behavior)
//	ScaleUpLimit         the policies allow no faster growth         (behavior)
//	ScaleDownLimit       no faster shrinking is allowed
//	TooManyReplicas      cut to maxReplicas
//	TooFewReplicas       raised to minReplicas
//	ReactiveGuard        no less than an autoscaler without a forecast would have
//	                     now, in the first day, and while forecasts have missed more
//	                     than it; a target at zero stays there
//
// With scale.behavior the rules are those of autoscaling/v2, checked against the
// port of the HPA in bench/replay/hpa. Burst and ReactiveGuard, which an HPA does not
// have, come before them, so that they too keep to the limits that were set.
//
// Without scale.behavior the rules are our own. The count goes up at once. A replica is
// removed when it has not been needed for as long as starting it anew would take and cost.
// At most ten percent go in a minute, not counting replicas that were added within the last
// quarter of an hour. A small step down, see [SmallStep], also waits until it has been asked
// for throughout [Input.Calm]: the flutter of a quantile over noise is not worth the starts,
// and the replicas that are kept prevent some misses. The replicas of a burst go as soon as
// the burst has passed, because its end is known. Those of the guard go when the autoscaler
// that it follows lets them go, after a hold of its own.
//
// # Break even
//
// A replica that is stopped and needed again costs its start-up time and the grace period
// of its end, d + g, without serving. One that is kept costs the time in between. Without
// knowledge of the future, "keep for d + g, then stop" never costs more than
// twice the optimum, and no deterministic rule does better: this is the ski-rental
// problem, applied to each replica by itself (Lin, Wierman, Andrew and Thereska,
// Dynamic Right-Sizing for Power-Proportional Data Centers, INFOCOM 2011). Over all
// replicas the rule is the maximum of the recommendations over the last d + g.
//
// # Why not the HPA's own rules throughout
//
// The HPA does not stabilize after a floor is removed: while the count is below
// minReplicas it records no recommendation, so it may drop by any number at the next sync.
// The way down must therefore be ours. Besides, five minutes of stabilization is a fixed
// price, while break-even follows the start-up time of the workload.
//
// # The packages below
//
// Pure packages, each of which answers one question:
//
//   - api: what does the user want (the specification, in three spellings)
//   - model: what will the usual demand be
//   - nowcast: what is demand now, from samples that come late or not at all
//   - burst: is a burst going on, or likely
//   - trust: has the forecast earned the right to act
//   - pacing: which quantile keeps a violation target
//   - trial: what would other quantiles have missed
//   - reactive: what would an autoscaler without a forecast have missed and cost
//   - capacity: what does a replica carry, stated as a queue or learned
//   - staffing: how many replicas carry a demand
//   - shadow: how would autoscalers without a forecast have done, for the user to see
//   - engine: all of it, from samples to decisions; the one thing that both the replay and
//     the server run
//
// Packages that touch the outside world, named after the part that they touch:
//
//   - live: clocks, locks, goroutines and metric sources of many workloads
//   - external: KEDA's gRPC protocol
//   - hpa: the floor of somebody else's autoscaler
//   - controller: the objects of a cluster; below it doctor, which looks for faults
//   - explain: our own gRPC API
//   - telemetry: our own metrics
//
// Package scaler itself is pure: time is an argument, and the state goes in and comes out.
// [Record] replays a decision bit for bit, [AnswerRecord] an answer.
package scaler

// Package forescale holds the policies of the replay that are forescale itself:
// each drives an [engine.Workload], the one that serve drives.
//
// A policy sees what serve sees: rate() of the ingress counter every five seconds, the
// same at the end of each cell for the model, replicas and ready replicas. It calls the
// same two methods of the workload, Decide and Answer. Given the same samples, spec and
// history it gives the same answers as a live.Store, bit for bit; a test compares the two.
// Its input differs from that of serve:
//
//   - The model is fitted once, on as much of the history before the run as metric.history
//     says, and not anew each day; it still learns cell by cell.
//   - metric.step must be of whole minutes.
//   - What a replica carries is stated and not learned, as for all rivals: by
//     scale.targetPerReplica or scale.service of the spec, or else by the pods of the
//     replay.
//   - Behind KEDA, serve reads ready replicas, and the latency if metric.latencyQuery is
//     given, at the end of each cell; the policy reads them at each scrape.
//
// [Oracle] is the same decision rule fed with the true future. Its cost over that of the
// optimum is the price of the rules; the cost of the floor over that of Oracle is the price
// of the forecast.
package forescale

// Package forescale holds the policies of the replay that are forescale itself:
// each drives an [engine.Workload], the one that serve drives.
//
// A policy sees what serve sees: rate() of the ingress counter every five
// seconds, the same at the end of each cell for the model, replicas and ready
// replicas. It differs from serve in two things. The
// model is fitted once, on the history before the run, and not anew each day; it
// keeps learning cell by cell all the same. And what a replica carries is stated, by
// scale.targetPerReplica of the spec or else by the configuration of the replay, as
// it is for all rivals, not learned. From then on both ask the workload the same two
// questions, Decide and Answer.
//
// [Oracle] is the same decision rule fed with the true future: what it still
// costs more than the optimum is the price of the rules, what the floor costs
// more than it is the price of the forecast.
package forescale

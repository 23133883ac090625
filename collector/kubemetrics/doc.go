// Package kubemetrics reads the CPU use of pods from the resource metrics API,
// metrics.k8s.io, which the metrics server of the cluster serves.
//
// # The idea
//
// The API knows only the present: one window per pod, which ended seconds ago.
// forescale takes from it the rate of demand at which the processors will be full,
// and nothing else; see scaler/capacity.
//
// # Why not forecast from it
//
// It has no past, and a forecast needs a fortnight of it. Besides, CPU use is capped
// by the limits of the pods, so that it depends on the scaler exactly when it matters.
// Where CPU is the only measure of demand, Prometheus has it too, with its past.
package kubemetrics

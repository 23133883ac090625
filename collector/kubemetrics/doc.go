// Package kubemetrics reads what pods use of their processors from the resource
// metrics API, metrics.k8s.io, which a metrics server of the cluster serves.
//
// # The idea
//
// The API knows the present alone: per pod one window that ended seconds ago. It
// says at which rate of demand the processors will be full, and nothing else that
// forescale asks; see scaler/capacity.
//
// # Why not forecast from it
//
// It has no past, and a forecast needs a fortnight of it; and CPU in use ends where
// the pods' limits are, so that it answers to the scaler exactly when it matters.
// Where CPU is the only measure of demand it is in Prometheus too, with its past.
package kubemetrics

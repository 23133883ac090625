// Package hpa ports the decision of the Kubernetes HorizontalPodAutoscaler
// (autoscaling/v2) to a pure value: numbers in, a replica count out, no API
// server, no clock.
//
// # The idea
//
// An [Autoscaler] holds what the controller keeps in memory for one HPA: recent
// recommendations and scale events. [Autoscaler.Sync] is one reconciliation:
//
//	replicas 0                     → disabled, unless the HPA itself went to zero
//	replicas above max             → max            no metrics, no window, no limit
//	replicas below min             → min            nor is a recommendation recorded
//	otherwise m = the largest proposal of the metrics (a failing one blocks shrinking)
//	  behavior nil:   s = max(m, recommendations of the last 300 s);
//	                  at most max(2·replicas, 4), within min and max
//	  behavior given: the lowest and the highest recommendation of the two
//	                  windows, then the policies of the direction, then min and max
//
// A [Metric] proposes a count: [ExternalAverage] and [ExternalValue] for
// External and Object metrics, [Utilization] for a resource in percent of its
// request, [PodsAverage] for a resource or a Pods metric as a plain average.
// The last two know unready, missing, failed and deleted pods.
//
// The controller calls Sync every 15 s, and from Kubernetes 1.37 also at once
// after a change of the HPA's spec; the caller keeps that timing.
//
// # What documentation leaves out
//
// The count at the first sync is recorded as a recommendation. Without a
// behavior a recommendation exactly as old as the window counts, with one it
// does not. Utilization is truncated to a whole percent. The multiplication is
// by the pods that have metrics, not by the replicas. A slot of an outdated scale
// event is reused even where the policies of the other direction look back
// further. The tests of the module in ../differential drive the real controller
// through the same input and demand equality; testdata holds traces of it.
//
// Source: Kubernetes v1.36.3, pkg/controller/podautoscaler (horizontal.go,
// replica_calculator.go, metrics/utilization.go) and
// pkg/apis/autoscaling/v2/defaults.go, of which this is an independent
// implementation.
//
// # Why not float64 metrics
//
// The controller sees milli-units as int64, and its integer divisions decide at
// the edges. [Milli] converts the way KEDA does.
package hpa

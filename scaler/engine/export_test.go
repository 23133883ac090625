package engine

import "github.com/forescale/forescale/scaler"

// DemandAt is [demandAt].
var DemandAt = demandAt

// Promised returns how many promises were made, the void ones left out.
func (w *Workload) Promised() int { return len(w.gate.Open) + w.gate.Count }

// Need is [Workload.need].
func (w *Workload) Need(d scaler.Demand) float64 { return w.need(d) }

// ReactiveCost returns the replica-seconds that the bill of the reactive autoscaler holds.
func (w *Workload) ReactiveCost() float64 { return w.pacer.Cost() }

package engine

import "github.com/forescale/forescale/scaler"

// Need is [Workload.need].
func (w *Workload) Need(d scaler.Demand) float64 { return w.need(d) }

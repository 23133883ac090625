package engine

import (
	"math"
	"time"
)

// The levels at which a distribution of demand is read for its average, and the share
// of it that each stands for: tenths up to nine tenths, and then ever finer, because
// objectives are missed at the rare highs. They end at 0.997: with an objective of more than p99
// and a demand that is uncertain by three tenths, three times as many are late as permitted.
//
//nolint:gochecknoglobals // tables
var (
	averageLevels = [...]float64{0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.925, 0.9625, 0.98125, 0.990625, 0.996875}
	averageShares = [...]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.00625}
)

// averaged returns the least count that keeps the latency objective on average over
// the distribution of the highest demand within the lead time, where demand counts for at
// least what is observed. This is one margin for the uncertainty of the forecast and the
// fluctuation of the queue, with no level to choose. It refers to the last call of Demand,
// and takes some tens of microseconds for a service of some tens of replicas.
//
// It returns −1 if the spec does not ask for an average, and while there is no
// distribution: without a trusted forecast, or while demand is not observed.
func (w *Workload) averaged(now time.Time) int32 {
	f, d := w.Forecast(), w.parts.steady
	if !w.spec.Forecast.Average || f == nil || w.model.Idle() || !w.gate.Trusted() || math.IsNaN(d.Observed) || math.IsNaN(d.Predicted) {
		return -1
	}
	least := d.Observed
	if w.need(d) < least { // a forecast that has earned to take
		least = 0
	}
	var demands [len(averageLevels)]float64
	for i, level := range averageLevels {
		demands[i] = max(w.expected(f, level, now)+w.parts.Surprise, least)
	}
	return w.staffing.Averaged(demands[:], averageShares[:])
}

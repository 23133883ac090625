package scaler

import (
	"encoding/json"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
)

// Demand is the load to provide for, summed over replicas, in the unit of the
// metric. NaN means unknown. In JSON an unknown value is null.
type Demand struct {
	Observed  float64 // now
	Predicted float64 // the highest that the forecast expects within the lead time
}

// Unknown returns a demand with both values unknown.
func Unknown() Demand { return Demand{Observed: math.NaN(), Predicted: math.NaN()} }

// Need returns the larger of the two values, the known one if only one is known, and NaN
// if none is. So a forecast may add to what is observed but never take from it.
func (d Demand) Need() float64 {
	switch {
	case math.IsNaN(d.Predicted):
		return d.Observed
	case math.IsNaN(d.Observed):
		return d.Predicted
	}
	return max(d.Observed, d.Predicted)
}

type demandJSON struct {
	Observed  *float64 `json:"observed"`
	Predicted *float64 `json:"predicted"`
}

// MarshalJSON implements json.Marshaler.
func (d Demand) MarshalJSON() ([]byte, error) {
	return json.Marshal(demandJSON{known(d.Observed), known(d.Predicted)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Demand) UnmarshalJSON(text []byte) error {
	var j demandJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*d = Unknown()
	if j.Observed != nil {
		d.Observed = *j.Observed
	}
	if j.Predicted != nil {
		d.Predicted = *j.Predicted
	}
	return nil
}

func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// DemandAt returns the quantile level of the highest demand within [from, to],
// in the unit of the metric.
//
// While from lies in the first cell of f, the cell of to counts in proportion to how far to
// lies into it, so that the result moves smoothly with the clock; otherwise cells count as a
// whole. Time outside the forecast is ignored. DemandAt returns NaN if no time remains: f is nil
// or empty, the forecast ends before from, or to lies before from. It does not allocate.
//
// The forecast has maxima only of windows that begin at its first cell. The maximum of a window
// that begins later is taken to be its highest cell, scaled by the ratio of the maximum from the
// first cell on to the highest cell of that longer window.
func DemandAt(f *forecast.Forecast, level float64, from, to time.Time) float64 {
	if f == nil || f.Horizon() == 0 || f.Step <= 0 || to.Before(from) {
		return math.NaN()
	}
	first := max(float64(from.Sub(f.Start))/float64(f.Step), 0)
	last := min(float64(to.Sub(f.Start))/float64(f.Step), float64(f.Horizon()))
	i, h := int(first), cellOf(last)
	if i >= f.Horizon() || last < 0 || h < i {
		return math.NaN()
	}
	peak := peakUntil(f, level, last)
	if i == 0 {
		return peak
	}
	whole, part := 0.0, 0.0
	for k := range h + 1 {
		v := f.Quantile(f.Values[k], level)
		whole = max(whole, v)
		if k >= i {
			part = max(part, v)
		}
	}
	if whole <= 0 {
		return peak
	}
	return max(part, peak*min(part/whole, 1))
}

// peakUntil reads the maximum up to last, in cells after the start of f.
func peakUntil(f *forecast.Forecast, level, last float64) float64 {
	h := cellOf(last)
	end := f.Quantile(f.Peaks[h], level)
	if h == 0 {
		return end
	}
	start := f.Quantile(f.Peaks[h-1], level)
	return start + (end-start)*min(last-float64(h), 1)
}

// cellOf returns the cell whose time holds the instant x, in cells; a border
// belongs to the cell that ends there.
func cellOf(x float64) int { return max(int(math.Ceil(x))-1, 0) }

// Replicas returns the smallest count that carries need when each replica
// carries target: need/target, rounded up except for the noise of floating point
// (3.0000000001 is 3), within 0 and 2³¹−1. It returns −1, unknown, if need or
// target is NaN or target is not positive.
func Replicas(need, target float64) int32 {
	if math.IsNaN(need) || !(target > 0) {
		return -1
	}
	return Ceil(need / target)
}

// Ceil rounds x up to a count, within 0 and 2³¹−1. A fraction below one part in
// 10⁹ of x, or of 1 if x is less, is noise and does not count. NaN yields −1, unknown.
func Ceil(x float64) int32 {
	const noise = 1e-9
	switch {
	case math.IsNaN(x):
		return -1
	case x <= 0:
		return 0
	case x >= math.MaxInt32:
		return math.MaxInt32
	}
	n := math.Ceil(x - noise*max(x, 1))
	return int32(max(n, 0))
}

package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
)

// Scales is the number of scales that an origin is described by.
const Scales = 7

// The scales, in the unit of the forecast.
const (
	fast       = iota // recent mean size of the error
	slow              // long-run mean size
	hourly            // mean size at this time of day
	ratio             // proportional to the forecast
	volatility        // follows the newest one-step errors
	spread            // follows the disagreement of the experts
	joint             // product of powers of the others
)

// Slots is the number of times of day that errors are kept apart for.
const Slots = 24

// An Origin is what is known when a bound is issued.
type Origin struct {
	Point      float64 // the forecast, ≥ 0
	Volatility float64 // newest one-step errors over their long-run size; 1 = as usual
	Spread     float64 // mean distance of the experts from the forecast, unit of the forecast
	Slot       int     // time of day that is forecast, 0 to Slots−1
}

// scale learns how large the errors of one rung are.
type scale struct {
	fast, slow, ratio, spread float32
	slots                     [Slots]direct.Small
	model                     direct.Regression
	n                         int32
}

const (
	leastPower = 0.1 // an error of zero counts as this share of the long-run size
	mostRatio  = 10  // an error beyond this multiple of the forecast is not in proportion to it
	fastRate   = 0.02
	slotRate   = 1.0 / 120
)

func newScale() scale { return scale{model: *direct.NewRegression(joint, 1)} }

// measure writes the scales for an origin, none below floor.
func (s *scale) measure(dst *[Scales]float64, o Origin, floor float64) {
	base := max(float64(s.slow), floor)
	dst[fast] = max(float64(s.fast), floor)
	dst[slow] = base
	dst[hourly] = max(s.slots[o.Slot].Float(), floor)
	dst[ratio] = max(float64(s.ratio)*o.Point, floor)
	dst[volatility] = max(base*clamp(o.Volatility), floor)
	dst[spread] = base
	if s.spread > 0 {
		dst[spread] = max(base*clamp(o.Spread/float64(s.spread)), floor)
	}
	var x [joint]float32
	powers(&x, dst)
	dst[joint] = max(base*clamp(math.Exp(s.model.Predict(0, x[:])-s.model.Predict(0, neutral[:]))), floor)
}

var neutral = [joint]float32{joint - 1: 1} //nolint:gochecknoglobals // a constant table

// clamp keeps a factor on the long-run size within reason.
func clamp(f float64) float64 { return max(0.05, min(f, 20)) }

// powers writes the logarithms of the scales over the long-run one, and a one.
func powers(x *[joint]float32, scales *[Scales]float64) {
	base := scales[slow]
	x[0] = float32(math.Log(scales[fast] / base))
	x[1] = float32(math.Log(scales[hourly] / base))
	x[2] = float32(math.Log(scales[ratio] / base))
	x[3] = float32(math.Log(scales[volatility] / base))
	x[4] = float32(math.Log(scales[spread] / base))
	x[5] = 1
}

// learn takes the size of an error whose origin had the scales then.
func (s *scale) learn(size float64, then *[Scales]float64, o Origin, t *Timing) {
	var x [joint]float32
	powers(&x, then)
	target := math.Log(min(size/then[slow], 1e3) + leastPower)
	s.model.Learn(x[:], [direct.MaxTargets]float64{target}, t.tuning)
	s.n++
	warm := 1 / float32(s.n)
	e := float32(size)
	s.fast += max(warm, fastRate) * (e - s.fast)
	s.slow += max(warm, float32(t.Slow)) * (e - s.slow)
	s.ratio += max(warm, fastRate) * (float32(min(size/max(o.Point, then[slow]/10), mostRatio)) - s.ratio)
	s.spread += max(warm, float32(t.Slow)) * (float32(o.Spread) - s.spread)
	slot := s.slots[o.Slot].Float()
	if slot == 0 {
		slot = float64(s.slow)
	}
	s.slots[o.Slot] = direct.ToSmall(slot + max(float64(warm), t.Slot)*(size-slot))
}

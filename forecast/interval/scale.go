package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/elementary"
)

// The scales, in the unit of the forecast.
const (
	slow       = iota // long-run mean size of the error
	relative          // proportional to the forecast
	volatility        // follows the newest one-step errors
	spread            // follows the disagreement of the experts
	joint             // product of powers of the others
	fromLast          // recent mean distance of the truth from the last value
	hourly            // mean size at this time of day
	beside            // disagreement of the experts of the other ladder
	scales
)

// Slots is the number of times of day that errors are kept apart for.
const Slots = 24

// An Origin is what is known when a bound is issued.
type Origin struct {
	Point      float64 // the forecast, ≥ 0
	Volatility float64 // newest one-step errors over their long-run size; 1 = as usual
	Spread     float64 // mean distance of the experts from the forecast, unit of the forecast
	Beside     float64 // Spread of the other ladder: that of the maximum if this is of the value, and the other way round
	Highest    float64 // the highest of the forecasts there are; none below Point counts
	Prior      float64 // mean size of the errors to expect while few have been seen, see [Prior]; 0 = unknown
	Slot       int     // time of day that is forecast, 0 to Slots−1

	// Views are other forecasts of the same, the last value first; NaN = none.
	Views [Views]float32
}

// Views is the number of other forecasts that an origin has.
const Views = 7

// last is the place of the last value among the views.
const last = 0

// scale learns how large the errors of one rung are.
type scale struct {
	slow, relative, spread, fromLast float32
	slots                            [Slots]direct.Small
	joint                            [3 + powersOf*(powersOf+1)/2 + 2*powersOf]float32 // what direct.View reads
}

const (
	leastPower = 0.1 // an error of zero counts as this share of the long-run size
	mostAway   = 30  // a forecast farther from the last value, in long-run sizes, is taken to be so far
	mostRatio  = 10  // an error beyond this multiple of the forecast is not in proportion to it
	fastRate   = 0.02
	slotRate   = 1.0 / 120
)

// powersOf is the number of regressors of the joint scale.
const powersOf = 7

// model returns the regression of the joint scale on the others.
func (s *scale) model() direct.Regression { return direct.View(s.joint[:], powersOf, 1) }

// Prior returns the mean size of errors to expect h steps ahead before there are any,
// if it is size at the shorter horizon of before steps. The errors of a random walk
// grow with the root of the horizon and those of noise not at all; loads lie between.
func Prior(size float64, before, h int) float64 {
	const growth = 0.25
	return size * math.Pow(float64(h)/float64(before), growth)
}

// measure writes the scales for an origin, none below floor. The errors seen have the
// share known in those that are means of them, what is expected of errors the rest.
func (s *scale) measure(m *Memo, o Origin, known, floor float32) {
	usual := known*s.slow + (1-known)*float32(o.Prior)
	m.slow = direct.ToSmall(float64(max(usual, floor)))
	base, disagreement := float32(m.slow.Float()), float32(1)
	if s.spread > 0 {
		disagreement = clamp(float32(o.Spread) / s.spread)
	}
	m.write(hourly, float32(s.slots[o.Slot].Float()), base, floor)
	m.write(relative, known*s.relative*float32(o.Point)+(1-known)*base, base, floor)
	m.write(volatility, base*clamp(float32(o.Volatility)), base, floor)
	m.write(spread, base*disagreement, base, floor)
	m.write(fromLast, known*s.fromLast+(1-known)*base, base, floor)
	m.write(beside, base*clamp(float32(o.Beside)/base), base, floor)
	var x [powersOf]float32
	powers(&x, m, o)
	model := s.model()
	power := model.Predict(0, x[:]) - model.Coefficient(0, powersOf-1)
	m.write(joint, base*clamp(float32(elementary.Exp(power))), base, floor)
}

// compare takes by how much the experts disagree, of which no truth needs to come. Before a
// rate has seen 1/rate errors warm, one over their number, stands in for it; so too in
// learn.
func (s *scale) compare(disagreement float64, warm float32, t *Timing) {
	s.spread += max(warm, float32(t.Slow)) * (float32(disagreement) - s.spread)
}

// clamp keeps a factor on the long-run size within reason.
func clamp(f float32) float32 {
	switch {
	case f > 20:
		return 20
	case f > 0.05:
		return f
	}
	return 0.05
}

// powers writes the logarithms of the scales over the long-run one, of how far
// the forecast is from the last value, and a one.
func powers(x *[powersOf]float32, m *Memo, o Origin) {
	for i, scale := range [...]int{hourly, relative, volatility, spread, beside} {
		x[i] = m.others[scale-1].log()
	}
	away := math.Abs(float64(o.Views[last])-o.Point) / m.slow.Float()
	if !(away < mostAway) {
		away = mostAway
	}
	x[5] = float32(elementary.Log(away+leastPower)) + 1
	x[6] = 1
}

// learn takes an error whose origin had the scales then.
func (s *scale) learn(e float32, then *Memo, o Origin, t *Timing, warm float32) {
	usual, size := float32(then.slow.Float()), float32(math.Abs(float64(e)))
	var x [powersOf]float32
	powers(&x, then, o)
	target := elementary.Log(float64(min(size/usual, 1e3)) + leastPower)
	model := s.model()
	model.Learn(x[:], [direct.MaxTargets]float64{target}, t.tuning)
	s.slow += max(warm, t.size) * (size - s.slow)
	s.relative += max(warm, t.fast) * (min(size/max(float32(o.Point), usual/10), mostRatio) - s.relative)
	s.fromLast += max(warm, t.fast) * (float32(math.Abs(float64(e)+o.Point-float64(o.Views[last]))) - s.fromLast)
	slot := float32(s.slots[o.Slot].Float())
	if slot == 0 {
		slot = s.slow
	}
	s.slots[o.Slot] = direct.ToSmall(float64(slot + max(warm, t.slot)*(size-slot)))
}

package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
)

// candidates is the number of bounds that are mixed: one per scale, one with
// offsets per time of day, and the histogram.
const (
	byDay      = Scales
	byShape    = Scales + 1
	candidates = Scales + 2
)

// parts of the day that the offsets tell apart.
const parts = 8

// Timing sets how fast a [Band] learns; see [NewTiming].
type Timing struct {
	Slow   float64 // rate of the long-run scale
	Slot   float64 // rate of the scale per time of day
	Loss   float64 // rate of the pinball losses
	tuning direct.Tuning
}

// NewTiming returns the rates for a series with day samples a day.
func NewTiming(day int) Timing {
	span := max(float64(2*day), 300)
	return Timing{
		Slow: 1 / span * 2, Slot: max(slotRate, min(0.1, 2/(float64(day)/Slots+1))), Loss: 1 / span,
		tuning: direct.Tuning{Forget: 1 - 1/(2*span), Ridge: 0.01, Huber: 3},
	}
}

const (
	trackRate  = 0.06 // γ of the trackers one step ahead; less where errors overlap
	topRate    = 0.02 // γ of the tracker on the mixture
	sharpness  = 20.0 // of the weights in the pinball loss
	negligible = 1e-5 // errors up to it are none; values are of the order of one
)

// A Band holds the quantiles of one rung. It is not safe for concurrent use.
type Band struct {
	scale  scale
	q      [Scales][Count]float32
	parts  [parts][Count]float32
	loss   [candidates][Count]float32
	weight [candidates][Count]direct.Small
	top    [Count]float32
	shape  histogram
	n      int
	rate   float32 // γ of the trackers
}

// NewBand returns a band for forecasts h ≥ 1 steps ahead that has seen nothing.
func NewBand(h int) *Band {
	b := &Band{scale: newScale(), rate: float32(trackRate * math.Pow(float64(h), -0.05))}
	for i, p := range levels {
		for k := range b.q {
			b.q[k][i] = float32(start(p))
		}
		b.shape.at[i] = float32(start(p))
		for k := range b.weight {
			b.weight[k][i] = direct.ToSmall(1.0 / candidates)
		}
	}
	return b
}

// Bounds writes the scales of the origin, which the caller hands back to Learn
// when the truth has come, and the quantiles of levels [Levels], ascending, on
// the right side of the point and not negative.
func (b *Band) Bounds(quantiles *[Count]float64, scales *[Scales]float64, o Origin, floor float64) {
	b.scale.measure(scales, o, floor)
	part := &b.parts[o.Slot*parts/Slots]
	for i := range levels {
		sum := 0.0
		for k := range Scales {
			sum += b.weight[k][i].Float() * float64(b.q[k][i]) * scales[k]
		}
		sum += b.weight[byDay][i].Float() * float64(b.q[joint][i]+part[i]) * scales[joint]
		sum += b.weight[byShape][i].Float() * float64(b.shape.at[i]) * scales[joint]
		quantiles[i] = o.Point + sum + float64(b.top[i])*scales[joint]
	}
	order(quantiles, o.Point)
}

// order makes the quantiles ascend through the point.
func order(quantiles *[Count]float64, point float64) {
	limit := point
	for i := below - 1; i >= 0; i-- {
		limit = max(0, min(limit, quantiles[i]))
		quantiles[i] = limit
	}
	limit = point
	for i := below; i < Count; i++ {
		limit = max(limit, quantiles[i])
		quantiles[i] = limit
	}
}

// Learn takes the truth for an origin with what Bounds gave for it. A forecast
// that was exact, as while a shop is closed and nobody comes, moves no tracker:
// else a week of zeros would pull all bounds down, and the first
// day of traffic would lie above them.
func (b *Band) Learn(truth float64, o Origin, scales *[Scales]float64, issued *[Count]float64, t *Timing) {
	e := truth - o.Point
	part := &b.parts[o.Slot*parts/Slots]
	rate := float32(t.Loss)
	if warm := 1 / float32(b.n+1); warm > rate {
		rate = warm
	}
	step, top := b.rate, float32(topRate)
	if math.Abs(e) <= negligible {
		step, top = 0, 0
	}
	for i, p := range levels {
		for k := range Scales {
			bound := float64(b.q[k][i]) * scales[k]
			loss, hit := pinball(p, e, bound)
			b.loss[k][i] += rate * (loss - b.loss[k][i])
			b.q[k][i] += step * (hit - float32(1-p))
		}
		loss, hit := pinball(p, e, float64(b.q[joint][i]+part[i])*scales[joint])
		b.loss[byDay][i] += rate * (loss - b.loss[byDay][i])
		part[i] = 0.999*part[i] + 4*step*(hit-float32(1-p))
		loss, _ = pinball(p, e, float64(b.shape.at[i])*scales[joint])
		b.loss[byShape][i] += rate * (loss - b.loss[byShape][i])
		miss := float32(0)
		if truth > issued[i] {
			miss = 1
		}
		b.top[i] += top * (miss - float32(1-p))
	}
	b.shape.add(e/scales[joint], t.Loss)
	b.scale.learn(math.Abs(e), scales, o, t)
	b.n++
}

// Refresh recomputes what needs not be exact at every sample: the weights, the
// histogram's quantiles and the joint scale. Callers spread the calls for many
// bands over several samples.
func (b *Band) Refresh(t *Timing) {
	b.shape.read()
	b.scale.model.Solve(t.tuning)
	for i := range levels {
		least, sum := float32(math.MaxFloat32), float32(0)
		for k := range candidates {
			least = min(least, b.loss[k][i])
			sum += b.loss[k][i]
		}
		if sum <= 0 {
			continue
		}
		rate := sharpness * candidates / float64(sum)
		var weights [candidates]float64
		total := 0.0
		for k := range weights {
			weights[k] = math.Exp(-rate * float64(b.loss[k][i]-least))
			total += weights[k]
		}
		for k, w := range weights {
			b.weight[k][i] = direct.ToSmall(w / total)
		}
	}
}

// pinball returns the loss of bound against e at level p, and 1 if e is beyond.
func pinball(p, e, bound float64) (loss, miss float32) {
	if e > bound {
		return float32(p * (e - bound)), 1
	}
	return float32((1 - p) * (bound - e)), 0
}

package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/elementary"
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
	weight [candidates][Count]share
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
			b.weight[k][i] = whole / candidates
		}
	}
	return b
}

// A share is a weight in parts of whole.
type share uint16

const whole = 1<<16 - 1

// Bounds writes the scales of the origin, which the caller hands back to Learn
// when the truth has come, and the quantiles of levels [Levels], ascending, on
// the right side of the point and not negative.
func (b *Band) Bounds(quantiles *[Count]float32, scales *[Scales]float32, o Origin, floor float64) {
	b.scale.measure(scales, o, float32(floor))
	part, base := &b.parts[o.Slot*parts/Slots], scales[joint]
	var sum [Count]float32
	for k, s := range scales {
		q, w := &b.q[k], &b.weight[k]
		for i := range sum {
			sum[i] += float32(w[i]) * q[i] * s
		}
	}
	day, shape := &b.weight[byDay], &b.weight[byShape]
	for i := range sum {
		sum[i] += (float32(day[i])*(b.q[joint][i]+part[i]) + float32(shape[i])*b.shape.at[i]) * base
		quantiles[i] = float32(o.Point) + sum[i]*(1./whole) + b.top[i]*base
	}
	order(quantiles, float32(o.Point))
}

// order makes the quantiles ascend through the point.
func order(quantiles *[Count]float32, point float32) {
	limit := point
	for i := below - 1; i >= 0; i-- {
		if quantiles[i] > limit {
			quantiles[i] = limit
		}
		if quantiles[i] < 0 {
			quantiles[i] = 0
		}
		limit = quantiles[i]
	}
	limit = point
	for i := below; i < Count; i++ {
		if quantiles[i] < limit {
			quantiles[i] = limit
		}
		limit = quantiles[i]
	}
}

// Learn takes the truth for an origin with what Bounds gave for it. A forecast
// that was exact, as while a shop is closed and nobody comes, moves no tracker:
// else a week of zeros would pull all bounds down, and the first
// day of traffic would lie above them.
func (b *Band) Learn(truth float32, o Origin, scales *[Scales]float32, issued *[Count]float32, t *Timing) {
	e := truth - float32(o.Point)
	part := &b.parts[o.Slot*parts/Slots]
	rate := float32(t.Loss)
	if warm := 1 / float32(b.n+1); warm > rate {
		rate = warm
	}
	step, top := b.rate, float32(topRate)
	if math.Abs(float64(e)) <= negligible {
		step, top = 0, 0
	}
	base := scales[joint]
	lossByDay, lossByShape := &b.loss[byDay], &b.loss[byShape]
	for i, p := range above { // before the trackers move on
		loss, move := judge(p, (b.q[joint][i]+part[i])*base-e)
		lossByDay[i] += rate * (loss - lossByDay[i])
		part[i] = 0.999*part[i] + 4*step*move
		loss, _ = judge(p, b.shape.at[i]*base-e)
		lossByShape[i] += rate * (loss - lossByShape[i])
		_, move = judge(p, issued[i]-truth)
		b.top[i] += top * move
	}
	for k, s := range scales {
		q, losses := &b.q[k], &b.loss[k]
		for i, p := range above {
			loss, move := judge(p, q[i]*s-e)
			losses[i] += rate * (loss - losses[i])
			q[i] += step * move
		}
	}
	b.shape.add(e/base, float32(t.Loss))
	b.scale.learn(e, scales, o, t)
	b.n++
}

// judge takes by how much a bound with the share above beyond it is too high. It
// returns the pinball loss, and what the bound should move by: up by 1 − above
// after a miss, else down by above. Half of the outcomes of some levels are
// misses, at random: the sign is read from its bit, since a branch would be
// foreseen wrong as often.
func judge(above, high float32) (loss, move float32) {
	move = float32(math.Float32bits(high)>>31) - above
	return -high * move, move
}

// Refresh recomputes what needs not be exact at every sample: the weights, the
// histogram's quantiles and the joint scale. Callers spread the calls for many
// bands over several samples.
func (b *Band) Refresh(t *Timing) {
	b.shape.read()
	b.scale.model.Solve(t.tuning)
	for i := range above {
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
			weights[k] = elementary.Exp(-rate * float64(b.loss[k][i]-least))
			total += weights[k]
		}
		for k, w := range weights {
			b.weight[k][i] = share(w/total*whole + 0.5)
		}
	}
}

package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/elementary"
)

// The bounds that are mixed. Trackers stand on the forecast, in a scale each; on
// the last value; on the larger of both; and on the highest of all forecasts. The
// other two are the histogram of errors and a linear function of what is known.
const (
	trackers   = 8
	byShape    = trackers
	byInputs   = trackers + 1
	candidates = trackers + 2

	ofJoint   = joint // place of the tracker that works in the joint scale
	ofLast    = fromLast
	ofHigher  = 6
	ofHighest = 7
)

// Timing sets how fast a [Band] learns; see [NewTiming].
type Timing struct {
	Slow   float64 // rate of the long-run scale
	Rise   float64 // rate at which the trackers come up to speed
	Slot   float64 // rate of the scale per time of day
	Loss   float64 // rate of the pinball losses
	Miss   float64 // rate of the share of misses
	tuning direct.Tuning
}

// NewTiming returns the rates for a series with day samples a day.
func NewTiming(day int) Timing {
	span := max(float64(2*day), 300)
	return Timing{
		Slow: 1 / span, Rise: 1 / float64(min(day, longestRise)),
		Slot: max(slotRate, min(0.1, 2/(float64(day)/Slots+1))), Loss: 1 / (3 * span), Miss: 2 / (missDays * span),
		tuning: direct.Tuning{Forget: 1 - 1/(2*span), Huber: 3},
	}
}

const (
	trackRate   = 0.06 // γ of the trackers one step ahead
	trackFade   = 0.7  // power of the horizon that it is divided by, as errors h ahead overlap
	topRate     = 0.02 // γ of the tracker on the mixture, one step ahead
	topFade     = 0.2  // power of the horizon that it is divided by: this one is to be quick
	longestRise = 1440 // samples in which the trackers come up to speed, at most
	linearRate  = 4    // γ of the linear function, over that of the trackers
	mostPace    = 2    // how much more one truth may teach where few are learned from
	jointRidge  = 170  // of the joint scale, over the number of errors that do not overlap
	young       = 15   // number of those at which it doubles: they must settle seven powers
	missDays    = 0.4  // memory of the share of misses
	missPush    = 0.8  // what twice the misses move a bound by, in joint scales
	mostPush    = 4    // of it at most
	leastPush   = -0.4 // and least, of no misses
	sharpness   = 40.0 // of the weights in the pinball loss, one step ahead
	dullness    = 0.45 // power of the horizon that it is divided by, as losses h ahead overlap
	restShare   = 0.1  // of the usual error: a forecast up to it is of a load that rests
	negligible  = 1e-5 // errors up to it are none; values are of the order of one
)

// A Band holds the quantiles of one rung. It is not safe for concurrent use.
type Band struct {
	scale  scale
	q      [trackers][Count]float32
	beta   [high][inputs]float32 // of the linear function, high levels
	loss   [candidates]losses
	weight [candidates][Count]share
	top    [Count]float32
	missed [high]float32 // recent share of misses, high levels
	shape  histogram
	tail   tail
	n      int32
	rate   float32 // γ of the trackers
	onTop  float32 // γ of the tracker on the mixture
	sharp  float32 // of the weights
	pace   float32 // how much more than usual one truth teaches
	ahead  uint16  // h
	stride uint16  // origins from one that is learned from to the next
}

// NewBand returns a band for forecasts h ≥ 1 steps ahead that has seen nothing. It learns
// from every stride-th origin only, and from each stride times as much, at most mostPace
// times: neighbouring errors h steps ahead are nearly the same.
func NewBand(h, stride int) Band {
	b := Band{tail: newTail(), ahead: uint16(h), stride: uint16(stride), pace: float32(min(stride, mostPace))}
	b.rate = b.pace * float32(trackRate*math.Pow(float64(h), -trackFade))
	b.onTop = b.pace * float32(topRate*math.Pow(float64(h), -topFade))
	b.sharp = float32(sharpness * math.Pow(float64(h), -dullness))
	for i, p := range levels {
		for k := range b.q {
			b.q[k][i] = float32(start(p))
		}
		b.shape.at[i] = float32(start(p))
		for k := range b.weight {
			b.weight[k][i] = whole / candidates
		}
		b.weight[ofJoint][i] += whole % candidates
		if i >= p90 {
			b.missed[i-p90] = above[i]
		}
	}
	return b
}

// A share is a weight in parts of whole.
type share uint8

const whole = math.MaxUint8

// A frame holds, for one origin, the point that each tracker starts from, as a distance
// from the forecast, and the scale that it measures on.
type frame struct {
	from, size [trackers]float32
	inputs     [inputs]float32 // of the linear function, −1 to 1
}

// The inputs of the linear function after the views: a constant, the highest
// forecast and, over the joint scale, three others. All are distances from the
// forecast in thirds of the joint scale; a scale is one from the joint.
const (
	constant = Views + iota
	higher
	scaled
	inputs = scaled + 3
)

// lay returns the frame of an origin with its memo.
func lay(o *Origin, m *Memo) (f frame) {
	scales := m.scales()
	f.size = [trackers]float32(scales[:trackers])
	f.size[ofHigher], f.size[ofHighest] = scales[joint], scales[joint]
	f.from[ofLast] = o.Views[last] - float32(o.Point)
	f.from[ofHigher] = max(0, f.from[ofLast])
	f.from[ofHighest] = max(0, float32(o.Highest-o.Point))
	const farthest = 3
	over := 1 / (farthest * f.size[ofJoint])
	for i, v := range o.Views {
		if x := (v - float32(o.Point)) * over; x == x { // not NaN
			f.inputs[i] = max(-1, min(x, 1))
		}
	}
	f.inputs[constant], f.inputs[higher] = 1, min(f.from[ofHighest]*over, 1)
	for i, s := range [...]int{spread, hourly, beside} {
		f.inputs[scaled+i] = min((scales[s]-f.size[ofJoint])*over, 1)
	}
	return f
}

// linear returns the bound of the linear function at level i, as a distance from the
// forecast.
func (b *Band) linear(f *frame, i int) float32 {
	q := b.q[ofJoint][i]
	if i >= p90 {
		for k, x := range f.inputs {
			q += b.beta[i-p90][k] * x
		}
	}
	return q * f.size[ofJoint]
}

// push returns how far recent misses move the high bound of level i, in joint scales: their
// excess to the power of 3/4, because misses in a row are one event.
func (b *Band) push(i int) float32 {
	if i < p90 {
		return 0
	}
	x := float64(b.missed[i-p90]/above[i] - 1)
	root := math.Sqrt(math.Abs(x))
	return missPush * max(leastPush, min(float32(math.Copysign(root*math.Sqrt(root), x)), mostPush))
}

// Bounds writes the quantiles of levels [Levels], ascending, on the right side of the point
// and not negative. It writes to m what the caller hands back to Learn when the truth has
// come.
func (b *Band) Bounds(quantiles *[Count]float32, m *Memo, o Origin, floor float64, t *Timing) {
	b.scale.measure(m, o, b.known(&o), float32(floor))
	b.scale.compare(o.Spread, b.warm(), t)
	f := lay(&o, m)
	base := f.size[ofJoint]
	var sum [Count]float32
	for k, s := range f.size {
		q, w, from := &b.q[k], &b.weight[k], f.from[k]
		for i := range sum {
			sum[i] += float32(w[i]) * (q[i]*s + from)
		}
	}
	shape, linear := &b.weight[byShape], &b.weight[byInputs]
	for i := range sum {
		sum[i] += float32(shape[i])*b.shape.at[i]*base + float32(linear[i])*b.linear(&f, i)
		quantiles[i] = float32(o.Point) + sum[i]*(1./whole) + (b.top[i]+b.push(i))*base
	}
	order(quantiles, float32(o.Point))
	m.keep(quantiles, float32(o.Point))
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

// settled is the number of errors that do not overlap from which on the size expected of
// them beforehand no longer counts.
const settled = 30

// apart returns the number of errors so far that do not overlap.
func (b *Band) apart() float32 { return float32(b.n) * float32(b.stride) / float32(b.ahead) }

// Young reports whether the size expected of the errors beforehand still counts; see
// [Origin.Prior].
func (b *Band) Young() bool { return b.apart() < settled }

// known returns the share of the errors seen in the scales. The rest is the size expected
// beforehand: it counts as much as the first error, and soon for nothing.
func (b *Band) known(o *Origin) float32 {
	if o.Prior <= 0 || !b.Young() {
		return 1
	}
	seen := b.apart() * b.apart()
	return seen / (seen + 1)
}

// warm returns one over the number of truths, the next included.
func (b *Band) warm() float32 { return 1 / float32(b.n+1) }

// speed returns how fast the trackers move: 1 after the first day, less before. In the first
// day no rule has a day to look back on, and what its errors teach would have to be
// unlearned.
func (b *Band) speed(t *Timing) float32 {
	return min(float32(b.n+1)*float32(b.stride)*float32(t.Rise), 1)
}

// Learn takes the truth for an origin, with the memo that Bounds wrote of it. A forecast
// that was exact, as while a shop is closed, moves no tracker: otherwise a week of zeros
// would pull all bounds down, and the first day of traffic would lie above them.
func (b *Band) Learn(truth float32, o Origin, m *Memo, t *Timing) {
	e := truth - float32(o.Point)
	rate, warm := b.pace*float32(t.Loss), b.warm()
	if warm > rate {
		rate = warm
	}
	speed := b.speed(t)
	step, top := b.rate*speed, b.onTop*speed
	if math.Abs(float64(e)) <= negligible {
		step, top = 0, 0
	}
	f, issued := lay(&o, m), m.issued(float32(o.Point))
	base, rest := f.size[ofJoint], resting(truth, float32(o.Point), f.size[slow])
	lossByShape, lossByInputs := &b.loss[byShape], &b.loss[byInputs]
	for i, p := range above { // before the trackers move on
		loss, _ := judge(p, b.shape.at[i]*base-e)
		lossByShape.follow(i, loss, rate)
		loss, move := judge(p, b.linear(&f, i)-e)
		lossByInputs.follow(i, loss, rate)
		if i >= p90 {
			for k, x := range f.inputs {
				b.beta[i-p90][k] += linearRate * step * move * x
			}
		}
		_, move = judge(p, issued[i]-truth)
		if rest.mutes(i, issued[i]) {
			move = 0
		}
		b.top[i] += top * quick[i] * move
		if i >= p90 {
			b.missed[i-p90] += b.pace * float32(t.Miss) * (move + p - b.missed[i-p90])
		}
	}
	for k, s := range f.size {
		q, losses, from := &b.q[k], &b.loss[k], f.from[k]
		for i, p := range above {
			high := q[i]*s + from - e
			loss, move := judge(p, high)
			if rest.mutes(i, truth+high) {
				loss, move = 0, 0
			}
			losses.follow(i, loss, rate)
			q[i] += step * quick[i] * move
		}
	}
	b.tail.learn((truth - issued[p90]) / base)
	b.shape.add(e/base, b.pace*float32(t.Loss))
	b.scale.learn(e, m, o, t, b.pace, warm)
	b.n++
}

// A rest is what a load of zero leaves to learn for lower bounds. The hours in which a
// load rests would else draw the bounds of all others down.
type rest struct {
	zero     bool // the load rests
	foretold bool // and so it was forecast
}

// resting returns the rest of a truth that was forecast as point, where errors usually have
// the given size.
func resting(truth, point, usual float32) rest {
	zero := truth <= negligible
	return rest{zero: zero, foretold: zero && point <= restShare*usual}
}

// mutes reports whether the truth says nothing about a bound at level i: a lower one that
// lies at zero too, and could not lie lower, or any lower one of a rest that was foretold.
func (r rest) mutes(i int, bound float32) bool {
	return i < below && r.zero && (r.foretold || bound <= negligible)
}

// judge takes the distance by which a bound was too high, where the share above is to lie
// beyond it. It returns the pinball loss and the step of the bound: up by 1 − above after a
// miss, else down by above. It reads the sign from its bit: at some levels half of the
// outcomes are misses, at random, and a branch would be mispredicted as often.
func judge(above, high float32) (loss, move float32) {
	move = float32(math.Float32bits(high)>>31) - above
	return -high * move, move
}

// Refresh recomputes what need not be exact at every sample: the weights, the histogram's
// quantiles and the joint scale. Callers spread the calls for many bands over several
// samples.
func (b *Band) Refresh(t *Timing) {
	b.shape.read()
	tune := t.tuning
	model := b.scale.model()
	few := float64(b.ahead) / float64(b.stride) / (model.Rows() + 1) // n errors h ahead tell as much as n/h
	tune.Ridge = jointRidge * few * (1 + young*few)
	model.Solve(tune)
	for i := range above {
		least, sum := float32(math.MaxFloat32), float32(0)
		for k := range candidates {
			least = min(least, b.loss[k].at(i))
			sum += b.loss[k].at(i)
		}
		if sum <= 0 {
			continue
		}
		rate := float64(b.sharp) * candidates / float64(sum)
		var weights [candidates]float64
		total := 0.0
		for k := range weights {
			weights[k] = elementary.Exp(-rate * float64(b.loss[k].at(i)-least))
			total += weights[k]
		}
		rest, heaviest := share(whole), 0
		for k, w := range weights {
			b.weight[k][i] = share(w/total*whole + 0.5)
			rest -= b.weight[k][i]
			if w > weights[heaviest] {
				heaviest = k
			}
		}
		b.weight[heaviest][i] += rest // may wrap around, and back
	}
}

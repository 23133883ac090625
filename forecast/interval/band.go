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

// A Band holds the quantiles of one rung. It is not safe for concurrent use.
type Band struct {
	scale  scale
	q      [trackers][Count]float32
	beta   [high][inputs]float32 // of the linear function, high levels
	square [inputs]direct.Small  // mean squares of its inputs
	loss   [candidates]losses
	weight [candidates][Count]share
	top    [Count]float32
	missed [high]float32 // recent share of misses, high levels
	shape  histogram
	tail   tail
	n      int32
}

// NewBand returns a band that has seen nothing.
func NewBand() Band {
	b := Band{tail: newTail()}
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

// push returns how far recent misses move the high bound of level i, in joint scales. It is
// in proportion to a small excess of misses, which comes by chance all the time, and grows
// with the root of a large one, since misses in a row are one event.
func (b *Band) push(i int, t *Timing) float32 {
	if i < p90 {
		return 0
	}
	x := float64(b.missed[i-p90]/above[i] - 1)
	return t.push * max(leastPush, min(float32(x/math.Sqrt(t.single+math.Abs(x))), mostPush))
}

// Bounds writes the quantiles of the tracked levels, ascending, on the right side of the point
// and not negative. No scale counts for less than floor, in the unit of the forecast. Bounds
// writes to m what the caller hands back to Learn when the truth has come.
func (b *Band) Bounds(quantiles *[Count]float32, m *Memo, o Origin, floor float64, t *Timing) {
	b.scale.measure(m, o, b.known(&o, t), float32(floor))
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
		quantiles[i] = float32(o.Point) + sum[i]*(1./whole) + (b.top[i]+b.push(i, t))*base
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
func (b *Band) apart(t *Timing) float32 { return float32(b.n) * t.apart }

// Young reports whether the size expected of the errors beforehand still counts; see
// [Origin.Prior].
func (b *Band) Young(t *Timing) bool { return b.apart(t) < settled }

// known returns the share of the errors seen in the scales. The rest is the size expected
// beforehand: it counts as much as the first error, and soon for nothing.
func (b *Band) known(o *Origin, t *Timing) float32 {
	if o.Prior <= 0 || !b.Young(t) {
		return 1
	}
	seen := b.apart(t) * b.apart(t)
	return seen / (seen + 1)
}

// warm returns one over the number of truths, the next included.
func (b *Band) warm() float32 { return 1 / float32(b.n+1) }

// speed returns how fast the trackers move: 1 after the first day, less before. In the first
// day no rule has a day to look back on, and what its errors teach would have to be
// unlearned.
func (b *Band) speed(t *Timing) float32 {
	return min(float32(b.n+1)*t.rise, 1)
}

// Learn takes the truth for an origin, with the memo that Bounds wrote for it. A forecast
// that was exact, as while a shop is closed, moves no tracker: otherwise a week of zeros
// would pull all bounds down, and the first day of traffic would lie above them.
func (b *Band) Learn(truth float32, o Origin, m *Memo, t *Timing) {
	e := truth - float32(o.Point)
	rate, warm := t.loss, b.warm()
	if warm > rate {
		rate = warm
	}
	speed := b.speed(t)
	step, top := t.track*speed, t.top*speed
	if math.Abs(float64(e)) <= negligible {
		step, top = 0, 0
	}
	f, issued := lay(&o, m), m.issued(float32(o.Point))
	base, rest := f.size[ofJoint], resting(truth, float32(o.Point), f.size[slow])
	pull := b.pull(&f, max(warm, t.square))
	lossByShape, lossByInputs := &b.loss[byShape], &b.loss[byInputs]
	for i, p := range above { // before the trackers move on
		loss, _ := judge(p, b.shape.at[i]*base-e)
		lossByShape.follow(i, loss, rate)
		loss, move := judge(p, b.linear(&f, i)-e)
		lossByInputs.follow(i, loss, rate)
		if i >= p90 {
			for k, x := range pull {
				b.beta[i-p90][k] += top * move * x
			}
		}
		_, move = judge(p, issued[i]-truth)
		if rest.mutes(i, issued[i]) {
			move = 0
		}
		b.top[i] += top * quick[i] * move
		if i >= p90 {
			b.missed[i-p90] += t.miss[i-p90] * (move + p - b.missed[i-p90])
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
	b.shape.add(e/base, t.loss)
	b.scale.learn(e, m, o, t, warm)
	b.n++
}

// pull returns by how much a miss of the linear function moves the coefficient of each
// input: by the input over its mean square, which it brings up to date. It is the diagonal
// of Newton's method. Without it an expert that seldom differs from the forecast by much
// would take weeks to get the coefficient that fits it. What an input moves the bound by is
// limited: one that is silent all day but for the opening of a shop has next to no square.
func (b *Band) pull(f *frame, rate float32) (by [inputs]float32) {
	for k, x := range f.inputs {
		square := float32(b.square[k].Float())
		square += rate * (x*x - square)
		b.square[k] = direct.ToSmall(float64(square))
		by[k] = x / (max(square, x*x/mostPull) + leastSquare)
	}
	return by
}

// A rest says what lower bounds may learn from a load of zero. Otherwise the hours in which
// a load rests would pull down the lower bounds of all other hours.
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
	few := 1 / (float64(t.apart) * (model.Rows() + 1)) // n errors h ahead tell as much as n/h
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
		rate := t.sharp * candidates / float64(sum)
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

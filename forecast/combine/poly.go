package combine

import "math"

// A Prior holds the weight of each expert for as long as none has an advantage. Weights
// are positive and need not sum to one.
type Prior []float32

// Settings say what a [Poly] combines and how long it remembers.
type Settings struct {
	Prior *Prior // does not change; many share one

	// Keep is what remains of the past per round, in (0, 1]: 1 is the original
	// algorithm.
	Keep float32

	// Lead is the rate, in (0, 1], of the losses by which the leaders are chosen.
	Lead float32

	// Overlap is the number of rounds, at least 1, after which two forecasts no longer
	// overlap: that many rounds tell as much as one.
	Overlap float32

	// Fades says that the start takes part beside the gate until a week has been seen. Learn
	// must then be given Parts.Gate.
	Fades bool

	// Middle says that what is said is the middle of the gate and its choices, which is for
	// series whose forecasts are few. Learn must then be given Parts.Gate.
	Middle bool
}

// A Poly weighs experts under absolute loss; see the package comment. The zero
// value is not usable; it is not safe for concurrent use.
type Poly struct {
	set      *Settings
	of       []expert
	gate     [regimes][choices]account
	peak     float32 // largest r² of any expert
	gatePeak [regimes]float32
	size     float32 // recent mean distance of truth and combination
	long     float32 // the same over days
	gain     float32 // mean loss of the last value less that of the unshrunk combination, over days
	stakes   float32 // mean absolute value of that difference
	seen     float32 // rounds learned from
}

// Parts are what goes into the combined forecast: what each of the two combinations
// behind the gate says, what the gate makes of them where something else takes part too, else
// NaN, and the belief in the whole, in 255ths. A Belief of 0 means that none was recorded.
type Parts struct {
	Weighted, Leading, Gate float32
	Belief                  uint8
}

// An account is what ML-Poly keeps of one expert: R and 1/η.
type account struct{ regret, rate float32 }

type expert struct {
	account
	loss float32 // recent mean error; 0 = none yet
}

const (
	most        = 30   // no difference counts for more than this many times size
	sizeRate    = 0.02 // of size
	longer      = 10   // times the memory of the regrets is that of the long-run size
	gateFrom    = 60   // rounds before the gate opens: the experts need some to learn anything
	linear      = 0.95 // share of the linearised loss in the regret
	fullGain    = 0.02 // share of the last value's error that the experts must save to be believed
	leastBelief = 0.2  // of what the experts foresee
	doubts      = 2    // times what the gain may be by chance, asked for on top of fullGain
	patience    = 30   // forecasts that do not overlap, and rounds of the gate, before which all is believed
	least       = 1e-9 // of a loss
)

// NewPoly returns a Poly over n experts, at least Simple and at most sixteen. Many may share
// one set, which must not change.
func NewPoly(set *Settings, n int) *Poly { return &Poly{set: set, of: make([]expert, n)} }

// Weights writes the weights, which sum to one, of the experts whose forecast is
// not NaN; the others get zero. All are zero if no expert has a forecast. It
// returns the parts of the combination, for Learn.
func (p *Poly) Weights(dst, forecasts []float32) (parts Parts) {
	share := p.shares(forecasts)
	var room [2][mostExperts]float32
	w, l := room[weighted][:len(dst)], room[leading][:len(dst)]
	p.mixtures(w, l, forecasts)
	for k, f := range forecasts {
		if f == f { // not NaN
			parts.Weighted += w[k] * f
			parts.Leading += l[k] * f
		}
	}
	gate := p.spread(dst, w, l, share, forecasts)
	parts.Gate = absent
	if p.set.Middle {
		parts.Gate = gate
		p.spread(dst, w, l, p.temper(share, parts, forecasts), forecasts)
	}
	if p.open(dst, forecasts) {
		parts.Gate = gate
	}
	parts.Belief = p.shrink(dst, forecasts[0])
	return parts
}

// mixtures writes the weights of both combinations behind the gate: w by ML-Poly, l by the
// newest losses, or as w if there are none. Experts that are asleep get zero.
func (p *Poly) mixtures(w, l, forecasts []float32) {
	sum, best := p.survey(forecasts)
	byPrior := !(sum > 1e-30) || sum > math.MaxFloat32
	if byPrior {
		sum = 0
		for k, f := range forecasts {
			if f == f { // not NaN
				sum += (*p.set.Prior)[k]
			}
		}
	}
	total := float32(0)
	for k, f := range forecasts {
		if f != f { // NaN
			continue
		}
		w[k], l[k] = (*p.set.Prior)[k], p.of[k].lead(best)
		if !byPrior {
			w[k] = p.of[k].weight()
		}
		w[k] /= sum
		total += l[k]
	}
	if !(total > 0) {
		copy(l, w)
		return
	}
	for k := range l {
		l[k] /= total
	}
}

// spread writes the weights of the experts that follow from the shares of the choices, where
// w and l are those of the combinations, and returns their forecast.
func (p *Poly) spread(dst, w, l []float32, share [choices]float32, forecasts []float32) (said float32) {
	for k := range dst {
		dst[k] = share[weighted]*w[k] + share[leading]*l[k]
	}
	for k := range Simple {
		dst[k] += share[simple+k]
	}
	for k, f := range forecasts {
		if f == f { // not NaN
			said += dst[k] * f
		}
	}
	return said
}

// survey returns the sum of the weights of the experts awake, and their least loss.
func (p *Poly) survey(forecasts []float32) (sum, best float32) {
	best = math.MaxFloat32
	for k, f := range forecasts {
		if f != f { // NaN
			continue
		}
		sum += p.of[k].weight()
		if l := p.of[k].loss; l > 0 && l < best {
			best = l
		}
	}
	return sum, best
}

// Learn takes the truth for an earlier round, in which the experts had forecasts (NaN =
// asleep), Weights returned parts, and the combined forecast was mixed.
func (p *Poly) Learn(forecasts []float32, parts Parts, mixed, truth float32) {
	inner, sign := distance(truth, parts.Weighted), direction(parts.Weighted, truth)
	limit := p.follow(inner)
	top, keep, lead := p.peak, p.set.Keep, p.set.Lead
	for k, f := range forecasts {
		if f != f { // NaN
			continue
		}
		e := &p.of[k]
		own := distance(truth, f)
		top = max(top, e.add(clip(linear*sign*(parts.Weighted-f)+(1-linear)*(inner-own), limit), keep))
		if own = min(own, limit) + least; e.loss == 0 {
			e.loss = own
		} else {
			e.loss += lead * (own - e.loss)
		}
	}
	if growth := top - p.peak; growth > 0 {
		p.peak = top
		for k := range p.of {
			p.of[k].rate += growth
		}
	}
	switch gate := parts.Gate; { // from what others said the gate has nothing to learn
	case p.seen-p.set.Overlap < gateFrom:
		mixed, parts.Belief = parts.Weighted, wholly
	case gate == gate: // not NaN
		mixed = believed(gate, forecasts[0], parts.Belief)
	}
	if p.seen >= gateFrom {
		p.confirm(forecasts[0], mixed, truth, limit, parts.Belief)
		p.choose(p.regime(forecasts), [choices]float32{parts.Weighted, parts.Leading, forecasts[0], forecasts[1], forecasts[2]}, mixed, truth, limit)
	}
}

// belief returns the share of the foreseen move away from the last value to keep: all
// of it if forecasts have been better than the last value by fullGain and by more than
// chance, else in proportion. It is never less than leastBelief, so that the unshrunk
// forecast can still be recovered from what was issued.
func (p *Poly) belief() float32 {
	if !(p.long > 0) || p.seen < max(gateFrom+patience, patience*p.set.Overlap) {
		return 1
	}
	return max(leastBelief, min(p.gain/(fullGain*p.long+doubts*p.chance()), 1))
}

// chance returns the random error of the gain: the mean absolute difference over the
// square root of the number of forecasts behind it that do not overlap. The mean
// absolute difference stands in for the standard deviation, because a few large gains,
// as at the surges of a burst, are no reason for doubt.
func (p *Poly) chance() float32 {
	rounds := min(p.seen-gateFrom+1, longer/(1-p.set.Keep))
	return p.stakes / float32(math.Sqrt(float64(max(rounds/p.set.Overlap, 1))))
}

// wholly is a Belief of one.
const wholly = math.MaxUint8

// shrink moves the share of the weights that is not believed to the last value, and
// returns the belief. The last value may be asleep, NaN; then nothing moves.
func (p *Poly) shrink(weights []float32, now float32) (belief uint8) {
	belief = uint8(p.belief()*wholly + 0.5)
	if now != now || belief == wholly { // NaN
		return wholly
	}
	b := float32(belief) / wholly
	for k := range weights {
		weights[k] *= b
	}
	weights[0] += 1 - b
	return belief
}

// believed returns a forecast that is believed so far. Without a last value, NaN, it is all of
// it, as if no belief was recorded.
func believed(foreseen, now float32, belief uint8) float32 {
	if now != now || belief == 0 { // NaN
		return foreseen
	}
	return now + (foreseen-now)*float32(belief)/wholly
}

// confirm compares the unshrunk forecast, recovered from the mixed one and the belief
// it was issued with, with the last value. If that is NaN there is nothing to compare.
func (p *Poly) confirm(now, mixed, truth, limit float32, belief uint8) {
	if now != now || belief == 0 { // NaN
		return
	}
	rate := max((1-p.set.Keep)/longer, 1/(p.seen-gateFrom+1))
	foreseen := now + (mixed-now)*wholly/float32(belief)
	gain := min(distance(truth, now), limit) - min(distance(truth, foreseen), limit)
	p.gain += rate * (gain - p.gain)
	p.stakes += rate * (max(gain, -gain) - p.stakes)
}

// follow takes the size of an error into the mean errors and returns the limit that
// differences are clipped at. One freak error must not raise the limit for the next; but
// the first errors of a morning after a night without any count, because against the
// mean of days they are no freaks.
func (p *Poly) follow(size float32) (limit float32) {
	p.seen++
	usual := max(p.size, p.long)
	if usual > 0 {
		size = min(size, 10*usual)
	}
	p.size += max(sizeRate, 1/p.seen) * (size - p.size)
	p.long += max((1-p.set.Keep)/longer, 1/p.seen) * (size - p.long)
	if usual = max(p.size, p.long); usual > 0 {
		return most * usual
	}
	return math.MaxFloat32
}

// distance is the absolute loss.
func distance(a, b float32) float32 { return max(a-b, b-a) }

// direction is the derivative of the absolute loss.
func direction(said, truth float32) float32 {
	switch {
	case said > truth:
		return 1
	case said < truth:
		return -1
	}
	return 0
}

func clip(v, limit float32) float32 { return max(-limit, min(v, limit)) }

// weight returns η·max(R, 0).
func (a *account) weight() float32 {
	if a.regret > 0 {
		return a.regret / max(a.rate, math.SmallestNonzeroFloat32)
	}
	return 0
}

// add takes the regret of one round and returns its square.
func (a *account) add(r, keep float32) float32 {
	a.regret = keep*a.regret + r
	a.rate = keep*a.rate + r*r
	return r * r
}

// lead returns the tenth power of the best loss over that of the expert.
func (e *expert) lead(best float32) float32 {
	if e.loss == 0 {
		return 0
	}
	x := best / e.loss
	x *= x
	y := x * x
	return y * y * x
}

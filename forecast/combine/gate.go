package combine

import "math"

// What the gate chooses from: two combinations and each of the first experts
// alone.
const (
	weighted = iota // by ML-Poly
	leading         // by the newest losses
	simple          // the first of Simple experts
	choices  = simple + Simple
)

// Simple is the number of the first experts that are simple rules: the combination should
// never be much worse than any of them. The first is the last value, the others are what a
// season says.
const Simple = 3

// A regime is a kind of moment for which the gate keeps separate accounts, by whether a
// season foresees a move and whether the seasons agree on it.
type regime int

const (
	quiet regime = iota
	moving
	split
	regimes
)

const (
	gateShare  = 0.5 // share of the linearised loss in the regret at the gate
	leastMove  = 3   // usual errors that a season must foresee for a move
	leastSplit = 6   // usual errors that the seasons must be apart
	hesitation = 8   // usual errors of regret, per forecast that does not overlap, from which the accounts of a split count for half
)

// regime tells whether a season foresees a move that is large against the usual
// error, and whether the other one contradicts it.
func (p *Poly) regime(forecasts []float32) regime {
	usual := max(p.size, p.long)
	m := quiet
	for _, f := range forecasts[1:Simple] {
		if distance(f, forecasts[0]) > leastMove*usual {
			m = moving
		}
	}
	if m == moving && distance(forecasts[1], forecasts[2]) > leastSplit*usual {
		return split
	}
	return m
}

// shares returns the share of each choice; they sum to one. The accounts of a split rest on
// few days, and are mixed with those of all moves in proportion to their evidence.
func (p *Poly) shares(forecasts []float32) (share [choices]float32) {
	m := p.regime(forecasts)
	share, _ = p.balance(forecasts, min(m, moving))
	if m != split {
		return share
	}
	own, evidence := p.balance(forecasts, split)
	if evidence <= 0 {
		return share
	}
	part := evidence / (evidence + hesitation*p.set.Overlap*max(p.size, p.long))
	for k := range share {
		share[k] += part * (own[k] - share[k])
	}
	return share
}

// balance returns the shares by the accounts of one regime, and the sum of the
// regrets behind them.
func (p *Poly) balance(forecasts []float32, m regime) (share [choices]float32, evidence float32) {
	gate := &p.gate[m]
	sum := float32(0)
	for k := range share {
		if k >= simple && forecasts[k-simple] != forecasts[k-simple] { // NaN
			continue
		}
		share[k] = gate[k].weight()
		sum += share[k]
		evidence += max(gate[k].regret, 0)
	}
	if !(sum > 1e-30) || sum > math.MaxFloat32 {
		return [choices]float32{weighted: 1}, 0
	}
	for k := range share {
		share[k] /= sum
	}
	return share, evidence
}

// choose lets the gate learn. A split is a move too.
func (p *Poly) choose(m regime, said [choices]float32, mixed, truth, limit float32) {
	if m == split {
		p.choose(moving, said, mixed, truth, limit)
	}
	gate, peak := &p.gate[m], &p.gatePeak[m]
	all, sign, top, keep := distance(truth, mixed), direction(mixed, truth), *peak, p.set.Keep
	for k, said := range said {
		if said == said { // not NaN
			r := gateShare*sign*(mixed-said) + (1-gateShare)*(all-distance(truth, said))
			top = max(top, gate[k].add(clip(r, limit), keep))
		}
	}
	if growth := top - *peak; growth > 0 {
		*peak = top
		for k := range gate {
			gate[k].rate += growth
		}
	}
}

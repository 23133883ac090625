package combine

const (
	cut      = 0.4 // share of the weight that the middle leaves out on either side
	proof    = 0.5 // usual errors of regret, per forecast that does not overlap, from which the gate counts for one and a half
	gateItem = choices
	items    = choices + 1
)

// temper returns the shares of the choices, which sum to one, in the middle of what the gate
// and its choices say; share are those of the gate. Both combinations count for one each, and a
// simple rule for the error of the combination over its own, one at most. The gate counts for
// one to two, the more evidence its shares rest on.
func (p *Poly) temper(share [choices]float32, parts Parts, forecasts []float32) [choices]float32 {
	said := [items]float32{weighted: parts.Weighted, leading: parts.Leading, gateItem: parts.Gate}
	merits := [items]float32{weighted: 1, leading: 1, gateItem: 1 + p.proven(forecasts)}
	for k, f := range forecasts[:Simple] {
		if f == f { // not NaN
			said[simple+k], merits[simple+k] = f, p.standing(k)
		}
	}
	var kept [items]float32
	keepMiddle(kept[:], merits[:], said[:], cut)
	for k := range share {
		share[k] = kept[gateItem]*share[k] + kept[k]
	}
	return share
}

// proven returns how much the gate's shares are proven by their evidence, 0 to 1: one half at
// proof.
func (p *Poly) proven(forecasts []float32) float32 {
	_, evidence := p.balance(forecasts, min(p.regime(forecasts), moving))
	return evidence / (evidence + proof*p.set.Overlap*max(p.size, p.long) + least)
}

// standing returns the recent error of the combination over that of expert k, one at most,
// and one where there is none yet.
func (p *Poly) standing(k int) float32 {
	if loss := p.of[k].loss; loss > p.size {
		return p.size / loss
	}
	return 1
}

// keepMiddle writes to dst the share of each forecast in the middle of all of them: of the
// weights, ≥ 0, put in the order of the forecasts, the share outer is cut off on either side.
// What is written sums to one; it is all zero if the weights are. A forecast without weight
// changes nothing, and may be NaN.
func keepMiddle(dst, weights, forecasts []float32, outer float32) {
	sum := float32(0)
	for _, w := range weights {
		sum += w
	}
	for k, f := range forecasts {
		below := float32(0)
		for j, g := range forecasts {
			if g < f || g == f && j < k {
				below += weights[j]
			}
		}
		kept := min(below+weights[k], (1-outer)*sum) - max(below, outer*sum)
		dst[k] = max(kept, 0) / max((1-2*outer)*sum, least)
	}
}

package combine

import "math"

// mostExperts is the most that a Poly may have.
const mostExperts = 16

const (
	equalRounds = 0.5  // forecasts that do not overlap, for which all experts are taken to be equally good
	seasonPrior = 3    // weight of what a season says, against that of any other expert
	outer       = 0.25 // share of the weight that is cut off on either side
	fadeRounds  = 150  // forecasts that do not overlap, within which the start fades beside the gate
	leastRatio  = 1e-3 // least error of an expert, as a share of that of the last value
)

// absent is the gate's forecast where the start takes no part in the combination.
var absent = float32(math.NaN()) //nolint:gochecknoglobals // a constant

// open moves the weights towards those of the start, by its share, and returns the forecast
// of the weights without it; absent if the share is zero.
func (p *Poly) open(dst, forecasts []float32) (gate float32) {
	share := p.young(forecasts)
	if !(share > 0) {
		return absent
	}
	var room [mostExperts]float32
	start := room[:len(dst)]
	p.middle(start, forecasts)
	for k, f := range forecasts {
		if f == f { // not NaN
			gate += dst[k] * f
			dst[k] += share * (start[k] - dst[k])
		}
	}
	return gate
}

// young returns the share of the start, 0 to 1. Until the gate opens it is one, if a day has
// been seen: before that nothing but the last value deserves trust in advance. Then, if the
// start fades, it is the part of the memory of the regrets that is still empty, and less where
// forecasts hardly overlap, until a week has been seen.
func (p *Poly) young(forecasts []float32) float32 {
	day, week := forecasts[1], forecasts[2]
	switch {
	case day != day: // NaN
		return 0
	case p.seen < gateFrom:
		return 1
	case !p.set.Fades || week == week: // not NaN
		return 0
	}
	return max(0, 1-p.seen*max(1-p.set.Keep, 1/(fadeRounds*p.set.Overlap)))
}

// middle writes the weights of the start: those of the experts by their merits, of which the
// outer parts are cut off in the order of their forecasts. They sum to one unless all experts
// are asleep.
func (p *Poly) middle(dst, forecasts []float32) {
	var room [mostExperts]float32
	merits := room[:len(dst)]
	sum := p.merits(merits, forecasts)
	for k, f := range forecasts {
		below := float32(0)
		for j, g := range forecasts {
			if g < f || g == f && j < k {
				below += merits[j]
			}
		}
		kept := min(below+merits[k], (1-outer)*sum) - max(below, outer*sum)
		dst[k] = max(kept, 0) / max((1-2*outer)*sum, least)
	}
}

// merits writes what each expert deserves, zero if it is asleep, and returns the sum.
func (p *Poly) merits(dst, forecasts []float32) (sum float32) {
	n := min(p.seen, 1/p.set.Lead) / p.set.Overlap
	for k, f := range forecasts {
		if f != f { // NaN
			continue
		}
		x := (n + equalRounds) / (n*p.ratio(k) + equalRounds)
		dst[k] = x * x * x
		if 0 < k && k < Simple {
			dst[k] *= seasonPrior
		}
		sum += dst[k]
	}
	return sum
}

// ratio returns the recent mean error of expert k over that of the last value; 1 if either
// has none yet.
func (p *Poly) ratio(k int) float32 {
	own, last := p.of[k].loss, p.of[0].loss
	if own == 0 || last == 0 {
		return 1
	}
	return max(own/last, leastRatio)
}

package combine

// mostExperts is the most that a Poly may have.
const mostExperts = 16

const (
	equalRounds = 0.5  // forecasts that do not overlap, for which all experts are taken to be equally good
	seasonPrior = 3    // weight of what a season says, against that of any other expert
	outer       = 0.25 // share of the weight that is cut off on either side
	leastRatio  = 1e-3 // least error of an expert, as a share of that of the last value
)

// open replaces the weights by those of the start until the gate opens, if a day has been
// seen: before that nothing but the last value deserves trust in advance.
func (p *Poly) open(dst, forecasts []float32) {
	if day := forecasts[1]; p.seen < gateFrom && day == day { // not NaN
		p.middle(dst, forecasts)
	}
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

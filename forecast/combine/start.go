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

// absent is the gate's forecast where nothing else takes part in the combination.
var absent = float32(math.NaN()) //nolint:gochecknoglobals // a constant

// open moves the weights towards those of the start, by its share, and reports whether it has
// one.
func (p *Poly) open(dst, forecasts []float32) bool {
	share := p.young(forecasts)
	if !(share > 0) {
		return false
	}
	var room [mostExperts]float32
	start := room[:len(dst)]
	p.centre(start, forecasts)
	for k, f := range forecasts {
		if f == f { // not NaN
			dst[k] += share * (start[k] - dst[k])
		}
	}
	return true
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

// centre writes the weights of the start: those of the experts by their merits, of which the
// outer parts are cut off in the order of their forecasts. They sum to one unless all experts
// are asleep.
func (p *Poly) centre(dst, forecasts []float32) {
	var room [mostExperts]float32
	merits := room[:len(dst)]
	p.merits(merits, forecasts)
	keepMiddle(dst, merits, forecasts, outer)
}

// merits writes what each expert deserves, zero if it is asleep.
func (p *Poly) merits(dst, forecasts []float32) {
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
	}
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

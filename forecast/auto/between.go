package auto

import (
	"math"
	"slices"
)

// between says which regressions answer for a horizon: lo with weight 1−w, hi with w.
type between struct {
	lo, hi uint8
	w      float64
}

const (
	fewRungs  = 5 // a ladder of at most so many rungs has regressions at each
	manyRungs = 8 // a ladder of more rungs is dense rather than long
	apart     = 3 // least ratio of the horizons of two neighbouring regressions in a dense ladder
)

// neighbours chooses the rungs that have regressions of their own, and returns them with
// the regressions that answer for each rung. Normally these are the first, the last and
// every other one counted from the last. A rung in between mixes the coefficients of its
// neighbours, in proportion to the logarithm of the horizon, and applies them to its own
// regressors: that takes half the memory, and the seasons still count to the minute. In a
// ladder of at most fewRungs each rung has its own. In one of more than manyRungs, whose
// horizons lie close together, those that do are at least a factor of apart from each
// other.
func neighbours(rungs []int) (own []int, answer []between) {
	answer = make([]between, len(rungs))
	for k, h := range slices.Backward(rungs) {
		var has bool
		switch last := len(own) - 1; {
		case k == 0 || k == len(rungs)-1 || len(rungs) <= fewRungs:
			has = true
		case len(rungs) > manyRungs:
			has = h*apart <= rungs[own[last]]
		default:
			has = own[last] == k+2
		}
		if has {
			own = append(own, k)
		}
	}
	slices.Reverse(own)
	at := 0 // of the last rung with its own
	for k, h := range rungs {
		if at+1 < len(own) && own[at+1] == k {
			at++
		}
		answer[k] = between{lo: uint8(at), hi: uint8(at)}
		if own[at] != k {
			answer[k] = between{lo: uint8(at), hi: uint8(at + 1), w: proportion(rungs[own[at]], h, rungs[own[at+1]])}
		}
	}
	return own, answer
}

// proportion returns how far h is from lo to hi on the scale of logarithms.
func proportion(lo, h, hi int) float64 {
	return math.Log(float64(h)/float64(lo)) / math.Log(float64(hi)/float64(lo))
}

// from returns the regressions that answer for h, from the first rung to the last.
func (p *plan) from(h int) between {
	hi := 0
	for hi < len(p.own)-1 && p.rungs[p.own[hi]] < h {
		hi++
	}
	if p.rungs[p.own[hi]] == h {
		return between{lo: uint8(hi), hi: uint8(hi)}
	}
	return between{lo: uint8(hi - 1), hi: uint8(hi), w: proportion(p.rungs[p.own[hi-1]], h, p.rungs[p.own[hi]])}
}

package auto

import "math"

// between says which regressions answer for a rung: lo, and hi with weight w.
type between struct {
	lo, hi int
	w      float64
}

const fewRungs = 5

// neighbours chooses the rungs that have regressions of their own, every other
// one counted from the last and the first, and returns them with the regressions
// that answer for each rung. In between the coefficients of both neighbours are
// mixed, in proportion to the logarithm of the horizon, and meet the regressors
// of the rung itself: half the memory, and the seasons still count at the minute.
// A ladder of fewRungs or less has regressions at each.
func neighbours(rungs []int) (own []int, answer []between) {
	answer = make([]between, len(rungs))
	for k := range rungs {
		if len(rungs) <= fewRungs || k == 0 || (len(rungs)-1-k)%2 == 0 {
			own = append(own, k)
		}
		answer[k] = between{lo: len(own) - 1, hi: len(own) - 1}
	}
	for k, h := range rungs {
		lo := own[answer[k].lo]
		if lo == k {
			continue
		}
		hi := own[answer[k].lo+1]
		answer[k].hi++
		answer[k].w = proportion(rungs[lo], h, rungs[hi])
	}
	return own, answer
}

// proportion returns how far h is from lo to hi on the scale of logarithms.
func proportion(lo, h, hi int) float64 {
	return math.Log(float64(h)/float64(lo)) / math.Log(float64(hi)/float64(lo))
}

// from returns the regressions that answer for h, from the first rung to the last.
func (s *filter) from(h int) between {
	hi := 0
	for hi < len(s.own)-1 && s.rungs[s.own[hi]] < h {
		hi++
	}
	if s.rungs[s.own[hi]] == h {
		return between{lo: hi, hi: hi}
	}
	return between{lo: hi - 1, hi: hi, w: proportion(s.rungs[s.own[hi-1]], h, s.rungs[s.own[hi]])}
}

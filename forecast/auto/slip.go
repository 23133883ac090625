package auto

import "slices"

// Of a rung far ahead every second, third … sample is an origin that waits. Where the load comes
// in the same rhythm, as from a job every three minutes or in batches every three seconds, those
// origins would all meet the load, or all meet none: on seconds of a language model that is asked
// in batches, the 99 % bound a minute ahead covered 77 %. There the origins slip, by a sample
// every tenth time or so, and meet every part of the rhythm in turn. The bound covers 99 % then.
//
// Elsewhere they do not, because fewer origins are learned from: an hour ahead the error on
// recorded minutes would be 0.2 % larger.

const (
	slipBits = 10
	slip     = 109 // samples beyond the stride from one origin to the next, in parts of 1 << slipBits

	// byChance is the ratio of variances, between the parts of a rhythm and within them, above
	// which these differ. By chance it is one, and less where neighbouring samples are alike.
	byChance = 8
)

// slips returns by rung, one bit each, whether its origins slip.
func (p *plan) slips(values []float64) (mask uint16) {
	for k, q := range p.queues {
		if q.stride > 1 && beats(values, int(q.stride)) {
			mask |= 1 << k
		}
	}
	return mask
}

// beats reports whether values differ by where they stand in a period of so many samples: a
// test of the ratio of variances, as in an analysis of variance.
func beats(values []float64, period int) bool {
	first := slices.IndexFunc(values, isObserved)
	if first < 0 {
		return false
	}
	count, sum := make([]float64, period), make([]float64, period)
	n, total, squares := 0.0, 0.0, 0.0
	for i, v := range values {
		if isObserved(v) {
			d := v - values[first] // or rounding would make a rhythm of a constant
			count[i%period]++
			sum[i%period] += d
			n, total, squares = n+1, total+d, squares+d*d
		}
	}
	between := -total * total / n
	for i, c := range count {
		if c < 2 { // fewer than two rounds say nothing
			return false
		}
		between += sum[i] * sum[i] / c
	}
	within := squares - total*total/n - between
	return between/float64(period-1) > byChance*max(within, 0)/(n-float64(period))
}

// nth returns which of the origins that are stride samples apart sample i is; −1 if it is none.
func nth(i int, stride uint16) int {
	at := uint32(i) // a shorter division is a quicker one
	of := at / uint32(stride)
	if i < 0 || at != of*uint32(stride) {
		return -1
	}
	return int(of)
}

// nthSlipped is nth for origins that slip.
func nthSlipped(i int, stride uint16) int {
	apart := uint64(stride)<<slipBits + slip
	at := uint64(max(i, 0))
	of := (at<<slipBits + apart - 1) / apart
	if i < 0 || of*apart>>slipBits != at {
		return -1
	}
	return int(of)
}

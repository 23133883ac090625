package interval

import "math"

// losses are the discounted pinball losses of one candidate by level, none below
// zero, in 24 bits each: those of a float32 from the top of its exponent on. A truth
// moves a loss by some thousandths of it, and 24 bits keep it to a hundredth of a
// thousandth.
type losses struct {
	upper [Count]uint16
	lower [Count]uint8
}

// lossShift is the number of bits that a float32 without its sign has more.
const lossShift = 7

// at returns the loss of level i.
func (l *losses) at(i int) float32 {
	return math.Float32frombits((uint32(l.upper[i])<<8 | uint32(l.lower[i])) << lossShift)
}

// follow moves the loss of level i towards the newest.
func (l *losses) follow(i int, newest, rate float32) {
	v := l.at(i)
	b := math.Float32bits(v+rate*(newest-v)) + 1<<(lossShift-1)
	l.upper[i], l.lower[i] = uint16(b>>(lossShift+8)), uint8(b>>lossShift)
}

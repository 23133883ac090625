package direct

import "math"

// Small is a number from 0 to 1e5 in 16 bits: 5 bits of exponent and 11 of
// mantissa, which keeps a relative precision of 1/4096 above 6e-5 and an
// absolute one of 1.5e-8 below. It has no sign, since demand has none, and uses
// that bit for precision. SmallNaN stands for a missing value.
//
// A week of minutes takes 20 kB as Small and 80 kB as float64.
type Small uint16

// SmallNaN is the Small without a value.
const SmallNaN Small = 0xFFFF

const (
	smallShift = 12       // mantissa bits that a float32 has and a Small has not
	smallUp    = 0x1p+112 // moves the exponent from the bias of Small to that of float32
	smallDown  = 1 / smallUp
)

// ToSmall rounds v to the nearest Small. A negative v becomes 0, one that is too
// large the largest Small, NaN becomes SmallNaN.
func ToSmall(v float64) Small {
	switch {
	case math.IsNaN(v):
		return SmallNaN
	case v <= 0:
		return 0
	case v > 1.3e5:
		return SmallNaN - 1
	}
	b := math.Float32bits(float32(v * smallDown))
	b = (b + 0x7FF + b>>smallShift&1) >> smallShift
	return min(Small(b), SmallNaN-1)
}

// Float returns the value of s, NaN for SmallNaN.
func (s Small) Float() float64 {
	if s == SmallNaN {
		return math.NaN()
	}
	return s.value()
}

// value is Float for an s that is not SmallNaN.
func (s Small) value() float64 {
	return float64(math.Float32frombits(uint32(s)<<smallShift)) * smallUp
}

package direct

import "math"

// A tape holds the newest values of a series in little more than a byte each.
//
// Values are packed in blocks. A block keeps its least value and its span, and
// of each value the square root of its share of the span in eight bits:
//
//	v = low + span·(q/255)²
//
// The error is at most 0.4 % of the span of an hour of minutes, and the
// square makes it far less for the quiet values beside a spike. The newest block
// is kept as it is until it is full.
type tape struct {
	blocks []block
	open   [blockLen]Small
	n      int // values pushed
	turn   int // number of the first block of the present round through blocks
}

type block struct {
	low, span Small
	q         [blockLen]uint8
}

const blockLen = 64

// newTape has room for atLeast values.
func newTape(atLeast int) tape { return tape{blocks: make([]block, (atLeast+blockLen-1)/blockLen+1)} }

// push appends v ≥ 0, which must be finite.
func (t *tape) push(v float64) {
	t.open[t.n%blockLen] = ToSmall(v)
	t.n++
	if t.n%blockLen == 0 {
		k := t.n/blockLen - 1
		if k-t.turn == len(t.blocks) {
			t.turn = k
		}
		t.blocks[k-t.turn] = pack(&t.open)
	}
}

func pack(values *[blockLen]Small) block {
	low, high := values[0], values[0]
	for _, v := range values { // the order of Small is that of its values
		low, high = min(low, v), max(high, v)
	}
	b := block{low: low, span: ToSmall(high.Float() - low.Float())}
	span := b.span.Float()
	if span == 0 {
		return b
	}
	for i, v := range values {
		b.q[i] = uint8(255*math.Sqrt(min(1, (v.Float()-low.Float())/span)) + 0.5)
	}
	return b
}

// at returns value i, counted from the first pushed; NaN if it is not kept.
func (t *tape) at(i int) float64 {
	whole := uint(t.n) / blockLen
	k := uint(i) / blockLen
	switch {
	case uint(i) >= uint(t.n) || k+uint(len(t.blocks)) < whole: // a negative i is larger than any
		return math.NaN()
	case k == whole:
		return t.open[uint(i)%blockLen].Float()
	}
	at := int(k) - t.turn
	if at < 0 { // from the round before
		at += len(t.blocks)
	}
	b := &t.blocks[at]
	q := float64(b.q[uint(i)%blockLen])
	return b.low.value() + b.span.value()*q*q*(1.0/(255*255))
}

// rescale multiplies all values by factor.
func (t *tape) rescale(factor float64) {
	for i := range t.blocks {
		b := &t.blocks[i]
		b.low, b.span = ToSmall(b.low.Float()*factor), ToSmall(b.span.Float()*factor)
	}
	for i, v := range t.open {
		t.open[i] = ToSmall(v.Float() * factor)
	}
}

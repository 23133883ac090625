package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
)

// A Memo is what a [Band] needs of an origin when its truth comes: the scales and the
// bounds of that time, in units of the long-run mean size of the error. It takes 16 bytes,
// because dozens of origins wait at every rung.
type Memo struct {
	slow   direct.Small
	others [scales - 1]ratio // the scales after slow
	bounds [Count]ratio      // distances from the point
}

// A ratio is a number from 1/2048 to 248 in eight bits, four of exponent and four of
// mantissa: its relative precision is 1/32 above 1/128. A scale is rounded before a bound is
// made of it, so that the bound is judged on the same scale. Of a bound only the memory is
// rounded; the errors, of either sign, cancel. Zero is exact.
type ratio uint8

const (
	ratioShift = 19       // mantissa bits that a float32 has and a ratio has not
	ratioUp    = 0x1p+119 // moves the exponent from the bias of ratio to that of float32
	ratioDown  = 1 / ratioUp
	mostRatios = math.MaxUint8
	unity      = ratio(0x80) // 1
)

// toRatio rounds v ≥ 0 to the nearest ratio, and what is too large to the largest.
func toRatio(v float32) ratio {
	if !(v < 248) {
		return mostRatios
	}
	b := math.Float32bits(v * ratioDown)
	return ratio(min((b+1<<(ratioShift-1))>>ratioShift, mostRatios))
}

func (r ratio) value() float32 { return math.Float32frombits(uint32(r)<<ratioShift) * ratioUp }

// log returns the natural logarithm of r, which is not zero.
func (r ratio) log() float32 { return logs[r] }

var logs = func() (table [mostRatios + 1]float32) { //nolint:gochecknoglobals // a constant table
	for r := range table {
		table[r] = float32(math.Log(float64(ratio(max(r, 1)).value())))
	}
	return table
}()

// write notes a scale, and no smaller one than floor.
func (m *Memo) write(scale int, v, slow, floor float32) {
	m.others[scale-1] = max(toRatio(max(v, floor)/slow), 1)
}

// scales returns the scales in the unit of the forecast.
func (m *Memo) scales() (dst [scales]float32) {
	dst[slow] = float32(m.slow.Float())
	for i, r := range m.others {
		dst[i+1] = dst[slow] * r.value()
	}
	return dst
}

// Usual returns the long-run mean size of the error, in the unit of the forecast.
func (m *Memo) Usual() float64 { return m.slow.Float() }

// keep notes the bounds.
func (m *Memo) keep(quantiles *[Count]float32, point float32) {
	over := 1 / float32(m.slow.Float())
	for i, q := range quantiles {
		m.bounds[i] = toRatio(max(q-point, point-q) * over)
	}
}

// issued returns the bounds kept.
func (m *Memo) issued(point float32) (quantiles [Count]float32) {
	slow := float32(m.slow.Float())
	for i, r := range m.bounds {
		d := r.value() * slow
		if i < below {
			d = max(-d, -point) // no bound was below zero
		}
		quantiles[i] = point + d
	}
	return quantiles
}

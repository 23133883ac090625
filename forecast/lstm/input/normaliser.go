package input

import (
	"fmt"
	"math"
	"time"
)

// A Normalisation says how a value y of the metric becomes the z that the
// network computes with.
//
// The zero value is the daily one: z = log(1 + 10·y/L), where L is the mean of
// the last day; L, the scale s and the noise are frozen for a day at a time,
// because the running state of the network was computed with them. With Scale >
// 0 it is affine instead, z = (y − Offset)/Scale with s = 1, as models from
// elsewhere have it (min–max, z-score).
type Normalisation struct {
	Offset float64 // unit of the metric
	Scale  float64 // unit of the metric; 0 = daily
}

// Check returns an error unless n has finite numbers and a scale that is not
// negative.
func (n Normalisation) Check() error {
	if !(n.Scale >= 0) || math.IsInf(n.Scale, 0) || math.IsNaN(n.Offset) || math.IsInf(n.Offset, 0) {
		return fmt.Errorf("input: normalisation has offset %v and scale %v, want finite numbers and a scale above 0", n.Offset, n.Scale)
	}
	return nil
}

// usualLevel is z of a value equal to L.
var usualLevel = math.Log1p(logGain) //nolint:gochecknoglobals // a constant

// A normaliser holds the numbers that turn values into z, and the sums from which
// the next ones will be taken. They change after 1, 2, 4, … samples until a day
// is full, so that a cold start has something to go by, and then once a day.
type normaliser struct {
	affine Normalisation // Scale > 0: fixed, nothing is learned
	level  float64       // L, unit of the metric; > 0
	scale  float64       // s: usual change of z from day to day
	noise  float64       // usual change of z from cell to cell

	top    float64 // largest value seen, unit of the metric; halves per day
	newTop float64 // since the last day began

	perDay int  // cells of a day
	due    int  // cells until the numbers are renewed
	days   int  // full days that the scale was learned from
	begun  bool // a positive value was seen

	recentNoise, recentDaily float64 // running means over about sixteen cells, see alarm

	cells int // since they were renewed, or in the first day since its start
	total float64
	spread, change,
	daily float64 // sums of |z − usual|, |z − before|, |z − a day ago|
	dailies int
}

func newNormaliser(n Normalisation, step time.Duration) normaliser {
	m := normaliser{affine: n, level: 1, scale: 1, noise: 1, due: 1}
	m.perDay = max(1, int(day/step))
	return m
}

func (m *normaliser) normalise(y float64) float64 {
	if m.affine.Scale > 0 {
		return (y - m.affine.Offset) / m.affine.Scale
	}
	return math.Log1p(logGain * y / m.level)
}

// value is the inverse of normalise, but never negative and never more than
// three times the largest value seen of late: an exponential of an output that
// went astray is no forecast.
func (m *normaliser) value(z float64) float64 {
	const beyond = 3
	y := math.Expm1(z) * (m.level / logGain)
	if m.affine.Scale > 0 {
		y = z*m.affine.Scale + m.affine.Offset
	}
	return math.Max(0, math.Min(y, beyond*m.top))
}

// push counts a sample in and reports whether the numbers have changed. A NaN
// for dayAgo says that it is unknown.
func (m *normaliser) push(y, z, before, dayAgo float64) bool {
	m.top, m.newTop = math.Max(m.top, y), math.Max(m.newTop, y)
	if m.affine.Scale > 0 {
		return false
	}
	if !m.begun {
		if y == 0 {
			return false // zero has no scale
		}
		m.begun, m.level = true, y
		m.cells, m.total, m.due = 1, y, 1
		m.scale, m.noise = 0.3, 0.1 // until two samples were seen
		return true
	}
	m.cells++
	m.total += math.Min(y, jump*m.level)
	m.spread += math.Min(math.Abs(z-usualLevel), maxDiff)
	m.change += math.Min(math.Abs(z-before), maxDiff)
	if !math.IsNaN(dayAgo) {
		m.daily += math.Min(math.Abs(z-dayAgo), maxDiff)
		m.dailies++
	}
	alarmed := m.alarm(&m.recentNoise, &m.noise, z-before)
	alarmed = m.alarm(&m.recentDaily, &m.scale, z-dayAgo) || alarmed
	if m.due--; m.due > 0 {
		return alarmed
	}
	m.renew()
	return true
}

// alarm raises a frozen number at once when changes have been four times as
// large for about ten cells, as when traffic sets in after idle days; waiting
// until they are renewed would leave the forecast of a day far too sure of itself.
// A single change counts eightfold at most, so that one spike is no alarm.
func (m *normaliser) alarm(recent, frozen *float64, change float64) bool {
	const cells, loud, most = 16, 4, 8
	if math.IsNaN(change) {
		return false
	}
	*recent += (math.Min(math.Abs(change), most**frozen) - *recent) / cells
	if *recent < loud**frozen {
		return false
	}
	*frozen = *recent
	return true
}

func (m *normaliser) renew() {
	n := float64(m.cells)
	if m.total > 0 {
		m.level = math.Min(math.Max(m.total/n, m.level/jump), jump*m.level)
	}
	m.noise = learned(m.noise, m.change/n, m.days+1, minNoise)
	switch {
	case 2*m.dailies >= m.perDay:
		m.days++
		m.scale = learned(m.scale, m.daily/float64(m.dailies), m.days, minScale)
	case m.days == 0:
		m.scale = math.Max(minScale, m.spread/n/2+m.change/n)
	}
	m.due = m.cells
	if 2*m.cells > m.perDay {
		m.due = m.perDay - m.cells
	}
	if m.cells >= m.perDay {
		m.cells, m.total, m.spread, m.change, m.daily, m.dailies = 0, 0, 0, 0, 0, 0
		m.due = m.perDay
		m.top, m.newTop = math.Max(m.newTop, m.top/2), 0
	}
}

// learned returns the mean of the last days, at most seven, when today's number
// is v and that of the days before was old.
func learned(old, v float64, days int, floor float64) float64 {
	return math.Max(floor, old+(v-old)/float64(min(days, 7)))
}

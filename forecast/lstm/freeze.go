package lstm

import (
	"math"
	"time"
)

// usualLevel is z of a value equal to L.
var usualLevel = math.Log1p(logGain) //nolint:gochecknoglobals // a constant

// A freeze holds the numbers that turn values into z, and the sums from which
// the next ones will be taken. They change after 1, 2, 4, … samples until a day
// is full, so that a cold start has something to go by, and then once a day.
type freeze struct {
	affine Normalisation // Scale > 0: fixed, nothing is learned
	level  float64       // L, unit of the metric; > 0
	scale  float64       // s: usual change of z from day to day
	noise  float64       // usual change of z from cell to cell

	top    float64 // largest value seen, unit of the metric; halves per day
	newTop float64 // since the last day began

	perDay int  // cells of a day
	due    int  // cells until the next freeze
	days   int  // full days that the scale was learned from
	begun  bool // a positive value was seen

	recentNoise, recentDaily float64 // running means over about sixteen cells, see alarm

	cells int // since the last freeze, or in the first day since its start
	total float64
	spread, change,
	daily float64 // sums of |z − usual|, |z − before|, |z − a day ago|
	dailies int
}

func newFreeze(n Normalisation, step time.Duration) freeze {
	f := freeze{affine: n, level: 1, scale: 1, noise: 1, due: 1}
	f.perDay = max(1, int(day/step))
	return f
}

func (f *freeze) normalise(y float64) float64 {
	if f.affine.Scale > 0 {
		return (y - f.affine.Offset) / f.affine.Scale
	}
	return math.Log1p(logGain * y / f.level)
}

// value is the inverse of normalise, but never negative and never more than
// three times the largest value seen of late: an exponential of an output that
// went astray is no forecast.
func (f *freeze) value(z float64) float64 {
	const beyond = 3
	y := math.Expm1(z) * (f.level / logGain)
	if f.affine.Scale > 0 {
		y = z*f.affine.Scale + f.affine.Offset
	}
	return math.Max(0, math.Min(y, beyond*f.top))
}

// push counts a sample in and reports whether the numbers have changed. A NaN
// for dayAgo says that it is unknown.
func (f *freeze) push(y, z, before, dayAgo float64) bool {
	f.top, f.newTop = math.Max(f.top, y), math.Max(f.newTop, y)
	if f.affine.Scale > 0 {
		return false
	}
	if !f.begun {
		if y == 0 {
			return false // zero has no scale
		}
		f.begun, f.level = true, y
		f.cells, f.total, f.due = 1, y, 1
		f.scale, f.noise = 0.3, 0.1 // until two samples were seen
		return true
	}
	f.cells++
	f.total += math.Min(y, jump*f.level)
	f.spread += math.Min(math.Abs(z-usualLevel), maxDiff)
	f.change += math.Min(math.Abs(z-before), maxDiff)
	if !math.IsNaN(dayAgo) {
		f.daily += math.Min(math.Abs(z-dayAgo), maxDiff)
		f.dailies++
	}
	alarmed := f.alarm(&f.recentNoise, &f.noise, z-before)
	alarmed = f.alarm(&f.recentDaily, &f.scale, z-dayAgo) || alarmed
	if f.due--; f.due > 0 {
		return alarmed
	}
	f.renew()
	return true
}

// alarm raises a frozen number at once when changes have been four times as
// large for about ten cells, as when traffic sets in after idle days; waiting
// for the next freeze would leave the forecast of a day far too sure of itself.
// A single change counts eightfold at most, so that one spike is no alarm.
func (f *freeze) alarm(recent, frozen *float64, change float64) bool {
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

func (f *freeze) renew() {
	n := float64(f.cells)
	if f.total > 0 {
		f.level = math.Min(math.Max(f.total/n, f.level/jump), jump*f.level)
	}
	f.noise = learned(f.noise, f.change/n, f.days+1, minNoise)
	switch {
	case 2*f.dailies >= f.perDay:
		f.days++
		f.scale = learned(f.scale, f.daily/float64(f.dailies), f.days, minScale)
	case f.days == 0:
		f.scale = math.Max(minScale, f.spread/n/2+f.change/n)
	}
	f.due = f.cells
	if 2*f.cells > f.perDay {
		f.due = f.perDay - f.cells
	}
	if f.cells >= f.perDay {
		f.cells, f.total, f.spread, f.change, f.daily, f.dailies = 0, 0, 0, 0, 0, 0
		f.due = f.perDay
		f.top, f.newTop = math.Max(f.newTop, f.top/2), 0
	}
}

// learned returns the mean of the last days, at most seven, when today's number
// is v and that of the days before was old.
func learned(old, v float64, days int, floor float64) float64 {
	return math.Max(floor, old+(v-old)/float64(min(days, 7)))
}

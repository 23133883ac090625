package input

import (
	"math"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day

	seasonCell = 5 * time.Minute // the finest grid on which the past week is kept

	logGain = 10 // z = log(1 + logGain·y/L)
	reach   = 12 // features and outputs are cut to ± this many units
	jump    = 8  // the level moves by this factor at most per freeze

	minScale = 0.01  // in z: about a hundredth of the level
	minNoise = 0.001 // in z
	maxDiff  = 3     // a difference of z counts at most this much for the scale

)

// AnchorsPerRung is how many numbers [View.Anchors] writes for each rung.
const AnchorsPerRung = 3

// A View is what a network sees of one series: the newest value, the past week
// on a grid of five minutes (8 kB whatever the step), and the normalisation. It
// is not safe for concurrent use.
//
// The grid and not the samples: what a day-ago anchor is good for is the
// season, of which the mean over five minutes says more than one noisy cell.
type View struct {
	features []Feature
	rungs    []int // steps
	step     time.Duration
	next     int64 // index of the next cell: its start over step

	known  bool    // a sample was seen
	y      float64 // newest value; in a gap the last one seen
	z      float64 // its normalised value, as the numbers stand
	before float64 // normalised value of the cell before
	newest float64 // as y, but NaN in a gap
	short  float64 // running means of z
	long   float64

	season grid
	norm   normaliser
}

// NewView returns the view of a series whose next cell starts at start. It keeps
// features and rungs (ascending horizons in steps), which the caller has checked
// and does not change.
func NewView(features []Feature, n Normalisation, rungs []int, start time.Time, step time.Duration) *View {
	return &View{
		features: features, rungs: rungs, step: step, next: start.UnixNano() / int64(step),
		season: newGrid(step), norm: newNormaliser(n, step),
	}
}

// Known reports whether a sample was seen. Before it, nothing else here has a
// meaning.
func (v *View) Known() bool { return v.known }

// HasScale reports whether there is a level to normalise by: a series of nothing
// but zeros has none, unless the normalisation is affine.
func (v *View) HasScale() bool { return v.norm.begun || v.norm.affine.Scale > 0 }

// Z returns the normalised newest value; in a gap that of the last one seen.
func (v *View) Z() float64 { return v.z }

// Gap reports whether the newest cell has no sample.
func (v *View) Gap() bool { return math.IsNaN(v.newest) }

// Next returns the index of the next cell: its start since the epoch over the
// step.
func (v *View) Next() int64 { return v.next }

// NextStart returns the start of the next cell, UTC.
func (v *View) NextStart() time.Time { return time.Unix(0, v.next*int64(v.step)).UTC() }

// Step returns the step of the series.
func (v *View) Step() time.Duration { return v.step }

// Normalise returns z of a value of the metric, ≥ 0.
func (v *View) Normalise(y float64) float64 { return v.norm.normalise(y) }

// Value is the inverse of [View.Normalise], cut to a range that the series has
// come near: never negative, and never more than three times the largest value
// of late.
func (v *View) Value(z float64) float64 { return v.norm.value(z) }

// Push takes the value of the next cell; NaN, infinite and negative values are
// no sample.
func (v *View) Push(y float64) {
	if !(y >= 0) || math.IsInf(y, 0) {
		y = math.NaN()
	}
	v.newest = y
	i := v.next
	v.next++
	v.season.push(i, y)
	if math.IsNaN(y) {
		v.before = v.z
		return
	}
	v.before, v.y = v.z, y
	v.z = v.norm.normalise(y)
	if !v.known {
		v.before, v.short, v.long = v.z, v.z, v.z
	}
	v.known = true
	v.short += (v.z - v.short) / 8
	v.long += (v.z - v.long) / 32
	if v.norm.push(y, v.z, v.before, v.at(float64(i)-v.steps(day))) {
		v.rebase()
	}
}

// rebase expresses what is kept in z by the numbers that have just changed.
func (v *View) rebase() {
	shift := v.norm.normalise(v.y) - v.z
	v.z += shift
	v.before += shift
	v.short += shift
	v.long += shift
}

func (v *View) steps(d time.Duration) float64 { return float64(d) / float64(v.step) }

// at returns the normalised value at a position in cells, from the grid; NaN if
// it is unknown.
func (v *View) at(position float64) float64 {
	y, ok := v.season.at(position)
	if !ok {
		return math.NaN()
	}
	return v.norm.normalise(y)
}

// ago returns the normalised value one period, or the fewest whole periods that
// reach the past, before the cell h steps after the newest; NaN if it is unknown.
func (v *View) ago(h int, period time.Duration) float64 {
	p := v.steps(period)
	back := p * math.Max(1, math.Ceil(float64(h)/p))
	return v.at(float64(v.next-1+int64(h)) - back)
}

// unit is the size of a usual change over h steps: the noise grows with √h until
// the daily change bounds it.
func (v *View) unit(h int) float64 {
	noise := v.norm.noise * math.Sqrt(float64(h))
	return v.norm.scale * noise / (v.norm.scale + noise)
}

// Inputs writes the features of the newest cell to dst, in their order.
func (v *View) Inputs(dst []float64) {
	dayAgo, weekAgo := v.ago(0, day), v.ago(0, week)
	for i, f := range v.features {
		switch f {
		case Level:
			dst[i] = distance(v.z, usualLevel, v.norm.scale)
		case Day:
			dst[i] = distance(v.z, dayAgo, v.norm.scale)
		case Week:
			dst[i] = distance(v.z, weekAgo, v.norm.scale)
		case ShortMean:
			dst[i] = distance(v.short, v.z, v.norm.noise)
		case LongMean:
			dst[i] = distance(v.long, v.z, v.norm.noise)
		case KnowsDay:
			dst[i] = indicator(dayAgo)
		case KnowsWeek:
			dst[i] = indicator(weekAgo)
		case LogScale:
			dst[i] = math.Log(v.norm.scale)
		case LogNoise:
			dst[i] = math.Log(v.norm.noise / v.norm.scale)
		case Gap:
			dst[i] = 1 - indicator(v.newest)
		default:
			dst[i] = v.Plain(f, v.z, v.before, v.next-1)
		}
	}
}

// Plain returns a feature that needs no memory beyond two values and the clock,
// so that it can also be computed for a cell that is only forecast: z and before
// are its normalised value and that of the cell before, index is as in Next. It
// is 0 for a feature that is not plain.
func (v *View) Plain(f Feature, z, before float64, index int64) float64 {
	switch f {
	case Value:
		return min(max(z, -1e6), 1e6)
	case Change:
		return distance(z, before, v.norm.scale)
	case HourSin:
		return math.Sin(v.angle(index, day))
	case HourCos:
		return math.Cos(v.angle(index, day))
	case WeekdaySin:
		return math.Sin(v.angle(index, week))
	case WeekdayCos:
		return math.Cos(v.angle(index, week))
	default:
		return 0
	}
}

func (v *View) angle(index int64, period time.Duration) float64 {
	phase := math.Mod(float64(index), v.steps(period)) / v.steps(period)
	return 2 * math.Pi * phase
}

// BaseValue returns the simplest sensible forecast for h steps ahead, in z, to which
// relative outputs are added: the newest value, plus the change over the same hours of
// the day before if that is known.
func (v *View) BaseValue(h int) float64 { return v.baseFrom(h, v.ago(0, day)) }

// baseFrom is BaseValue when the value of a day ago is at hand.
func (v *View) baseFrom(h int, dayAgo float64) float64 {
	change := v.ago(h, day) - dayAgo
	if math.IsNaN(change) {
		return v.z
	}
	return v.z + change
}

// A Base is what the relative outputs of one rung are added to, and in which
// unit they count.
type Base struct {
	Unit  float64 // in z: the usual change over the horizon
	Value float64 // BaseValue of the rung, in z
	Peak  float64 // the highest Value of the rungs so far, in z
}

// Bases writes the base of each rung to dst.
func (v *View) Bases(dst []Base) {
	peak, dayAgo := v.z, v.ago(0, day)
	for i, h := range v.rungs {
		b := v.baseFrom(h, dayAgo)
		if i == 0 {
			peak = b
		}
		peak = math.Max(peak, b)
		dst[i] = Base{Unit: v.unit(h), Value: b, Peak: peak}
	}
}

// Anchors writes the distances of other simple forecasts from the base of each rung,
// in the unit of the base, to dst, [AnchorsPerRung] for each rung: "as now", "as a
// week ago", and now plus the change of a week ago. "As a day ago" is not among them:
// its distance is the same for all rungs, and is the feature Day.
func (v *View) Anchors(dst []float64, bases []Base) {
	weekNow := v.ago(0, week)
	for i, h := range v.rungs {
		b := bases[i]
		w := v.ago(h, week)
		to := dst[AnchorsPerRung*i:][:AnchorsPerRung]
		to[0] = distance(v.z, b.Value, b.Unit)
		to[1] = distance(w, b.Value, b.Unit)
		to[2] = distance(v.z+w-weekNow, b.Value, b.Unit)
	}
}

// distance returns a − b in units, cut; zero if one of them is unknown.
func distance(a, b, unit float64) float64 {
	if d := (a - b) / unit; !math.IsNaN(d) {
		return Cut(d)
	}
	return 0
}

// Cut returns x within the ±12 units that features and outputs are cut to.
func Cut(x float64) float64 { return min(max(x, -reach), reach) }

// indicator returns 1 if x is known, else 0.
func indicator(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return 1
}

package lstm

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

	anchorsPerRung = 3 // see view.anchors
)

// A view is what the network sees of one series: the newest value, the past week
// on a grid of five minutes (8 kB whatever the step), and the normalisation.
//
// The grid and not the samples: what a day-ago anchor is good for is the
// season, of which the mean over five minutes says more than one noisy cell.
type view struct {
	cfg  *Config
	step time.Duration
	next int64 // index of the next cell: its start over step

	known  bool    // a sample was seen
	y      float64 // newest value; in a gap the last one seen
	z      float64 // its normalised value, under the present freeze
	before float64 // normalised value of the cell before
	newest float64 // as y, but NaN in a gap
	short  float64 // running means of z
	long   float64

	season grid
	freeze freeze
}

func newView(cfg *Config, start time.Time, step time.Duration) *view {
	v := &view{cfg: cfg, step: step, next: start.UnixNano() / int64(step)}
	v.season = newGrid(step)
	v.freeze = newFreeze(cfg.Normalisation, step)
	return v
}

// push takes the value of the next cell; NaN, infinite and negative values are
// no sample.
func (v *view) push(y float64) {
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
	v.z = v.freeze.normalise(y)
	if !v.known {
		v.before, v.short, v.long = v.z, v.z, v.z
	}
	v.known = true
	v.short += (v.z - v.short) / 8
	v.long += (v.z - v.long) / 32
	if v.freeze.push(y, v.z, v.before, v.at(float64(i)-v.steps(day))) {
		v.rebase()
	}
}

// rebase expresses what is kept in z under the freeze that has just changed.
func (v *view) rebase() {
	shift := v.freeze.normalise(v.y) - v.z
	v.z += shift
	v.before += shift
	v.short += shift
	v.long += shift
}

func (v *view) steps(d time.Duration) float64 { return float64(d) / float64(v.step) }

// at returns the normalised value at a position in cells, from the grid; NaN if
// it is unknown.
func (v *view) at(position float64) float64 {
	y, ok := v.season.at(position)
	if !ok {
		return math.NaN()
	}
	return v.freeze.normalise(y)
}

// ago returns the normalised value one period, or the fewest whole periods that
// reach the past, before the cell h steps after the newest; NaN if it is unknown.
func (v *view) ago(h int, period time.Duration) float64 {
	p := v.steps(period)
	back := p * math.Max(1, math.Ceil(float64(h)/p))
	return v.at(float64(v.next-1+int64(h)) - back)
}

// unit is the size of a usual change over h steps: the noise grows with √h until
// the daily change bounds it.
func (v *view) unit(h int) float64 {
	noise := v.freeze.noise * math.Sqrt(float64(h))
	return v.freeze.scale * noise / (v.freeze.scale + noise)
}

// inputs writes the features of the newest cell.
func (v *view) inputs(dst []float64) {
	dayAgo, weekAgo := v.ago(0, day), v.ago(0, week)
	for i, f := range v.cfg.Features {
		switch f {
		case Level:
			dst[i] = distance(v.z, usualLevel, v.freeze.scale)
		case Day:
			dst[i] = distance(v.z, dayAgo, v.freeze.scale)
		case Week:
			dst[i] = distance(v.z, weekAgo, v.freeze.scale)
		case ShortMean:
			dst[i] = distance(v.short, v.z, v.freeze.noise)
		case LongMean:
			dst[i] = distance(v.long, v.z, v.freeze.noise)
		case KnowsDay:
			dst[i] = known(dayAgo)
		case KnowsWeek:
			dst[i] = known(weekAgo)
		case LogScale:
			dst[i] = math.Log(v.freeze.scale)
		case LogNoise:
			dst[i] = math.Log(v.freeze.noise / v.freeze.scale)
		case Gap:
			dst[i] = 1 - known(v.newest)
		default:
			dst[i] = v.plain(f, v.z, v.before, v.next-1)
		}
	}
}

// plain returns a feature that needs no memory beyond two values and the clock,
// so that it can also be computed for a cell that is only forecast.
func (v *view) plain(f Feature, z, before float64, index int64) float64 {
	switch f {
	case Value:
		return min(max(z, -1e6), 1e6)
	case Change:
		return distance(z, before, v.freeze.scale)
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

// isPlain reports whether plain knows f.
func isPlain(f Feature) bool {
	switch f {
	case Value, Change, HourSin, HourCos, WeekdaySin, WeekdayCos:
		return true
	default:
		return false
	}
}

func (v *view) angle(index int64, period time.Duration) float64 {
	phase := math.Mod(float64(index), v.steps(period)) / v.steps(period)
	return 2 * math.Pi * phase
}

// base is the simplest sensible forecast for h steps ahead, and what relative
// outputs are added to: the newest value, plus the change that the day before
// saw over the same hours if that is known.
func (v *view) base(h int) float64 { return v.baseFrom(h, v.ago(0, day)) }

// baseFrom is base when the value of a day ago is at hand.
func (v *view) baseFrom(h int, dayAgo float64) float64 {
	change := v.ago(h, day) - dayAgo
	if math.IsNaN(change) {
		return v.z
	}
	return v.z + change
}

// A footing is what the outputs of one rung stand on.
type footing struct {
	unit  float64 // in z
	value float64 // base of the rung, in z
	peak  float64 // the highest base of the rungs so far, in z
}

// footings writes the footing of each rung.
func (v *view) footings(dst []footing) {
	peak, dayAgo := v.z, v.ago(0, day)
	for i, h := range v.cfg.Rungs {
		b := v.baseFrom(h, dayAgo)
		if i == 0 {
			peak = b
		}
		peak = math.Max(peak, b)
		dst[i] = footing{unit: v.unit(h), value: b, peak: peak}
	}
}

// anchors writes, rung by rung, where other simple forecasts lie, as distances
// from the rung's base in its unit: "as now", "as a week ago", and now plus the
// change of a week ago. "As a day ago" is at the same distance for all rungs,
// which the feature Day says.
func (v *view) anchors(dst []float64, on []footing) {
	weekNow := v.ago(0, week)
	for i, h := range v.cfg.Rungs {
		f := on[i]
		w := v.ago(h, week)
		to := dst[anchorsPerRung*i:][:anchorsPerRung]
		to[0] = distance(v.z, f.value, f.unit)
		to[1] = distance(w, f.value, f.unit)
		to[2] = distance(v.z+w-weekNow, f.value, f.unit)
	}
}

// distance returns a − b in units, cut; zero if one of them is unknown.
func distance(a, b, unit float64) float64 {
	if d := (a - b) / unit; !math.IsNaN(d) {
		return cut(d)
	}
	return 0
}

func cut(x float64) float64 { return min(max(x, -reach), reach) }

// known returns 1 if x is known, else 0.
func known(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return 1
}

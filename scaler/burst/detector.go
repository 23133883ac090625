package burst

import (
	"math"
	"time"
)

// How a burst is distinguished from everything else; see the package documentation.
const (
	surely     = 6.0              // deviations at which one sample suffices
	likely     = 4.0              // deviations that any sample needs; two in a row suffice
	double     = 2.0              // times the reference: one sample at likely then suffices
	leastRise  = 1.5              // times the reference; a lower sample is no burst
	ended      = 0.15             // share of the height above the reference, below which a sample is calm
	calm       = time.Minute      // of calm demand that ends a burst
	newLevel   = 30 * time.Minute // longer is no burst
	fading     = 0.7              // share of the height above the reference, below which a burst is on its way down
	hold       = 75 * time.Second // half of what a replica costs to start and to end: two holds are remembered
	steeply    = 1.25             // growth of the height above the reference that shows a burst still rising
	halfLevel  = 2 * time.Minute  // half-life of the level
	halfSpread = 30 * time.Minute // and of the deviation
	finest     = 0.01             // least deviation, as a share of the level
	faintest   = 1e-100           // least reference that a burst is remembered with, as a share of its height: the level of an idle series fades without end
	maxBursts  = 192              // remembered
	scrapes    = 4                // of one target within the window of a rate, usually
)

// A Burst is one that is over.
type Burst struct {
	At     time.Time     // when it was noticed
	Height float64       // highest sample over the reference at its onset, ≥ 1
	Lasted time.Duration // from notice to the first calm sample
	Base   float64       // reference at its onset, unit of the metric; 0 = unknown
	Rose   time.Duration // from notice until it was near its height; 0 = at once, or unknown
}

// A Detector watches one series of demand. Except for Window and Zone, its fields are its
// memory, of bounded size; do not write them. The zero Detector is ready. It is not safe for
// concurrent use.
type Detector struct {
	// Window is the time over which each sample is a mean, as that of rate(); 0 if
	// a sample is the mean since the last one. Set it before the first Update.
	Window time.Duration

	// Zone is that of the clock by which demand rises daily and weekly; nil means UTC. Set
	// it before the first Update.
	Zone *time.Location

	Seen   time.Time // newest sample
	First  time.Time // oldest sample
	Last   float64   // value of the newest sample
	Level  float64   // of the last minutes, without bursts
	Spread float64   // mean absolute deviation of a sample from it
	Hints  int       // samples in a row that were likely a burst

	Onset  time.Time  // of the burst that lasts; zero if none does
	Base   float64    // reference at the onset
	Peak   float64    // highest sample since
	Surge  float64    // highest rate behind the first samples, which are means over Window
	Guess  float64    // demand behind the newest sample, if that may be the first one of a burst; 0 = none
	Mark   float64    // highest sample when it last grew by a quarter of what is above the base
	Marked time.Time  // when that was
	Tops   [2]float64 // highest sample of this hold and of the one before
	Turned time.Time  // when this hold began
	Calm   time.Time  // first of the calm samples that end it
	Recent []Burst    // oldest first

	Alarms int // samples that might have been the first one of a burst
	True   int // those that were followed by the onset of one

	Phases []time.Duration // times of day, in Zone, at which the clock makes demand rise
	Weekly []Weekly        // rises at the same time of each week, in Zone

	renewal renewal // made from Recent, anew after each burst
}

// Update takes a sample of demand, in order of time, and the median forecast for the same
// time (NaN = none). It ignores a sample that is not finite, negative, or not newer than the
// last one. It reports whether a burst begins with this sample. It takes O(1), or
// O(bursts) when a burst ends.
func (d *Detector) Update(now time.Time, sample, median float64) bool {
	if math.IsNaN(sample) || math.IsInf(sample, 0) || sample < 0 || !now.After(d.Seen) {
		return false
	}
	if d.First.IsZero() {
		d.First, d.Seen, d.Level, d.Last = now, now, sample, sample
		return false
	}
	dt, last, former := now.Sub(d.Seen), d.Last, d.Guess
	d.Seen, d.Last, d.Guess = now, sample, 0
	if d.Lasts() {
		if now.Sub(d.Onset) < d.Window {
			d.surge(dt, sample-last)
		}
		d.follow(now, sample)
		return false
	}
	if d.Window > 0 && dt > max(newLevel, 2*d.Window) { // nothing is known of the last minutes
		d.Level, d.Hints = sample, 0
		return false
	}
	reference := d.Level
	if median > reference {
		reference = median
	}
	if d.begins(sample, reference) {
		d.Onset, d.Base, d.Peak, d.Surge, d.Calm, d.Hints = now, reference, sample, sample, time.Time{}, 0
		d.Tops, d.Turned = [2]float64{sample}, now
		d.Mark, d.Marked = sample, now
		d.surge(dt, sample-last)
		d.came(former)
		return true
	}
	d.suspect(dt, sample-max(last, reference), reference)
	d.alarm(former)
	d.learn(dt, sample)
	return false
}

// Remember takes over what past, a detector that has watched the history of the same
// series, knows of the clock, and its bursts unless d has seen at least as many itself. A d
// without a sample goes on where past has ended: with its level, with the usual deviation, and
// with the burst that lasts, unless that is a rise by the clock, which is forecast, or began in
// the first half hour of past, when the usual deviation was not known and any wave was a burst.
func (d *Detector) Remember(past *Detector) {
	d.Phases = append(d.Phases[:0], past.Phases...)
	d.Weekly = append(d.Weekly[:0], past.Weekly...)
	if d.Seen.IsZero() {
		d.First, d.Seen, d.Last, d.Level, d.Spread = past.First, past.Seen, past.Last, past.Level, past.Spread
		if past.Lasts() && past.Onset.Sub(past.First) >= halfSpread && !past.Expected(past.Onset, d.Window) {
			d.resume(past)
		}
	}
	if len(past.Recent) <= len(d.Recent) {
		return
	}
	d.Recent = append(d.Recent[:0], past.Recent...)
	d.First = past.First
	d.renewal = renewal{}
}

// resume goes on with the burst that lasts in past.
func (d *Detector) resume(past *Detector) {
	d.Onset, d.Base, d.Peak, d.Surge = past.Onset, past.Base, past.Peak, past.Surge
	d.Mark, d.Marked, d.Tops, d.Turned, d.Calm = past.Mark, past.Marked, past.Tops, past.Turned, past.Calm
}

// Lasts reports whether a burst is going on.
func (d *Detector) Lasts() bool { return !d.Onset.IsZero() }

// surge estimates the rate behind the first samples of a burst, which are means over the
// window. If such a mean grows by rise within dt, the window has lost dt of the base and
// gained dt of a higher rate: base + rise·window/dt.
func (d *Detector) surge(dt time.Duration, rise float64) {
	if dt < d.Window {
		share := float64(d.Window) / float64(dt)
		shown := max(dt, d.Window/scrapes) + d.Seen.Sub(d.Onset) // of several targets each shows what it has grown by since its own scrape before
		since := float64(d.Window) / float64(shown)              // the same from all samples so far: one that jumps must not run away by more than half
		d.Surge = max(d.Surge, d.Base+min(rise*share, 1.5*(d.Last-d.Base)*max(since, 1)))
	}
}

// Latch returns the demand to provide for, in the unit of the samples: that of a burst that
// is going on, that guessed of one that may have begun with the newest sample, or 0.
//
// While the samples do not yet show how high the burst goes, it is the larger of two
// heights. One is what bursts usually reach: the quantile, of the given level, of where past
// ones would have taken demand. It counts for as long as, at the same level, they took to
// come near their height. The other is the guess behind the first samples, which is not
// believed above the [Detector.Ceiling]. Once a sample is a mean over nothing but the
// burst, the highest sample takes the place of the guess. It stays until the burst fades:
// until samples have been clearly lower for as long as a replica costs to start and to end.
func (d *Detector) Latch(now time.Time, level float64) float64 {
	if !d.Lasts() {
		return d.suspected(now, level)
	}
	need := d.Peak
	if top := max(d.Tops[0], d.Tops[1]); top < d.Base+fading*(d.Peak-d.Base) {
		need = top
	}
	if d.Seen.Sub(d.Onset) < d.Window { // samples still hold some of the time before
		need = max(need, min(d.Surge, d.Ceiling(level)))
	}
	if usual := d.Reach(d.Base, level); usual > need && now.Sub(d.Onset) <= d.Window+max(calm, d.rise(level)) {
		need = usual
	}
	return need
}

// Ceiling returns the demand above which guesses about the present burst are not believed:
// the quantile, of the given level, of where past bursts would have taken demand. It is
// infinity if no burst is going on or fewer than eight are known. It does not bound what is
// observed.
func (d *Detector) Ceiling(level float64) float64 {
	if !d.Lasts() {
		return math.Inf(1)
	}
	return d.ceiling(d.Base, level)
}

// begins reports whether a burst begins with a sample, and counts hints of one.
func (d *Detector) begins(sample, reference float64) bool {
	if !(reference > 0) || sample < leastRise*reference {
		d.Hints = 0
		return false
	}
	z := (sample - reference) / d.deviation(reference)
	if z < likely {
		d.Hints = 0
		return false
	}
	d.Hints++
	return z > surely || d.Hints >= 2 || sample >= double*reference
}

// deviation returns the standard deviation of one sample: that of a normal distribution
// with the mean absolute deviation seen.
func (d *Detector) deviation(reference float64) float64 {
	return max(math.Sqrt(math.Pi/2)*d.Spread, finest*reference)
}

// learn lets level and spread follow a sample outside of bursts. A sample that may turn
// out to begin one moves them little.
func (d *Detector) learn(dt time.Duration, sample float64) {
	off := sample - d.Level
	if limit := 2 * d.deviation(d.Level); d.Hints > 0 && off > limit {
		off = limit
	}
	d.Spread += (1 - halving(dt, halfSpread)) * (math.Abs(off) - d.Spread)
	d.Level += (1 - halving(dt, halfLevel)) * off
}

func halving(dt, half time.Duration) float64 { return math.Exp2(-float64(dt) / float64(half)) }

// follow watches a burst until it ends or turns out to be a new level.
func (d *Detector) follow(now time.Time, sample float64) {
	d.Peak = max(d.Peak, sample)
	if sample > d.Base+steeply*(d.Mark-d.Base) {
		d.Mark, d.Marked = sample, now
	}
	if now.Sub(d.Turned) >= hold {
		d.Tops, d.Turned = [2]float64{0, d.Tops[0]}, now
	}
	d.Tops[0] = max(d.Tops[0], sample)
	if now.Sub(d.Onset) > newLevel {
		d.Level, d.Onset = sample, time.Time{}
		return
	}
	if sample > d.Base+ended*(d.Peak-d.Base) {
		d.Calm = time.Time{}
		return
	}
	if d.Calm.IsZero() {
		d.Calm = now
	}
	if now.Sub(d.Calm) < calm-d.Window { // a sample speaks for all of its window
		return
	}
	if len(d.Recent) == maxBursts {
		d.Recent = append(d.Recent[:0], d.Recent[1:]...)
	}
	base := max(d.Base, faintest*d.Peak)
	d.Recent = append(d.Recent, Burst{At: d.Onset, Height: d.Peak / base, Lasted: d.Calm.Sub(d.Onset), Base: base, Rose: d.Marked.Sub(d.Onset)})
	d.Level, d.Onset = sample, time.Time{}
	d.renewal = renewal{}
}

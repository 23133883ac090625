package burst

import (
	"slices"
	"time"
)

const (
	week       = 7 * day
	mostChance = 0.1              // share of the rises found again a week later that may be chance
	growth     = 2.0              // from week to week at most, of what a weekly rise goes up to
	coarsest   = 10 * time.Minute // between onsets of one weekly rise at most; in coarser cells nothing is looked for
)

// A Weekly is a rise at the same time of each week: the end of a weekend, a weekly job, a
// newsletter. What rises on each working day is five of them, and not expected on a Saturday.
type Weekly struct {
	At     time.Duration // time of the week, counted from the epoch by the clock of a zone, at which the cells of a history show it
	Height float64       // demand after it over that before it, the larger of both weeks, > 1
	Top    float64       // demand after it, the larger of both weeks, unit of the samples
	Early  time.Duration // by how much it may begin before At: cells show it late
	Ramp   bool          // a step of a ramp: means of three cells; steps that are due multiply
}

// A Rise is one that was noticed in a history.
type Rise struct {
	At     time.Time // end of the cell that shows it
	Height float64   // demand after it over that before it, > 1; 0 = unknown
	Top    float64   // demand after it, unit of the samples; 0 = unknown
}

// RiseAt returns the rise at cell i of values, oldest first, NaN where there is no sample; the
// cell ends at at. Its height is the highest of the three cells from i on over the mean of the
// three before. It is unknown if one of the six is, if there was no demand before, or if the
// three are no more than those before.
func RiseAt(values []float64, i int, at time.Time) Rise {
	if r := rise(values, i); !(r > 1) || i < rises {
		return Rise{At: at}
	}
	before := 0.0
	for _, v := range values[i-rises : i] {
		before += v / rises
	}
	if before <= 0 {
		return Rise{At: at}
	}
	top := slices.Max(values[i : i+rises])
	return Rise{At: at, Height: top / before, Top: top}
}

// ExpectWeekly remembers those rises of the last week of a history that came at the same time
// of the week before. seen are all rises of the history, oldest first; it ends at end, and step
// is the length of its cells. A rise of unknown height is never weekly. None is remembered if
// more than a tenth of them could be chance, as where rises are many, or if the cells are too
// coarse to tell.
func (d *Detector) ExpectWeekly(seen []Rise, end time.Time, step time.Duration) {
	d.Weekly = d.Weekly[:0]
	near := max(nearPhase, 2*step)
	if near > coarsest || len(seen) == 0 {
		return
	}
	asked := 0 // rises of the last week
	for i, r := range seen {
		if end.Sub(r.At) > week {
			continue
		}
		asked++
		for _, former := range seen[:i] {
			if off := d.wall(r.At) - d.wall(former.At) - week; off.Abs() <= near && min(r.Height, former.Height) > 0 {
				d.Weekly = append(d.Weekly, Weekly{
					At: d.wall(r.At) % week, Height: max(r.Height, former.Height), Top: max(r.Top, former.Top), Early: step,
				})
				break
			}
		}
	}
	// So many of the last week would have a twin if the rises before it came at any time.
	before := len(seen) - asked
	byChance := float64(asked) * float64(before) * float64(2*near) / float64(max(end.Add(-week).Sub(seen[0].At), week))
	if byChance > mostChance*float64(len(d.Weekly)) || len(d.Weekly) > maxBursts {
		d.Weekly = nil
	}
}

// Due returns the demand to provide for at now because a weekly rise is due within ahead, or
// was due in the last minutes and has not come. It is a multiple of the level of the last
// minutes, in the unit of the samples: for a ramp the product of its steps that are due, because
// each begins where the last one ends. But it is not more than twice what demand rose to in
// either week: from next to nothing it rises by any factor. It is 0 if no rise is due, or while a
// burst lasts.
func (d *Detector) Due(now time.Time, ahead time.Duration) float64 {
	if d.Lasts() {
		return 0
	}
	most, clock := 0.0, d.wall(now)%week
	ramp, top := 1.0, 0.0
	for _, r := range d.Weekly {
		in := (r.At+nearPhase-clock+week)%week - nearPhase // until it is due, at least −nearPhase
		switch {
		case in > ahead+r.Early:
		case r.Ramp: // the level of the last minutes is that of the first of them
			ramp, top = ramp*r.Height, max(top, r.Top)
		case !d.cameSince(now.Add(in - r.Early - nearPhase)):
			most = max(most, min(r.Height*d.Level, growth*r.Top))
		}
	}
	if top > 0 {
		most = max(most, min(ramp*d.Level, growth*top))
	}
	return most
}

// cameSince reports whether a burst that is over was noticed after t.
func (d *Detector) cameSince(t time.Time) bool {
	n := len(d.Recent)
	return n > 0 && d.Recent[n-1].At.After(t)
}

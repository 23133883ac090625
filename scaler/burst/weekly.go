package burst

import (
	"slices"
	"time"
)

const (
	week       = 7 * day
	mostChance = 0.1              // share of the rises found again a week later that may be chance
	coarsest   = 10 * time.Minute // between onsets of one weekly rise at most; in coarser cells nothing is looked for
)

// A Weekly is a rise at the same time of each week: the end of a weekend, a weekly job, a
// newsletter. What rises on each working day is five of them, and not expected on a Saturday.
type Weekly struct {
	At     time.Duration `json:"at"`     // of the week, as counted from the epoch, when it is noticed in the cells of a history; ns in JSON
	Height float64       `json:"height"` // demand after it over that before it, the larger of two, > 1
	Early  time.Duration `json:"early"`  // by how much it may begin before At: cells show it late; ns in JSON
}

// A Rise is one that was noticed in a history.
type Rise struct {
	At     time.Time // end of the cell
	Height float64   // demand after it over that before it, > 1
}

// RiseAt returns the rise at cell i of values, which ends at at. The height is that of the
// highest of three cells, from i on, over the mean of the three before; 0 if one of them is
// not known, or there was no demand before.
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
	return Rise{At: at, Height: slices.Max(values[i:i+rises]) / before}
}

// ExpectWeekly remembers which of the rises of a history, oldest first, that ends at end and
// has cells of length step, came in its last week and, at the same time, in the week before.
// It remembers none if more than a tenth of those could be chance, as where there are many
// rises, or if the cells are too coarse to tell.
func (d *Detector) ExpectWeekly(rises []Rise, end time.Time, step time.Duration) {
	d.Weekly = d.Weekly[:0]
	near := max(nearPhase, 2*step)
	if near > coarsest || len(rises) == 0 {
		return
	}
	asked := 0 // rises of the last week
	for i, r := range rises {
		if end.Sub(r.At) > week {
			continue
		}
		asked++
		for _, former := range rises[:i] {
			if off := r.At.Sub(former.At) - week; off.Abs() <= near && min(r.Height, former.Height) > 0 {
				d.Weekly = append(d.Weekly, Weekly{At: since(r.At) % week, Height: max(r.Height, former.Height), Early: step})
				break
			}
		}
	}
	// So many of those asked for would have a twin if the rises before came at any time.
	before := len(rises) - asked
	byChance := float64(asked) * float64(before) * float64(2*near) / float64(max(end.Add(-week).Sub(rises[0].At), week))
	if byChance > mostChance*float64(len(d.Weekly)) || len(d.Weekly) > maxBursts {
		d.Weekly = nil
	}
}

// Due returns the demand to provide for because a weekly rise is due within ahead, or was due
// in the last minutes and has not come; 0 if there is none. It is in the unit of the samples,
// a multiple of the level of the last minutes.
func (d *Detector) Due(now time.Time, ahead time.Duration) float64 {
	if d.Lasts() {
		return 0
	}
	height := 0.0
	for _, r := range d.Weekly {
		in := (r.At+nearPhase-since(now)%week+week)%week - nearPhase // until it is due, at least −nearPhase
		if in <= ahead+r.Early && !d.cameSince(now.Add(in-r.Early-nearPhase)) {
			height = max(height, r.Height)
		}
	}
	return height * d.Level
}

// cameSince reports whether a burst that is over was noticed after t.
func (d *Detector) cameSince(t time.Time) bool {
	n := len(d.Recent)
	return n > 0 && d.Recent[n-1].At.After(t)
}

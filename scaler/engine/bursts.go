package engine

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/burst"
)

const (
	// longestBurst is how long a burst is kept from the model: what lasts longer
	// may be the new level, which it has to learn.
	longestBurst = 10 * time.Minute

	// usualSpan is the least history that shows what is usual. A model that has
	// seen less learns from every cell: to keep the last ones from it would leave it
	// with what the target did while it came to life.
	usualSpan = 6 * longestBurst
)

// withoutBursts returns history with NaN in the cells of bursts, and the detector
// that found them. What rises daily by the clock stays: all of it while no clock of
// the bursts is known, else what lasts, because a burst that is over soon and returns
// by the clock is met by the hedge at its minute and height, which the season of a
// model smears. So does everything in a history that is too short to show what is
// usual. It does not change history.
func withoutBursts(history forecast.Series) (*burst.Detector, forecast.Series) {
	d, out := sifted(history, 0)
	if clock := d.Clock(); clock > 0 {
		d, out = sifted(history, clock)
	}
	return d, out
}

// sifted is one pass of withoutBursts. A rise by the clock stays; where bursts are
// known to have a clock, only if it lasts.
func sifted(history forecast.Series, clock time.Duration) (*burst.Detector, forecast.Series) {
	d := &burst.Detector{}
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: slices.Clone(history.Values)}
	long := time.Duration(history.Observed())*history.Step >= usualSpan
	from, daily := -1, false // first cell of the rise that lasts, and whether it is by the clock
	for i, v := range history.Values {
		if d.Update(history.At(i+1), v, math.NaN()) {
			from, daily = i, burst.Daily(history.Values, i, history.Step)
		}
		if from < 0 || d.Lasts() && i+1 < history.Len() {
			continue
		}
		end := i
		if d.Lasts() {
			end++
		}
		onset := history.At(from + 1)
		if over := len(d.Recent) > 0 && d.Recent[len(d.Recent)-1].At.Equal(onset); daily && (clock == 0 || !over) {
			d.Expect(onset)
		} else if long {
			blank(out, from, end, d.Usually(longestBurst))
		}
		from = -1
	}
	return d, out
}

// blank makes NaN of the cells from one on up to another, and for no longer than most.
func blank(s forecast.Series, from, to int, most time.Duration) {
	for i := from; i < to && s.At(i).Sub(s.At(from+1)) < most; i++ {
		s.Values[i] = math.NaN()
	}
}

// smear is how far a season spreads a leap: models keep seasons in cells of five
// minutes, so that one by the clock reaches its height in the forecast that much
// late.
const smear = 5 * time.Minute

// reach returns until when demand at now is to be provided for: until a lead time
// and a step have passed, and over the smear of a rise by the clock within them.
func (w *Workload) reach(now time.Time) time.Time {
	to := now.Add(w.LeadTime() + w.step)
	if w.bursts.ExpectedWithin(now, to.Add(w.step)) { // a rise is noticed when its first cell ends
		to = to.Add(smear)
	}
	return to
}

// bursting reports whether the cell that closes is part of a burst, which the
// model is not to learn.
func (w *Workload) bursting() bool {
	return w.bursts.Lasts() && time.Duration(w.fitCells)*w.step >= usualSpan &&
		w.next.Add(w.step).After(w.bursts.Onset) && w.next.Sub(w.bursts.Onset) < w.bursts.Usually(longestBurst) &&
		!w.bursts.Expected(w.bursts.Onset, w.step)
}

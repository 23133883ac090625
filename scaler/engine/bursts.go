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
// that found them. What rises daily by the clock stays, and so does everything in
// a history that is too short to show what is usual. It does not change history.
func withoutBursts(history forecast.Series) (*burst.Detector, forecast.Series) {
	d := &burst.Detector{}
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: slices.Clone(history.Values)}
	long := time.Duration(history.Observed())*history.Step >= usualSpan
	daily := false
	for i, v := range history.Values {
		if d.Update(history.At(i+1), v, math.NaN()) {
			if daily = burst.Daily(history.Values, i, history.Step); daily {
				d.Expect(history.At(i + 1))
			}
		}
		if long && !daily && d.Lasts() && history.At(i).Sub(d.Onset) < longestBurst {
			out.Values[i] = math.NaN()
		}
	}
	return d, out
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
		w.next.Add(w.step).After(w.bursts.Onset) && w.next.Sub(w.bursts.Onset) < longestBurst &&
		!w.bursts.Expected(w.bursts.Onset, w.step)
}

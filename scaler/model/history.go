package model

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/burst"
)

const (
	// LongestBurst is how long a burst is kept from the model: what lasts longer
	// may be the new level, which it has to learn.
	LongestBurst = 10 * time.Minute

	// UsualSpan is the least history that shows what is usual. A model that has seen less
	// learns from every cell, also from those of bursts, or it would know only how the target
	// started.
	UsualSpan = 6 * LongestBurst

	// startingCells is how many cells at the start of a new series are left out: in them
	// the window of a rate is still filling.
	startingCells = 2
)

// lastSample returns the end of the last cell of history that holds a sample; zero if
// none does.
func lastSample(history forecast.Series) time.Time {
	for i, v := range slices.Backward(history.Values) {
		if !math.IsNaN(v) {
			return history.At(i + 1)
		}
	}
	return time.Time{}
}

// withoutStart returns history without its beginning, if the series began within it. The time
// before the first sample is left out: it is not known to be without demand, and a season of it
// would be one of zeros. The first cells are left out too: a rate over a window that is not full
// yet grows with the window while the load does not, and in a short history nothing outweighs
// that. A history without a sample after those cells keeps its length, with all cells NaN. The
// argument is not changed.
func withoutStart(history forecast.Series) forecast.Series {
	observed := func(v float64) bool { return !math.IsNaN(v) }
	first := slices.IndexFunc(history.Values, observed)
	if first <= 0 {
		return history // there was no time before it
	}
	known := min(first+startingCells, history.Len())
	if next := slices.IndexFunc(history.Values[known:], observed); next >= 0 {
		return history.Slice(known+next, history.Len())
	}
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: slices.Clone(history.Values)}
	for i := range out.Values {
		out.Values[i] = math.NaN()
	}
	return out
}

// withoutBursts returns history with NaN in the cells of bursts, and the detector that found
// them. Rises at the same time of each day, by the clock of zone, stay. Where the bursts follow a
// clock, see [burst.Detector.Clock], only those of these rises stay that last: short ones are met
// by the hedge, at their minute and height, which the season of a model would smear. In a history
// that is too short to show what is usual everything stays. The argument is not changed.
func withoutBursts(history forecast.Series, zone *time.Location) (*burst.Detector, forecast.Series) {
	d, out := removeBursts(history, zone, 0)
	if clock := d.Clock(); clock > 0 {
		d, out = removeBursts(history, zone, clock)
	}
	return d, out
}

// removeBursts is one pass of withoutBursts. A rise by the clock stays; where bursts are
// known to have a clock, only if it lasts.
func removeBursts(history forecast.Series, zone *time.Location, clock time.Duration) (*burst.Detector, forecast.Series) {
	d := &burst.Detector{Zone: zone}
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: slices.Clone(history.Values)}
	long := time.Duration(history.Observed())*history.Step >= UsualSpan
	var rises []burst.Rise
	from, daily := -1, false // first cell of the rise that lasts, and whether it is by the clock
	for i, v := range history.Values {
		if d.Update(history.At(i+1), v, math.NaN()) {
			from, daily = i, burst.Daily(history.Values, i, history.At(i).In(zone), history.Step)
			rises = append(rises, burst.RiseAt(history.Values, i, history.At(i+1)))
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
			blank(out, from, end, d.Usually(LongestBurst))
		}
		from = -1
	}
	d.ExpectWeekly(rises, history.End(), history.Step)
	d.ExpectRamps(history.Values, history.Start, history.Step)
	return d, out
}

// blank sets the cells [from, to) to NaN, for no longer than most.
func blank(s forecast.Series, from, to int, most time.Duration) {
	for i := from; i < to && s.At(i).Sub(s.At(from+1)) < most; i++ {
		s.Values[i] = math.NaN()
	}
}

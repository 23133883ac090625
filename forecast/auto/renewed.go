package auto

import (
	"context"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ets"
)

// A renewed is exponential smoothing at hourly steps that is fitted again when the history
// has outgrown the one it was fitted to. Smoothing has a weekly season from the eleventh
// day on, so a fit to eight days would never learn the week. On recorded hours, if the
// pool itself is not fitted again, this makes its error after four weeks 8, 5, 2 and 1 %
// smaller, one to twelve hours ahead. With a fit every day, as in the autoscaler, no renewal
// ever comes due.
//
// Only the additive form is renewed. Renewing both would make the error another 1 %
// smaller. But on loads without a week that change their level every few days, both would
// find a week by chance, and the pool would lose 3 %. It is not safe for concurrent use.
type renewed struct {
	*ets.State

	opts  Options
	kept  []float32 // the cells of the last renewedSpan; NaN = no sample
	start time.Time // of the next cell
	step  time.Duration
	rungs []int
	n     int // cells so far
	due   int // number of cells at which it is fitted again
}

const (
	outgrown    = 1.4                 // growth of the history at which it is fitted again
	renewedSpan = 28 * 24 * time.Hour // of history kept for a fit
)

// newRenewed returns a renewed that begins with the given state of f; start is that of its
// next cell.
func newRenewed(f *fitted, state *ets.State, start time.Time) *renewed {
	return &renewed{
		State: state, opts: f.opts, start: start, step: f.step, rungs: f.plan.rungs,
		kept: make([]float32, 0, int(renewedSpan/f.step)),
		due:  int(outgrown * float64(f.cells)),
	}
}

// Update takes the value of the next cell; see [ets.State.Update]. The few cells at which it
// fits again take some milliseconds. If a fit fails the former state goes on.
func (r *renewed) Update(v float64) {
	r.State.Update(v)
	if most := int(renewedSpan / r.step); len(r.kept) == most {
		r.kept = r.kept[:copy(r.kept, r.kept[1:])]
	}
	r.kept = append(r.kept, float32(v))
	r.start = r.start.Add(r.step)
	if r.n++; r.n < r.due {
		return
	}
	r.due = int(outgrown * float64(r.n))
	history := forecast.Series{Start: r.start.Add(-time.Duration(len(r.kept)) * r.step), Step: r.step, Values: make([]float64, len(r.kept))}
	for i, v := range r.kept {
		history.Values[i] = float64(v)
	}
	ctx := context.Background() //nolint:forbidigo // an update has none: it is not to be given up half way
	f := estimate(ctx, forms[0], history, r.opts)
	if f == nil {
		return
	}
	state, err := f.State(history.Start, r.step)
	if err != nil {
		return
	}
	state.Only(r.rungs)
	for _, v := range history.Values {
		state.Update(v)
	}
	r.State = state
}

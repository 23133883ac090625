package auto

import (
	"context"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ets"
)

// A renewed is exponential smoothing that is fitted again, in steps of hours, when the
// history has outgrown the one that it was fitted on: a week is part of it from the
// eleventh day on, and what is fitted on eight days would never know one. On recorded
// hours the error of the pool after four weeks, without another fit of all, is 8, 5, 2 and
// 1 % smaller by it, one to twelve hours ahead. Where every day brings a fit, as in the
// autoscaler, its turn never comes.
//
// Of the two forms only that of sums is renewed. With both the error would be a further
// 1 % smaller; but where there is no week, and a new level every few days, both would be
// told one by chance, and the pool lose 3 %. It is not safe for concurrent use.
type renewed struct {
	*ets.State

	opts  Options
	kept  []float32 // the last cells, as far as renewedSpan; NaN = no sample
	start time.Time // of the next cell
	step  time.Duration
	rungs []int
	n     int // cells so far
	due   int // cells from which it is fitted again
}

const (
	outgrown    = 1.4                 // times the history, from which it is fitted again
	renewedSpan = 28 * 24 * time.Hour // of history that is kept for it
)

// newRenewed returns a renewed that begins with a state of f, whose next cell starts at
// start.
func newRenewed(f *fitted, state *ets.State, start time.Time) *renewed {
	return &renewed{
		State: state, opts: f.opts, start: start, step: f.step, rungs: f.plan.rungs,
		kept: make([]float32, 0, int(renewedSpan/f.step)),
		due:  int(outgrown * float64(f.cells)),
	}
}

// Update takes the value of the next cell; see [ets.State.Update]. It is as quick but for
// the few cells at which it fits, which take some milliseconds. A fit that is not possible
// leaves the state as it was.
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

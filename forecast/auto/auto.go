package auto

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/ets"
	"github.com/forescale/forescale/forecast/lstm/prior"
)

// A Pool is the model that weighs all others online. It is a plain value.
type Pool struct{ opts Options }

var _ forecast.Model = Pool{}

// New returns the pool with the given settings.
func New(opts Options) Pool { return Pool{opts: opts} }

// leastObserved is the least number of samples from which anything can be said about
// errors.
const leastObserved = 3

// Fit estimates the unit of the series and the parameters of the experts that have any.
// Cells before the first observed one are ignored, and so are zeros before the first cell
// above zero if the series has not rested for half as long since. It returns an error that wraps
// forecast.ErrShortHistory if fewer than three cells are observed.
func (p Pool) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	if err := history.Check(); err != nil {
		return nil, fmt.Errorf("auto: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("auto: fit: %w", err)
	}
	first := slices.IndexFunc(history.Values, isObserved)
	if have := history.Observed(); first < 0 || have < leastObserved {
		return nil, fmt.Errorf("auto: %w: %d samples, need %d", forecast.ErrShortHistory, have, leastObserved)
	}
	history = fromBeginning(history)
	rungs := combine.Ladder(history.Step)
	f := &fitted{
		opts:  p.opts,
		step:  history.Step,
		unit:  unit(history.Values),
		cells: history.Len(),
		lags:  direct.NewLags(history.Step, weekCell, rungs[len(rungs)-1]),
	}
	f.seasons(history)
	f.plan = planFor(f.step, f.lags.Day)
	f.slips = f.plan.slips(history.Values)
	for k, form := range forms {
		f.ets[k] = estimate(ctx, form, history, p.opts)
	}
	if err := ctx.Err(); err != nil { // a form may be missing for that reason alone
		return nil, fmt.Errorf("auto: fit: %w", err)
	}
	return f, nil
}

func isObserved(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
func isPositive(v float64) bool { return v > 0 && isObserved(v) }

// weekCell is the resolution at which the week is remembered. Cells of five minutes would
// save 16 kB a series and cost one percent of accuracy one minute ahead.
const weekCell = time.Minute

// forms are the forms of exponential smoothing, in the order of their experts.
var forms = [...]ets.Form{ets.Additive, ets.Log} //nolint:gochecknoglobals // a constant table

// estimate returns the fitted form, nil if the history does not allow it: the
// expert then sleeps.
func estimate(ctx context.Context, form ets.Form, history forecast.Series, o Options) *ets.Fitted {
	m := ets.Model{Form: form, Zone: o.Location}
	if history.Step < fineStep {
		m.Seasons, m.Tries = ets.One, fineTries
		history = history.Slice(max(0, history.Len()-int(fineSpan/history.Step)), history.Len())
	}
	if o.NoSeasons {
		m.Seasons = ets.None
	}
	f, err := m.Estimate(ctx, history)
	if errors.Is(err, forecast.ErrShortHistory) && m.Seasons == ets.One {
		m.Seasons = ets.None
		f, err = m.Estimate(ctx, history)
	}
	if err != nil {
		return nil
	}
	return f
}

// At steps below fineStep smoothing has only the day as season, is fitted to the last
// fineSpan, and its search makes fineTries trials: the week would take 8 KiB a form and
// half the time of a fit, and the week-ago rules and the regressions have it already.
const (
	fineStep  = 5 * time.Minute
	fineSpan  = 7 * 24 * time.Hour
	fineTries = 80
)

// An expert is a forecaster with a state of its own, which runs beside those that the
// filter computes from its memory.
type expert interface {
	Update(v float64) // takes the next cell; NaN = no sample
	At(h int) float64 // point forecast h ≥ 1 cells ahead; NaN = asleep
}

// startModels starts the experts that have a state of their own. A network that cannot
// read the series takes no part, which is a warning and no error: the other experts still
// forecast.
func (f *fitted) startModels(dst *[models]expert, start time.Time) (warnings []error) {
	for k, e := range f.ets {
		if e == nil {
			continue
		}
		if state, err := e.State(start, f.step); err == nil {
			state.Only(f.plan.rungs)
			dst[k] = state
			if k == 0 && f.hourly() {
				dst[k] = newRenewed(f, state, start)
			}
		}
	}
	n := f.opts.Network
	if n == nil && prior.Covers(f.step) {
		n = prior.Network()
	}
	if n == nil {
		return nil
	}
	e, err := n.NewExpert(start, f.step)
	if err != nil {
		return []error{fmt.Errorf("auto: the network takes no part: %w", err)}
	}
	dst[network-smooth] = e
	return nil
}

// coldSpan is how long the network that comes with the program takes part. Once a
// workload has days of its own, the network neither helps nor harms, and its memory
// is better freed.
const coldSpan = 48 * time.Hour

// unit returns the size that values are measured in: their mean, where the largest
// hundredth is cut to the value below it; 0 if all are zero.
func unit(values []float64) float64 {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if isObserved(v) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return 0
	}
	slices.Sort(kept)
	limit := kept[(len(kept)-1)*99/100]
	sum := 0.0
	for _, v := range kept {
		sum += min(v, limit) / float64(len(kept))
	}
	if sum < math.SmallestNonzeroFloat32 {
		return 0
	}
	return sum
}

// fitted holds what Fit estimated. It never changes.
type fitted struct {
	opts  Options
	ets   [len(forms)]*ets.Fitted
	step  time.Duration
	unit  float64
	lags  direct.Lags
	plan  *plan
	slips uint16 // whether origins slip, a bit by rung
	cells int    // of the history
}

// hourly reports whether steps are half an hour to two hours long, so that a month of them
// may be kept, and the series has a day and a week.
func (f *fitted) hourly() bool {
	return f.lags.Day >= fewHourly && f.lags.Day <= mostHourly && f.lags.Week > 0
}

// followsShifts reports whether a filter keeps its past, to begin anew after a shift of the
// level. It is false without a fit.
func (f *fitted) followsShifts() bool { return f != nil && f.hourly() && f.lags.Day <= mostKept }

const (
	fewHourly  = 12 // samples a day
	mostHourly = 48
)

// Filter replays history through the pool: some tens of microseconds a cell.
func (f *fitted) Filter(history forecast.Series) (forecast.Filter, error) {
	if history.Step != f.step {
		return nil, fmt.Errorf("auto: history has step %v, the model was fitted on %v", forecast.Span(history.Step), forecast.Span(f.step))
	}
	if err := history.Check(); err != nil {
		return nil, fmt.Errorf("auto: %w", err)
	}
	history = fromBeginning(history)
	s := newFilter(f, history.Start)
	s.settled = slices.ContainsFunc(history.Values, isPositive)
	for _, v := range history.Values {
		s.Update(v)
	}
	return s, nil
}

package engine

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/burst"
	"github.com/forescale/forescale/scaler/capacity"
	"github.com/forescale/forescale/scaler/trust"
)

const (
	// defaultStartup is taken for the time from a decision to a ready replica
	// until starts have been seen.
	defaultStartup = 60 * time.Second

	// recentCells is how many closed cells are kept at most while a fit is due: for
	// one that was begun before they closed, and may have stood in line.
	recentCells = 240

	// spareCells is how many are kept while none is due.
	spareCells = 16

	refitEvery = 24 * time.Hour

	// usualLevel is what a forecast is judged at, and explained by, where no quantile
	// is provided for but all of them.
	usualLevel = 0.95
)

// A Workload is one target from samples to decision. It is not safe for
// concurrent use; drive it with a now that does not go back.
type Workload struct {
	spec  api.Spec // with defaults
	level float64  // quantile to provide for; NaN with a buffer
	step  time.Duration

	filter   forecast.Filter // nil before the first Install
	model    string          // name of the installed model
	fitEnd   time.Time       // end of the history of the last fit
	fitCells int             // observed cells of that history
	silent   bool            // no demand has been seen, in that history or since
	forecast *forecast.Forecast
	fresh    bool // forecast is that of the current state

	next   time.Time // start of the next cell to append
	known  time.Time // end of the last closed cell that held a sample, in a history or since; zero if none did
	recent []float64 // last closed cells, the newest ends at next; see keep

	latest  collector.Sample // newest sample observed; zero Time before the first
	silence silence          // what it was before samples stayed away
	marks   marks            // former samples, for the slope
	startup time.Duration    // measured start-up, 0 before

	learner *capacity.Learner // of what a replica carries; nil before there is something to learn from
	ready   int32             // replicas when it last observed
	curve   *capacity.Curve   // what replicas carry by scale.service; nil without
	state   *scaler.State     // of the decisions; nil before the first

	bursts   burst.Detector
	dip      burst.Dip
	gate     trust.Gate
	hedging  bool          // for a burst that is likely
	guarding int32         // replicas that only the guard was the reason for
	answered *hold         // of the answer on its way down; nil before the first
	rule     scaler.Reason // of the last answer; empty = none
	calm     int32         // replicas that were ready before the burst that lasts; −1 = unknown
	asked    Target        // of the last decision
	spent    time.Time     // until when the budgets are booked
	pace     *pace         // of the quantile by what is missed; nil without a violation target
	parts    Parts         // of the last demand
}

// New returns a workload for spec, which it completes with defaults. It returns
// the faults of spec, or an error that lists the models if spec names an unknown
// one.
func New(spec api.Spec) (*Workload, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if err := CheckModel(spec); err != nil {
		return nil, err
	}
	spec = spec.Default()
	w := &Workload{
		spec:  spec,
		level: levelOf(spec.Forecast),
		calm:  -1,
		step:  spec.Metric.Step.Std(),
	}
	curve, err := curveOf(spec.Scale)
	if err != nil {
		return nil, err
	}
	w.forecast = forecast.New(w.horizon(), w.levels()...)
	w.learner, w.curve = w.newLearner(), curve
	w.bursts.Window, w.marks.step = w.step, w.step
	w.pace = newPace(spec.Forecast.ViolationTarget.Float(), w.levels())
	return w, nil
}

// levelOf returns the quantile to provide for: risk itself, k/(k+1) for a
// missing replica that costs k idle ones (the newsvendor's critical ratio,
// Arrow, Harris and Marschak 1951), the median under a buffer.
func levelOf(f api.ForecastSpec) float64 {
	switch {
	case f.Buffer > 0:
		return 0.5
	case f.MissingReplicaCost > 0:
		k := f.MissingReplicaCost.Float()
		return k / (k + 1)
	case f.ViolationTarget > 0:
		return 1 - f.ViolationTarget.Float()
	case f.Average:
		return usualLevel
	}
	return f.Risk.Float()
}

// levels are the quantiles that the workload forecasts: five, ascending, the
// one to provide for among them.
func (w *Workload) levels() []float64 {
	levels := []float64{0.1, 0.5, 0.9, 0.95, 0.99}
	if w.spec.Forecast.ViolationTarget > 0 || w.spec.Forecast.Average { // as many as are tried at once, or all count
		return []float64{0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998}
	}
	nearest := 0
	for i, p := range levels {
		if math.Abs(p-w.level) < math.Abs(levels[nearest]-w.level) {
			nearest = i
		}
	}
	if nearest == 1 && w.level != 0.5 { // the median stays: explanations need it
		nearest = 0
		if w.level > 0.5 {
			nearest = 2
		}
	}
	levels[nearest] = w.level
	return levels
}

// horizon is the number of cells to forecast: those of the spec, at least the
// lead time, the time for which an answer outlives its samples, and two steps.
func (w *Workload) horizon() int {
	reach := w.LeadTime() + w.spec.Metric.TTL.Std() + 2*w.step
	reach = max(reach, w.spec.Forecast.Horizon.Value)
	return max(10, int((reach+w.step-1)/w.step))
}

// Spec returns the specification with its defaults.
func (w *Workload) Spec() api.Spec { return w.spec }

// Model returns the name of the model that forecasts, empty before the first
// Install.
func (w *Workload) Model() string { return w.model }

// Next returns the start of the next cell that Append wants: zero before the
// first Install or Append.
func (w *Workload) Next() time.Time { return w.next }

// LeadTime returns how long a decision takes to become a ready replica: the one
// of the spec, else the measured one, else a minute; plus the slot of the HPA.
func (w *Workload) LeadTime() time.Duration {
	const slot = 15 * time.Second // of the HPA before Kubernetes 1.37
	if w.spec.Scale.LeadTime.Value > 0 {
		return w.spec.Scale.LeadTime.Value
	}
	if w.startup > 0 {
		return w.startup + slot
	}
	return defaultStartup + slot
}

// SetStartup tells the measured time from creation to readiness of the target's
// pods, which replaces the default unless the spec states a lead time.
func (w *Workload) SetStartup(d time.Duration) {
	if d <= 0 || d == w.startup {
		return
	}
	w.startup = d
	if h := w.horizon(); h > w.forecast.Horizon() {
		w.forecast = forecast.New(h, w.levels()...)
		w.fresh = false
	}
}

// Append takes closed cells, oldest first. Cells before Next are known already
// and passed over; a hole between Next and the first cell counts as silent. It
// returns an error if the step differs or the hole is longer than the history,
// which asks for a new fit instead.
func (w *Workload) Append(cells forecast.Series) error {
	if cells.Len() == 0 {
		return nil
	}
	if cells.Step != w.step {
		return fmt.Errorf("engine: cells have a step of %v, the workload %v", cells.Step, w.step)
	}
	if w.next.IsZero() {
		w.next = cells.Start
	}
	skip := int(w.next.Sub(cells.Start) / w.step)
	if -skip > int(w.spec.Metric.History.Std()/w.step) {
		return fmt.Errorf("engine: cells start at %s, %d cells after the last one: longer than the history of %v",
			cells.Start.Format(time.RFC3339), -skip, w.spec.Metric.History)
	}
	for ; skip < 0; skip++ {
		w.append(math.NaN())
	}
	for _, v := range cells.Values[min(skip, cells.Len()):] {
		w.append(v)
	}
	return nil
}

func (w *Workload) append(v float64) {
	if w.bursting() {
		v = math.NaN() // the model learns what is usual; bursts are the detector's
	}
	w.keep(v)
	w.next = w.next.Add(w.step)
	if !math.IsNaN(v) {
		w.known = w.next
	}
	w.silent = w.silent && !(v > 0)
	if w.filter != nil {
		w.filter.Update(v)
		w.fresh = false
		w.promise()
	}
}

// keep remembers a closed cell, and lets go of those that no fit can want.
func (w *Workload) keep(v float64) {
	most := spareCells
	if w.FitDue(w.next) {
		most = recentCells
	}
	if n := len(w.recent); n >= most {
		w.recent = w.recent[:copy(w.recent, w.recent[n-most+1:])]
	}
	if cap(w.recent) > spareCells && most == spareCells {
		w.recent = append(make([]float64, 0, spareCells), w.recent...)
	}
	w.recent = append(w.recent, v)
}

// Observe takes the newest sample of demand. One that is older than the newest
// so far, not finite or negative is passed over and reported false. A value that has
// not changed is the same scrape, however often it is asked for: it is news only once
// the usual time between two scrapes has passed. What a workload makes of its samples
// therefore does not depend on how often it is asked.
func (w *Workload) Observe(s collector.Sample) bool {
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || s.Value < 0 || !s.Time.After(w.latest.Time) {
		return false
	}
	if s.Value == w.latest.Value && s.Time.Sub(w.latest.Time) < w.marks.span() { // a zero Time is long ago
		return true
	}
	w.silence.take(s, w.latest.Time, w.step)
	w.latest = s
	w.silent = w.silent && s.Value == 0
	w.marks.take(s)
	w.watch(s)
	return true
}

// Latest returns the newest sample observed; its Time is zero before the first.
func (w *Workload) Latest() collector.Sample { return w.latest }

// Install makes fit the model of the workload and catches up with the cells that
// closed while it was made. It returns an error, and changes nothing, if those
// are no longer kept: the fit is too old.
func (w *Workload) Install(fit *Fit) error {
	missing := 0
	if !w.next.IsZero() {
		missing = int(w.next.Sub(fit.End) / w.step)
	}
	if missing > len(w.recent) {
		return fmt.Errorf("engine: the fit ends at %s, %d cells ago, only %d are kept",
			fit.End.Format(time.RFC3339), missing, len(w.recent))
	}
	if missing < 0 || w.next.IsZero() { // the fit has seen more than the workload
		w.next = fit.End
		w.recent = w.recent[:0]
		missing = 0
	}
	w.silent = fit.Silent && w.latest.Value == 0
	for _, v := range w.recent[len(w.recent)-missing:] {
		w.silent = w.silent && !(v > 0)
		fit.Filter.Update(v)
	}
	w.filter, w.model, w.fitEnd, w.fitCells = fit.Filter, fit.Model, fit.End, fit.Cells
	w.fresh = false
	if fit.Heard.After(w.known) {
		w.known = fit.Heard
	}
	if fit.Bursts != nil {
		w.bursts.Remember(fit.Bursts)
	}
	return nil
}

// FitDue reports whether the model should be fitted anew at now: there is none,
// a day has passed, or the history has grown by half while it is short.
func (w *Workload) FitDue(now time.Time) bool {
	if w.filter == nil || w.model != w.spec.Forecast.Model {
		return true
	}
	age := now.Sub(w.fitEnd)
	fitted := time.Duration(w.fitCells) * w.step
	return age >= refitEvery || age >= max(fitted/2, 10*w.step)
}

// Forecast returns the forecast from the last closed cell, nil before the first
// Install. It belongs to the workload and is valid until the next call that
// changes it.
func (w *Workload) Forecast() *forecast.Forecast {
	if w.filter == nil {
		return nil
	}
	if !w.fresh {
		w.filter.Forecast(w.forecast)
		w.fresh = true
	}
	return w.forecast
}

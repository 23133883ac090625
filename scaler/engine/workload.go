package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/burst"
	"github.com/forescale/forescale/scaler/model"
	"github.com/forescale/forescale/scaler/nowcast"
	"github.com/forescale/forescale/scaler/pacing"
	"github.com/forescale/forescale/scaler/staffing"
	"github.com/forescale/forescale/scaler/trial"
	"github.com/forescale/forescale/scaler/trust"
)

const (
	// defaultStartup stands for the time from a decision to a ready replica until starts
	// have been seen.
	defaultStartup = 60 * time.Second

	// usualLevel is the quantile at which a forecast is judged and explained where the spec
	// states none, because the whole distribution is provided for.
	usualLevel = 0.95

	// leastHorizon is the least number of cells to forecast.
	leastHorizon = 10
)

// A Workload is one target, from samples to decisions. It is not safe for concurrent use.
// The now it is driven with must not go back, and must lie more than a day after the epoch.
type Workload struct {
	spec    api.Spec // with defaults
	level   float64  // quantile to provide for, where no pacer chooses it; the median with a buffer
	step    time.Duration
	startup time.Duration // measured; 0 before

	model    *model.Running
	nowcast  *nowcast.Nowcast
	gain     nowcast.Gain
	staffing *staffing.Rule
	bursts   burst.Detector
	dip      burst.Dip
	gate     trust.Gate
	tried    int           // promises in the gate that come from a retrace
	pacer    *pacing.Pacer // nil without a violation target

	parts   Parts // of the last demand
	hedging bool  // for a burst that is likely
	last    decision
	answer  answer
}

// New returns a workload for spec, which it completes with defaults. It returns
// the faults of spec, or an error that lists the models if spec names an unknown
// one.
func New(spec api.Spec) (*Workload, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if err := model.Check(spec); err != nil {
		return nil, err
	}
	spec = spec.Default()
	rule, err := staffing.New(spec.Scale)
	if err != nil {
		return nil, err
	}
	zone, err := model.Zone(spec)
	if err != nil {
		return nil, err
	}
	return newWorkload(spec, rule, zone), nil
}

// newWorkload returns a workload for spec, which has its defaults and no faults, and whose
// clock is that of zone.
func newWorkload(spec api.Spec, rule *staffing.Rule, zone *time.Location) *Workload {
	w := &Workload{
		spec: spec, level: levelOf(spec.Forecast), step: spec.Metric.Step.Std(),
		staffing: rule, last: decision{calm: unknown},
	}
	w.nowcast = nowcast.New(w.step)
	w.bursts.Window, w.bursts.Zone = w.step, zone
	levels := levelsOf(spec.Forecast, w.level)
	w.model = model.NewRunning(spec, w.horizon(), levels)
	w.pacer = newPacer(spec.Forecast, levels)
	return w
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

// levelsOf returns the quantiles to forecast, ascending: eight with a violation target,
// one for each trial, or for an average; else five, with level among them.
func levelsOf(f api.ForecastSpec, level float64) []float64 {
	levels := []float64{0.1, 0.5, 0.9, 0.95, 0.99}
	if f.ViolationTarget > 0 || f.Average {
		return []float64{0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998}
	}
	nearest := 0
	for i, p := range levels {
		if math.Abs(p-level) < math.Abs(levels[nearest]-level) {
			nearest = i
		}
	}
	if nearest == 1 && level != 0.5 { // the median stays: explanations need it
		nearest = 0
		if level > 0.5 {
			nearest = 2
		}
	}
	levels[nearest] = level
	return levels
}

// newPacer returns the pacer of f's violation target over the forecast levels; nil without
// a target.
func newPacer(f api.ForecastSpec, levels []float64) *pacing.Pacer {
	target := f.ViolationTarget.Float()
	if !(target > 0) {
		return nil
	}
	var alphas [trial.Size]float64
	for k := range alphas {
		alphas[k] = 1 - levels[k]
	}
	return pacing.New(target, alphas)
}

// horizon is the number of cells to forecast: those of the spec, but at least ten, and at
// least the sum of the lead time, the time for which an answer outlives its samples, and
// two steps.
func (w *Workload) horizon() int {
	reach := w.LeadTime() + w.spec.Metric.TTL.Std() + 2*w.step
	reach = max(reach, w.spec.Forecast.Horizon.Value)
	return max(leastHorizon, int((reach+w.step-1)/w.step))
}

// Spec returns the specification with its defaults.
func (w *Workload) Spec() api.Spec { return w.spec }

// Model returns the name of the model that forecasts, empty before the first
// Install.
func (w *Workload) Model() string { return w.model.Name() }

// Next returns the start of the next cell that Append wants: zero before the
// first Install or Append.
func (w *Workload) Next() time.Time { return w.model.Next() }

// LeadTime returns how long a decision takes to become a ready replica: what the spec
// states, or else the measured start-up, a minute before one was measured, plus the 15 s
// that an HPA may wait.
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

// Startup returns the measured time from creation to readiness of the target's pods, 0
// before one was set.
func (w *Workload) Startup() time.Duration { return w.startup }

// SetStartup sets the measured time from creation to readiness of the target's pods,
// which replaces the default unless the spec states a lead time.
func (w *Workload) SetStartup(d time.Duration) {
	if d <= 0 || d == w.startup {
		return
	}
	w.startup = d
	w.model.Extend(w.horizon())
	w.expect(math.NaN()) // the revised cell is now another one: the last forecast cannot be compared
}

// Append takes closed cells, oldest first. Cells before Next are known already and are
// skipped; a gap between Next and the first cell counts as cells without a sample. It
// returns an error if the step differs, or if the gap is longer than the history: then a
// new fit is needed.
func (w *Workload) Append(cells forecast.Series) error {
	values, err := w.model.Pending(cells)
	if err != nil {
		return err
	}
	for _, v := range values {
		if w.bursting() {
			v = math.NaN() // the model learns what is usual; bursts are the detector's
		}
		w.learn(v)
	}
	return nil
}

// learn takes the cell that starts at Next as the model is to see it; NaN = nothing to
// learn from.
func (w *Workload) learn(v float64) {
	w.model.Update(v)
	w.gain.Close(v, w.median(w.revised()-1))
	w.expect(v)
	w.promise()
}

// expect passes to the gain the forecast after a closed cell of the given value.
func (w *Workload) expect(v float64) { w.gain.Expect(v, w.median(0), w.median(w.revised())) }

// revised returns the cell from which the gain learns what an innovation is worth: the one
// that ends a lead time and a step ahead, where the span to provide for ends.
func (w *Workload) revised() int { return max(int((w.LeadTime()+w.step)/w.step), 1) }

// median returns the median of the h-th cell ahead, from 0; NaN if there is none.
func (w *Workload) median(h int) float64 {
	f := w.Forecast()
	if f == nil || h >= f.Horizon() {
		return math.NaN()
	}
	return f.Quantile(f.Values[h], 0.5)
}

// Observe takes the newest sample of demand. It ignores a sample that is not newer than
// the last, not finite or negative, and returns false.
func (w *Workload) Observe(s collector.Sample) bool {
	if !w.nowcast.Accepts(s) {
		return false
	}
	if w.nowcast.Observe(s) {
		w.model.Observe(s.Value)
		w.watch(s)
	}
	return true
}

// Latest returns the newest sample observed; its Time is zero before the first.
func (w *Workload) Latest() collector.Sample { return w.nowcast.Latest() }

// Install makes fit the model of the workload and catches up with the cells that
// closed while it was made. It returns an error, and changes nothing, if those
// are no longer kept: the fit is too old.
func (w *Workload) Install(fit *model.Fitted) error {
	if err := w.model.Install(fit); err != nil {
		return err
	}
	w.model.Observe(w.nowcast.Latest().Value)
	w.expect(math.NaN()) // the last forecast was made by another model
	if fit.Bursts != nil {
		w.bursts.Remember(fit.Bursts)
	}
	return nil
}

// FitDue reports whether the model should be fitted anew at now: there is none,
// a day has passed, or the history has grown by half while it is short.
func (w *Workload) FitDue(now time.Time) bool { return w.model.FitDue(now) }

// Forecast returns the forecast from the last closed cell, nil before the first
// Install. It belongs to the workload and is valid until the next call that
// changes it.
func (w *Workload) Forecast() *forecast.Forecast { return w.model.Forecast() }

// Staffing returns the rule that says how many replicas carry a demand. The driver passes to it
// what it observes of the replicas.
func (w *Workload) Staffing() *staffing.Rule { return w.staffing }

// Target returns the demand that one replica serves, see [staffing.Rule.Target]; 0 =
// unknown.
func (w *Workload) Target() float64 { return w.staffing.Target() }

// Replicas returns the smallest count that carries demand, see
// [staffing.Rule.Replicas]; −1 = unknown.
func (w *Workload) Replicas(demand float64) int32 { return w.staffing.Replicas(demand) }

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/forescale/forescale/scaler/api"
)

// Schema is the version of the JSON, see the package documentation.
const Schema = "forescale.dev/backtest/v1"

// All is the class of an aggregate over all traces.
const All = "all"

// A Report is a finished backtest. [New] makes it.
type Report struct {
	Schema     string      `json:"schema"`
	Settings   Settings    `json:"settings"`
	Traces     []Trace     `json:"traces"`
	Policies   []string    `json:"policies"` // in the order of the table
	Runs       []Run       `json:"runs"`
	Aggregates []Aggregate `json:"aggregates"`
	Frontiers  []Frontier  `json:"frontiers"`
	Failures   []Failure   `json:"failures,omitempty"`
	Verdict    Verdict     `json:"verdict"`
	Spec       string      `json:"spec"` // YAML
}

// Settings are what all runs of a report have in common.
type Settings struct {
	Seeds       []uint64  `json:"seeds"`
	StartupS    float64   `json:"startup_s"` // median
	StartupP90S float64   `json:"startup_p90_s"`
	Capacity    float64   `json:"capacity"` // requests/s at which a pod is busy all the time
	Slots       int       `json:"slots"`
	Variation   float64   `json:"variation,omitzero"` // of the time of a request; 0 = exponential
	Objective   Objective `json:"objective"`
	Balancing   string    `json:"balancing"`
	ScalePeak   float64   `json:"scale_peak"` // requests/s; 0 = as recorded
	ScrapeS     float64   `json:"scrape_s"`
	RateWindowS float64   `json:"rate_window_s"`
	LeadS       float64   `json:"lead_s"`     // of a reactive scaler
	BudgetPct   float64   `json:"budget_pct"` // violating time that is allowed
	Price       float64   `json:"price"`      // of a replica-hour; 0 = none given
	Resamples   int       `json:"resamples"`  // of the bootstrap
	Min         int32     `json:"min_replicas"`
	Max         int32     `json:"max_replicas"`

	// SafeRate is what one pod carries under the objective beside others, requests/s,
	// at the mean demand of the traces.
	SafeRate float64 `json:"safe_rate"`
	// Query is the PromQL of the demand; empty = not known.
	Query string `json:"query,omitempty"`
	// Margin is what forescale provided for, a line of the forecast section of a
	// spec, as risk: "0.99"; empty = not known.
	Margin string `json:"margin,omitempty"`
	// Spec is the spec that forescale ran under, as far as it was stated. It is what is
	// recommended, completed with what a pod carries and the bounds of the run. Query and
	// Margin follow from it.
	Spec api.Spec `json:"-"`
	// Learned is what latency and replicas beside the load said; nil without those.
	Learned *Learned `json:"learned,omitempty"`
}

// Learned says what a pod was seen to carry under the objective, requests/s.
type Learned struct {
	Known     bool    `json:"known"`     // false: the record does not tell
	Used      bool    `json:"used"`      // capacity and slots of the run follow from it
	SafeRate  float64 `json:"safe_rate"` // kept the objective, with confidence
	MissRate  float64 `json:"miss_rate"` // missed it more often than not; 0 = never
	SeenFrom  float64 `json:"seen_from"` // least and most per pod that was seen
	SeenTo    float64 `json:"seen_to"`
	Intervals float64 `json:"intervals"` // behind it, old ones discounted
	Replicas  int32   `json:"replicas"`  // the count at which it holds
	StartupS  float64 `json:"startup_s"` // mean from when a pod was asked for until it was ready; 0 = not told
	Starts    int     `json:"starts"`    // behind it
	Words     string  `json:"words"`
}

// Objective is a latency objective: Quantile of the requests within Latency.
type Objective struct {
	Quantile float64 `json:"quantile"`
	LatencyS float64 `json:"latency_s"`
}

// A Trace describes the load of some runs.
type Trace struct {
	Name           string    `json:"trace"`
	Class          string    `json:"class"` // A, B, A+C or B+C
	Start          time.Time `json:"start"` // of the judged part
	SpanS          float64   `json:"span_s"`
	WarmupS        float64   `json:"warmup_s"`
	JudgedS        float64   `json:"judged_s"`
	StepS          float64   `json:"step_s"`
	MissingPct     float64   `json:"missing_pct"`
	ScaleFactor    float64   `json:"scale_factor"`
	Peak           float64   `json:"peak"`        // requests/s after scaling
	Growth2M       Float     `json:"growth_2m"`   // p99.9 of the factor within two minutes
	GrowthLead     Float     `json:"growth_lead"` // the same within one lead time
	OptimumHours   float64   `json:"optimum_hours"`
	UndelayedHours float64   `json:"undelayed_hours"`
	Warnings       []string  `json:"warnings,omitempty"`
}

// A Failure is a run that could not be prepared, for instance because a model needs more
// history than the trace has.
type Failure struct {
	Trace  string `json:"trace"`
	Policy string `json:"policy"`
	Seed   uint64 `json:"seed"`
	Error  string `json:"error"`
}

// A Float is a number that JSON shows as null when it is not finite.
type Float float64

// MarshalJSON implements [json.Marshaler].
func (f Float) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// Class returns the class of a load that grows by growth within two minutes,
// under pods that take startup seconds to start. Unknown growth is class A.
func Class(growth, startup float64) string {
	class := "A"
	if growth > 1.6 {
		class = "B"
	}
	if startup >= 180 {
		class += "+C"
	}
	return class
}

// New puts a report together: it chooses hpa-tuned where policies ask for it, and
// computes the aggregates, the frontiers, the verdict and the spec. Runs of
// policies that are not among policies are for the frontiers alone. It returns an
// error if nothing ran or a run is on a trace that is not among traces.
func New(s Settings, traces []Trace, policies []string, runs []Run, failures []Failure) (*Report, error) {
	if len(runs) == 0 {
		return nil, fmt.Errorf("report: none of %d policies ran on %d traces", len(policies), len(traces))
	}
	margin, _ := marginOf(s.Spec.Forecast)
	s.Query, s.Margin = s.Spec.Metric.Query, strings.Join(margin, "")
	r := &Report{Schema: Schema, Settings: s, Traces: traces, Policies: policies, Runs: runs, Failures: failures}
	for _, run := range runs {
		if _, ok := r.Trace(run.Trace); !ok {
			return nil, fmt.Errorf("report: a run of %s is on %s, which is not among the %d traces", run.Policy, run.Trace, len(traces))
		}
	}
	if slices.Contains(policies, tuned) {
		r.Runs = append(r.Runs, tune(r.Runs, s.BudgetPct)...)
	}
	for i := range r.Runs {
		r.Runs[i].Money = r.Runs[i].ReplicaHours * s.Price
	}
	for _, class := range r.classes() {
		r.Aggregates = append(r.Aggregates, r.aggregate(class)...)
		r.Frontiers = append(r.Frontiers, r.frontiers(class)...)
	}
	r.judge()
	spec, err := r.recommend()
	if err != nil {
		return nil, err
	}
	r.Spec = spec
	return r, nil
}

// classes returns All and, if there are several, the classes of the traces.
func (r *Report) classes() []string {
	var classes []string
	for _, t := range r.Traces {
		if !slices.Contains(classes, t.Class) {
			classes = append(classes, t.Class)
		}
	}
	if len(classes) < 2 {
		return []string{All}
	}
	slices.Sort(classes)
	return append([]string{All}, classes...)
}

// Trace returns the trace of that name.
func (r *Report) Trace(name string) (Trace, bool) {
	for _, t := range r.Traces {
		if t.Name == name {
			return t, true
		}
	}
	return Trace{}, false
}

// Aggregate returns the aggregate of a policy over a class of traces.
func (r *Report) Aggregate(class, policy string) (Aggregate, bool) {
	for _, a := range r.Aggregates {
		if a.Class == class && a.Policy == policy {
			return a, true
		}
	}
	return Aggregate{}, false
}

// WriteJSON writes the report as JSON, see the package documentation.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// An Aggregate is what a policy was worth over the traces of a class.
type Aggregate struct {
	Class  string `json:"class"`
	Policy string `json:"policy"`
	Traces int    `json:"traces"` // that the policy ran on
	Runs   int    `json:"runs"`

	CostRatio         float64   `json:"cost_ratio"` // geometric mean over traces
	CostRatioCI       *Interval `json:"cost_ratio_ci95,omitempty"`
	ViolatingTime     float64   `json:"violating_time_pct"` // mean over traces, as all that follow
	ViolatingTimeCI   *Interval `json:"violating_time_pct_ci95,omitempty"`
	ViolatingRequests float64   `json:"violating_requests_pct"`
	Unavoidable       float64   `json:"unavoidable_time_pct"`
	BudgetGap         float64   `json:"budget_gap_pp"`
	ReplicaHours      float64   `json:"replica_hours"` // sum over traces, mean over seeds
	Money             float64   `json:"money,omitempty"`
	Churn             float64   `json:"churn_per_day"` // median over traces
	Reversals         float64   `json:"reversals_per_hour"`

	Worst Worst `json:"worst"`
	// Against is nil for the reference itself, and where that cannot be compared with: they
	// have no trace in common, or one of the two never had a pod.
	Against *Against `json:"against,omitempty"`
}

// An Interval holds the ends of a 95 % interval, the lower first.
type Interval [2]float64

// Worst is the trace on which a policy violates most.
type Worst struct {
	Trace         string  `json:"trace"`
	ViolatingTime float64 `json:"violating_time_pct"`
	CostRatio     float64 `json:"cost_ratio"`
}

// Against is a policy less the reference on the same traces; negative is better.
// Intervals are nil if the runs have fewer than two days, or days on which nothing is needed.
type Against struct {
	Policy          string    `json:"policy"`
	Cost            float64   `json:"cost_pct"`
	CostCI          *Interval `json:"cost_pct_ci95,omitempty"`
	ViolatingTime   float64   `json:"violating_time_pp"`
	ViolatingTimeCI *Interval `json:"violating_time_pp_ci95,omitempty"`
}

// Reference returns the policy that others are compared with: the HPA that most
// people run, hpa-rate-70, or else the first that ran and is not forescale itself, or else
// the first.
func (r *Report) Reference() string {
	const usual = "hpa-rate-70"
	reference := ""
	for _, run := range r.Runs {
		switch {
		case run.Policy == usual:
			return usual
		case reference == "" && !strings.HasPrefix(run.Policy, "forescale-"):
			reference = run.Policy
		}
	}
	return cmp.Or(reference, r.Runs[0].Policy)
}

// Shown returns the policies of the table that ran, in its order.
func (r *Report) Shown() []string {
	ran := names(r.Runs, func(r Run) string { return r.Policy })
	return slices.DeleteFunc(slices.Clone(r.Policies), func(p string) bool { return !slices.Contains(ran, p) })
}

// Of returns the mean over the seeds of the runs of a policy on a trace. The days are
// averaged as well. It returns false if there is no such run.
func (r *Report) Of(trace, policy string) (Run, bool) {
	of := pick(r.Runs, trace, policy)
	if len(of) == 0 {
		return Run{}, false
	}
	m := of[0]
	for _, f := range []func(*Run) *float64{
		func(r *Run) *float64 { return &r.ViolatingTime },
		func(r *Run) *float64 { return &r.ViolatingRequests },
		func(r *Run) *float64 { return &r.FailedRequests },
		func(r *Run) *float64 { return &r.Unavoidable },
		func(r *Run) *float64 { return &r.BudgetGap },
		func(r *Run) *float64 { return &r.ReplicaHours },
		func(r *Run) *float64 { return &r.CostRatio },
		func(r *Run) *float64 { return &r.Money },
		func(r *Run) *float64 { return &r.Churn },
		func(r *Run) *float64 { return &r.Reversals },
		func(r *Run) *float64 { return &r.OptimumHours },
	} {
		*f(&m) = mean(of, func(r Run) float64 { return *f(&r) })
	}
	m.Days = slices.Clone(m.Days)
	for i := range m.Days {
		m.Days[i].ViolatingTime = mean(of, func(r Run) float64 { return r.Days[i].ViolatingTime })
		m.Days[i].ReplicaHours = mean(of, func(r Run) float64 { return r.Days[i].ReplicaHours })
	}
	return m, true
}

// aggregate returns the aggregates of all policies over the traces of a class.
func (r *Report) aggregate(class string) []Aggregate {
	var traces []string
	for _, t := range r.Traces {
		if class == All || t.Class == class {
			traces = append(traces, t.Name)
		}
	}
	reference := r.Reference()
	ledgers := map[string][]ledger{}
	var out []Aggregate
	for _, policy := range names(r.Runs, func(r Run) string { return r.Policy }) {
		a := Aggregate{Class: class, Policy: policy, Worst: Worst{ViolatingTime: -1}}
		logs, churn := 0.0, []float64(nil)
		for i, trace := range traces {
			m, ok := r.Of(trace, policy)
			if !ok {
				continue
			}
			a.Traces++
			a.Runs += len(pick(r.Runs, trace, policy))
			a.add(m)
			logs += math.Log(m.CostRatio)
			churn = append(churn, m.Churn)
			ledgers[policy] = append(ledgers[policy], newLedger(i, m))
		}
		if a.Traces > 0 {
			a.finish(logs, churn)
			out = append(out, a)
		}
	}
	resample(out, ledgers, reference, r.Settings.Resamples)
	return out
}

// add adds the run on one trace.
func (a *Aggregate) add(m Run) {
	a.ViolatingTime += m.ViolatingTime
	a.ViolatingRequests += m.ViolatingRequests
	a.Unavoidable += m.Unavoidable
	a.BudgetGap += m.BudgetGap
	a.Reversals += m.Reversals
	a.ReplicaHours += m.ReplicaHours
	a.Money += m.Money
	if m.ViolatingTime > a.Worst.ViolatingTime {
		a.Worst = Worst{Trace: m.Trace, ViolatingTime: m.ViolatingTime, CostRatio: m.CostRatio}
	}
}

// finish turns the sums into means.
func (a *Aggregate) finish(logs float64, churn []float64) {
	n := float64(a.Traces)
	for _, v := range []*float64{&a.ViolatingTime, &a.ViolatingRequests, &a.Unavoidable, &a.BudgetGap, &a.Reversals} {
		*v /= n
	}
	a.CostRatio = math.Exp(logs / n)
	a.Churn = median(churn)
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// KeyPolicies returns at most n of the policies of the table, in its order. Those of
// forescale, and those that they are compared with, come before others.
func (r *Report) KeyPolicies(n int) []string {
	shown := r.Shown()
	first := []string{r.Verdict.Policy, r.Reference(), "forescale-floor", "forescale-keda", tuned, "forecast-oracle", "keda", "kpa"}
	var keep []string
	for _, p := range append(first, shown...) {
		if len(keep) < n && slices.Contains(shown, p) && !slices.Contains(keep, p) {
			keep = append(keep, p)
		}
	}
	return slices.DeleteFunc(shown, func(p string) bool { return !slices.Contains(keep, p) })
}

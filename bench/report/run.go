package report

import (
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/measure"
)

// A Run is the outcome of one policy on one trace with one seed. The fields are
// those of [replay.Result] in the units of the schema.
type Run struct {
	Trace    string  `json:"trace"`
	Policy   string  `json:"policy"`
	TunedTo  string  `json:"tuned_to,omitempty"` // the policy that hpa-tuned stands for
	Seed     uint64  `json:"seed"`
	StartupS float64 `json:"startup_s"`

	ViolatingTime     float64 `json:"violating_time_pct"`
	ViolatingRequests float64 `json:"violating_requests_pct"`
	FailedRequests    float64 `json:"failed_requests_pct"`
	Unavoidable       float64 `json:"unavoidable_time_pct"`
	LongestS          float64 `json:"longest_violation_s"`
	RecoveryMedianS   Float   `json:"recovery_median_s"`
	RecoveryP95S      Float   `json:"recovery_p95_s"`
	RecoveryMaxS      Float   `json:"recovery_max_s"`
	LatencyP50S       float64 `json:"latency_p50_s"`
	LatencyP95S       float64 `json:"latency_p95_s"`
	LatencyP99S       float64 `json:"latency_p99_s"`
	LatencyP999S      float64 `json:"latency_p999_s"`
	BudgetGap         float64 `json:"budget_gap_pp"`

	ReplicaHours   float64 `json:"replica_hours"`
	OptimumHours   float64 `json:"optimum_hours"`
	UndelayedHours float64 `json:"undelayed_hours"`
	CostRatio      float64 `json:"cost_ratio"`
	NodeHours      float64 `json:"node_hours,omitempty"`
	Money          float64 `json:"money,omitempty"`

	Churn        float64 `json:"churn_per_day"`
	Reversals    float64 `json:"reversals_per_hour"`
	WastedStarts float64 `json:"wasted_starts_per_day"`

	ThetaU       float64 `json:"theta_u"`
	ThetaODemand float64 `json:"theta_o_demand"`
	ThetaOSupply float64 `json:"theta_o_supply"`
	TauU         float64 `json:"tau_u"`
	TauO         float64 `json:"tau_o"`
	Instability  float64 `json:"instability"`
	Speedup      float64 `json:"elastic_speedup"`

	Days []Day `json:"days"`
}

// A Day is one block of a run.
type Day struct {
	Start             time.Time `json:"start"`
	LengthS           float64   `json:"length_s"`
	ViolatingTime     float64   `json:"violating_time_pct"`
	ViolatingRequests float64   `json:"violating_requests_pct"`
	ReplicaHours      float64   `json:"replica_hours"`
	NeededHours       float64   `json:"needed_hours"`
}

// FromResult returns the run of a result under the seed and the median start-up
// time of its scenario.
func FromResult(res replay.Result, seed uint64, startup time.Duration) Run {
	e := res.Elasticity
	run := Run{
		Trace: res.Trace, Policy: res.Policy, Seed: seed, StartupS: startup.Seconds(),
		ViolatingTime: res.ViolatingTime, ViolatingRequests: res.ViolatingRequests, FailedRequests: res.FailedRequests,
		Unavoidable: res.Unavoidable, LongestS: res.LongestRun.Seconds(), BudgetGap: res.BudgetGap,
		LatencyP50S: res.Latency.P50.Seconds(), LatencyP95S: res.Latency.P95.Seconds(),
		LatencyP99S: res.Latency.P99.Seconds(), LatencyP999S: res.Latency.P999.Seconds(),
		ReplicaHours: res.ReplicaHours, OptimumHours: res.OptimumHours, UndelayedHours: res.UndelayedHours,
		CostRatio: res.CostRatio, NodeHours: res.NodeHours,
		Churn: res.Churn, Reversals: res.Reversals, WastedStarts: res.WastedStarts,
		ThetaU: e.Under, ThetaODemand: e.OverDemand, ThetaOSupply: e.OverSupply, TauU: e.UnderTime, TauO: e.OverTime,
		Instability: res.Instability.Total, Speedup: res.Speedup,
	}
	recoveries := make([]int, len(res.Recovery))
	for i, d := range res.Recovery {
		recoveries[i] = int(d / time.Millisecond)
	}
	quantile := func(p float64) Float { return Float(measure.Quantile(recoveries, p) / 1000) }
	run.RecoveryMedianS, run.RecoveryP95S, run.RecoveryMaxS = quantile(0.5), quantile(0.95), quantile(1)
	for _, d := range res.Days {
		run.Days = append(run.Days, Day{
			Start: d.Start, LengthS: d.Length.Seconds(),
			ViolatingTime: d.ViolatingTime, ViolatingRequests: d.ViolatingRequests,
			ReplicaHours: d.ReplicaHours, NeededHours: d.NeededHours,
		})
	}
	return run
}

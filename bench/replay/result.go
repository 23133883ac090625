package replay

import (
	"time"

	"github.com/forescale/forescale/bench/replay/measure"
	"github.com/forescale/forescale/bench/replay/pods"
	"github.com/forescale/forescale/bench/replay/service"
)

// Result says what a policy was worth on the judged part of a scenario. Shares are
// in percent.
type Result struct {
	Trace, Policy string
	Start         time.Time
	Length        time.Duration

	// ViolatingTime is V_t = 100/T · Σ [P(T > T_slo) > ε]·Δt: the share of time in
	// which more requests are late than the objective allows.
	ViolatingTime float64
	LongestRun    time.Duration // longest violation without a break
	// ViolatingRequests is V_r = 100 · Σ late / Σ offered, over requests: late ones,
	// those that timed out included. It is not 0 within the objective.
	ViolatingRequests float64
	FailedRequests    float64 // those that timed out alone
	Latency           Latencies
	// Unavoidable is the share of time that is violating and that no reactive scaler
	// could have covered, not even one with a target of 50 % and a memory of five
	// minutes: demand more than doubled within one lead time. See [measure.OutOfReach].
	Unavoidable float64
	BudgetGap   float64         // |V_t − budget| in percentage points
	Recovery    []time.Duration // of each violation: to the start of 60 s without one

	ReplicaHours   float64 // Σ billed pods·Δt: created to the end of the grace period
	MissingHours   float64 // Σ max(demand − supply, 0)·Δt
	OptimumHours   float64 // of the clairvoyant with the median start-up time, see [Scenario.Optimum]
	UndelayedHours float64 // of the one without start-up and grace
	CostRatio      float64 // ReplicaHours / OptimumHours; regret is this less 1
	NodeHours      float64 // 0 without nodes

	Elasticity  measure.Elasticity
	Static      measure.Elasticity  // of a service that stays at the mean of the demand, rounded up
	Speedup     float64             // elastic speedup over that
	Instability measure.Instability // at 60 s, demand deadbanded by 5 %

	Churn        float64 // Σ |Δ spec.replicas| per day
	Reversals    float64 // changes down within 10 min of one up, per hour
	WastedStarts float64 // pods deleted before, or within 60 s of, their readiness, per day
	Created      int     // pods, settling included

	Days     []Day   // the judged part cut into days from its start, the last one may be shorter
	Timeline []Point // nil unless asked for
	Changes  []measure.Change
}

// Day is one block of a result: what a bootstrap over days needs.
type Day struct {
	Start             time.Time
	Length            time.Duration
	ViolatingTime     float64 // %
	ViolatingRequests float64 // %
	ReplicaHours      float64
	NeededHours       float64 // Σ max(demand, Min)·Δt, to weigh the days of the optimum
}

// Point is one stretch of a timeline.
type Point struct {
	At        time.Time // start of the stretch
	Load      float64   // requests/s, mean
	Forecast  float64   // requests/s to provide for, last answer of the policy; NaN = none
	Low, High float64   // requests/s, bounds of the forecast in that answer; NaN = none
	Demand    int32     // pods, largest
	Replicas  int32     // spec.replicas at its end
	Ready     int32     // pods that take traffic, fewest
	Billed    int32     // pods at its end
	Violating float64   // share of the stretch, 0 to 1
	Queued    float64   // requests in line at its end
}

// A record gathers what the result is made of.
type record struct {
	s       *Scenario
	supply  []int32 // per judged step
	billed  []int32
	broken  []bool
	days    []tally
	perDay  int
	changes []measure.Change

	every  int // steps per point; 0 = none
	points []Point
	answer Action // the last one of the policy

	nodeSteps int64
}

// A tally counts the requests of one day.
type tally struct{ offered, late, failed float64 }

func newRecord(s *Scenario) record {
	n := len(s.rate) - s.settle
	r := record{
		s: s, supply: make([]int32, n), billed: make([]int32, n), broken: make([]bool, n),
		perDay: int(24 * time.Hour / s.Options.Step), every: int(s.Options.Timeline / s.Options.Step),
		answer: Hold(),
	}
	r.days = make([]tally, (n+r.perDay-1)/r.perDay)
	return r
}

// step records step i of the run.
func (r *record) step(i int, st service.Step, c *pods.Cluster) {
	k := i - r.s.settle
	if k < 0 {
		return
	}
	r.supply[k], r.billed[k], r.broken[k] = c.Serving(), c.Billed(), st.Broken
	day := &r.days[k/r.perDay]
	day.offered += st.Offered
	day.late += st.LateReqs
	day.failed += st.Failed
	r.nodeSteps += int64(c.Nodes())
	if r.every > 0 {
		r.point(i, k, st, c)
	}
}

// point adds step k to the timeline.
func (r *record) point(i, k int, st service.Step, c *pods.Cluster) {
	if k%r.every == 0 {
		r.points = append(r.points, Point{At: r.s.Start.Add(time.Duration(k) * r.s.Options.Step), Ready: c.Serving()})
	}
	p := &r.points[len(r.points)-1]
	part := 1 / float64(min(r.every, len(r.supply)-k/r.every*r.every))
	p.Load += r.s.rate[i] * part
	p.Demand = max(p.Demand, r.s.demand[i])
	p.Ready = min(p.Ready, c.Serving())
	p.Replicas, p.Billed, p.Queued = c.Replicas(), c.Billed(), st.Queued
	p.Forecast, p.Low, p.High = r.answer.Forecast, r.answer.Low, r.answer.High
	if st.Broken {
		p.Violating += part
	}
}

// change records a write of spec.replicas.
func (r *record) change(at int64, from, to int32) {
	if at -= int64(r.s.settle) * r.s.stepMS; at >= 0 {
		r.changes = append(r.changes, measure.Change{Millis: at, From: from, To: to})
	}
}

// result judges the run.
func (r *run) result() Result {
	rec, s := &r.record, r.s
	demand := s.demand[s.settle:]
	hours := s.Options.Step.Hours()
	days := s.Length.Hours() / 24
	created, wasted := r.cluster.Created()
	res := Result{
		Trace: s.Trace, Policy: r.policy.Name(), Start: s.Start, Length: s.Length,
		ViolatingTime: measure.Share(rec.broken),
		LongestRun:    time.Duration(measure.LongestRun(rec.broken)) * s.Options.Step,
		ReplicaHours:  float64(sum(rec.billed)) * hours, MissingHours: float64(measure.Missing(demand, rec.supply)) * hours,
		Latency:    r.service.Latencies(),
		NodeHours:  float64(rec.nodeSteps) * hours,
		Elasticity: measure.Elastic(demand, rec.supply),
		Churn:      float64(measure.Churn(rec.changes)) / days, Reversals: float64(measure.Reversals(rec.changes, 600_000)) / (days * 24),
		WastedStarts: float64(wasted-r.wasted) / days, Created: created,
		Timeline: rec.points, Changes: rec.changes,
	}
	res.BudgetGap = measure.BudgetGap(res.ViolatingTime, s.Options.Budget)
	res.OptimumHours, res.UndelayedHours = s.Optimum()
	res.CostRatio = res.ReplicaHours / res.OptimumHours
	res.Static = measure.Elastic(demand, static(demand))
	res.Speedup = measure.Speedup(res.Elasticity, res.Static)
	minute := minuteSteps(s.Options)
	res.Instability = measure.Unstable(measure.Deadband(measure.Every(demand, minute), 0.05), measure.Every(rec.supply, minute))
	for _, n := range measure.Recoveries(rec.broken, minute) {
		res.Recovery = append(res.Recovery, time.Duration(n)*s.Options.Step)
	}
	lead := int(s.Lead() / s.Options.Step)
	res.Unavoidable = 100 * float64(measure.OutOfReach(rec.broken, demand, lead, 5*minute, 2)) / float64(len(demand))
	rec.requests(&res)
	return res
}

// requests fills in what is counted in requests, and the days.
func (r *record) requests(res *Result) {
	var all tally
	hours := r.s.Options.Step.Hours()
	need := r.s.need[r.s.settle:]
	for i, d := range r.days {
		from, to := i*r.perDay, min((i+1)*r.perDay, len(r.supply))
		all.offered, all.late, all.failed = all.offered+d.offered, all.late+d.late, all.failed+d.failed
		res.Days = append(res.Days, Day{
			Start:         r.s.Start.Add(time.Duration(from) * r.s.Options.Step),
			Length:        time.Duration(to-from) * r.s.Options.Step,
			ViolatingTime: measure.Share(r.broken[from:to]), ViolatingRequests: percent(d.late, d.offered),
			ReplicaHours: float64(sum(r.billed[from:to])) * hours, NeededHours: float64(sum(need[from:to])) * hours,
		})
	}
	res.ViolatingRequests, res.FailedRequests = percent(all.late, all.offered), percent(all.failed, all.offered)
}

func minuteSteps(o Options) int { return int(time.Minute / o.Step) }

func percent(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * part / whole
}

func sum(values []int32) int64 {
	var total int64
	for _, v := range values {
		total += int64(v)
	}
	return total
}

// static returns the supply of a service that stays at its mean demand, rounded up.
func static(demand []int32) []int32 {
	mean := int32((sum(demand) + int64(len(demand)) - 1) / int64(max(len(demand), 1)))
	supply := make([]int32, len(demand))
	for i := range supply {
		supply[i] = mean
	}
	return supply
}

// Lead returns the lead time of a reactive scaler in this setting: half the rate
// window, half a scrape interval, half a slot of the HPA, the median start-up and
// the endpoint.
func (s *Scenario) Lead() time.Duration {
	o := s.Options
	return o.Metric.RateWindow/2 + o.Metric.ScrapeInterval/2 + hpaSlot/2*time.Millisecond + o.Cluster.Startup.Quantile(0.5) + o.Cluster.Endpoint
}

// Growth returns the factor by which the load grows within one lead time, p99.9
// over the judged part: what decides whether prediction can pay at all. A reactive
// scaler with a target above its inverse falls short. Minutes below a fiftieth of
// the peak are left out, where one pod does whatever happens.
func (s *Scenario) Growth() float64 {
	rate := s.rate[s.settle:]
	peak := 0.0
	for _, v := range rate {
		peak = max(peak, v)
	}
	return measure.Growth(rate, int(s.Lead()/s.Options.Step), max(1, int(15*time.Second/s.Options.Step)), peak/50, 0.999)
}

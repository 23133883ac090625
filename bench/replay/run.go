package replay

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/bench/replay/pods"
	"github.com/forescale/forescale/bench/replay/service"
	"github.com/forescale/forescale/bench/trace"
)

// Run replays t under p. It is [NewScenario] and [Scenario.Run] in one; to compare
// policies prepare the scenario once.
func Run(ctx context.Context, t trace.Trace, p Policy, o Options) (Result, error) {
	s, err := NewScenario(t, o)
	if err != nil {
		return Result{}, err
	}
	return s.Run(ctx, p)
}

// Run replays the scenario under p and judges it. It returns an error if ctx ends, if p
// could not prepare for it, if the period of p is not a positive number of milliseconds, or
// if the HPA that p acts through has settings that the API server would refuse.
func (s *Scenario) Run(ctx context.Context, p Policy) (Result, error) {
	r, err := newRun(s, p)
	if err != nil {
		return Result{}, err
	}
	for i := range s.rate {
		if i%65536 == 0 && ctx.Err() != nil {
			return Result{}, fmt.Errorf("replay: %s on %s: %w", p.Name(), s.Trace, ctx.Err())
		}
		r.step(i)
	}
	return r.result(), nil
}

// A run is one replay in progress.
type run struct {
	s       *Scenario
	policy  Policy
	cluster *pods.Cluster
	service service.Service
	perPod  *perPod  // nil = the counter is at the ingress
	beneath *beneath // the HPA underneath; nil = the policy sets replicas itself

	period  int64
	next    int64 // earliest of the following, ms since the begin
	decide  int64 // next call of the policy
	scrape  int64 // next scrape of the latency
	collect int64 // next collection by metrics-server

	seen     int     // samples up to the last query
	latency  float64 // at the last scrape; NaN if it was lost
	used     float64 // use of processors per serving pod, summed over time, s
	usage    pods.Usage
	inFlight float64 // summed over the steps since the last decision
	since    int     // steps since the last decision
	arrived  float64 // arrivals up to the last decision
	wasted   int     // starts while settling, which are not judged
	listed   []hpa.Pod
	last     service.Step

	record record
}

func newRun(s *Scenario, p Policy) (*run, error) {
	replicas := max(s.need[0], 1) // an HPA would never leave 0 by itself
	p.Reset(s.config(replicas))
	if f, ok := p.(Fallible); ok && f.Err() != nil {
		return nil, fmt.Errorf("replay: policy %s: %w", p.Name(), f.Err())
	}
	r := &run{
		s: s, policy: p, cluster: pods.New(s.Options.Cluster, replicas, s.Options.stream(streamStartup), s.Options.stream(streamNode)),
		service: service.New(s.Options.serving(), s.Options.stream(streamRequests)),
		period:  p.Period().Milliseconds(), latency: math.NaN(), record: newRecord(s),
	}
	if r.period <= 0 || time.Duration(r.period)*time.Millisecond != p.Period() {
		return nil, fmt.Errorf("replay: policy %s has a period of %v, want a positive number of milliseconds", p.Name(), p.Period())
	}
	o := s.Options
	if o.Metric.PerPod {
		r.perPod = newPerPod(s)
	}
	phases := o.stream(streamPhase)
	phase, slot := phases.Float64(), phases.Float64()
	r.collect = int64(phases.Float64() * float64(o.Metric.Resolution.Milliseconds()))
	r.scrape = int64(phases.Float64() * float64(o.Metric.ScrapeInterval.Milliseconds()))
	r.decide = int64(phase * float64(r.period))
	r.usage = pods.NewUsage(r.collect, o.Metric.Resolution)
	if over, ok := p.(Over); ok {
		b, err := newBeneath(over.Underneath(), o, int64(slot*hpaSlot))
		if err != nil {
			return nil, fmt.Errorf("replay: policy %s: %w", p.Name(), err)
		}
		r.beneath = b
	}
	return r, nil
}

// config returns what a policy may know.
func (s *Scenario) config(replicas int32) Config {
	o := s.Options
	return Config{
		Start: s.begin, Capacity: o.Service.Capacity(1), Slots: o.Service.Slots,
		ServiceTime: o.Service.ServiceTime, Variation: o.Service.Variation,
		Balancing: o.Service.Balancing, Objective: Objective{Quantile: o.Service.Quantile, Latency: o.Service.Latency},
		Min: o.Cluster.Min, Max: o.Cluster.Max, Replicas: replicas,
		Startup: o.Cluster.Startup.Quantile(0.5), StartupP90: o.Cluster.Startup.Quantile(0.9),
		ScrapeInterval: o.Metric.ScrapeInterval, RateWindow: o.Metric.RateWindow, History: s.history,
	}
}

// step plays the events up to the start of step i, then the step itself.
func (r *run) step(i int) {
	now := int64(i) * r.s.stepMS
	if i == r.s.settle {
		r.service.Judge()
		_, r.wasted = r.cluster.Created()
	}
	for r.next <= now {
		r.event()
	}
	r.cluster.Advance(now, r.used)
	rate, arrived := r.s.rate[i], r.s.arrived[i+1]-r.s.arrived[i]
	r.last = r.service.Advance(rate, arrived, r.cluster.Effective(now))
	if r.perPod != nil {
		r.perPod.advance(arrived, r.cluster.Serving())
	}
	dt := r.s.Options.Step.Seconds()
	r.used += r.last.Busy * dt
	r.inFlight += r.last.InFlight
	r.since++
	r.record.step(i, r.last, r.cluster)
}

// event plays the earliest event. At one instant the cluster changes before it is observed.
func (r *run) event() {
	at := r.next
	r.cluster.Advance(at, r.used)
	switch at {
	case r.collect:
		r.usage.Collect(at, r.used)
		r.collect += r.s.Options.Metric.Resolution.Milliseconds()
	case r.scrape:
		r.observeLatency(at)
		r.scrape += r.s.Options.Metric.ScrapeInterval.Milliseconds()
	case r.decide:
		r.ask(at)
		r.decide += r.period
	default:
		if r.beneath != nil && at == r.beneath.next {
			r.sync(at)
			r.beneath.next += hpaSlot
		}
	}
	r.next = min(r.collect, r.scrape, r.decide)
	if r.beneath != nil {
		r.next = min(r.next, r.beneath.next)
	}
}

func (r *run) at(ms int64) time.Time { return r.s.begin.Add(time.Duration(ms) * time.Millisecond) }

// observeLatency scrapes the latency that the service reports.
func (r *run) observeLatency(at int64) {
	now := r.at(at)
	r.latency = math.NaN()
	if !r.s.out(now) && !r.s.unseen(now) {
		r.latency = r.service.Latency(r.s.Intensity(now), r.cluster.Serving())
	}
}

// ask asks the policy and does what it says.
func (r *run) ask(at int64) {
	now := r.at(at)
	a := r.policy.Decide(now, r.observe(at, now))
	if r.beneath != nil {
		moved := r.beneath.accept(a, r.s.Options.Cluster)
		if moved && r.beneath.prompt {
			r.sync(at)
		}
	}
	if a.Replicas >= 0 {
		r.scale(a.Replicas, at)
	}
	r.record.answer = a
	r.inFlight, r.since, r.arrived = 0, 0, r.s.arrivedBy(now)
}

func (r *run) observe(at int64, now time.Time) Observation {
	rate, ok := r.query(at, now)
	if !ok {
		rate = math.NaN()
	}
	o := Observation{
		Rate: rate, RateOK: ok, Replicas: r.cluster.Replicas(), Ready: r.cluster.Serving(),
		CPU: r.cluster.CPU(r.usage), InFlight: r.last.InFlight, Latency: r.latency,
		Arrivals: (r.s.arrivedBy(now) - r.arrived) / (float64(r.period) / 1000),
		Pods:     r.view,
	}
	if r.since > 0 {
		o.InFlight = r.inFlight / float64(r.since)
	}
	return o
}

// query returns the rate that a controller would read at an instant, and whether there is one.
func (r *run) query(at int64, now time.Time) (float64, bool) {
	if r.perPod != nil {
		return r.perPod.query(r.cluster, at)
	}
	return r.s.query(now, &r.seen)
}

func (r *run) view() []hpa.Pod {
	r.listed = r.cluster.View(r.listed[:0], r.usage, r.s.begin, r.s.Options.Service.Slots)
	return r.listed
}

// scale writes spec.replicas.
func (r *run) scale(n int32, at int64) {
	n = min(max(n, r.s.Options.Cluster.Min), r.s.Options.Cluster.Max)
	if n == r.cluster.Replicas() {
		return
	}
	r.record.change(at, r.cluster.Replicas(), n)
	r.cluster.Scale(n, at)
}

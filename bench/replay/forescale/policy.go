package forescale

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/capacity"
	"github.com/forescale/forescale/scaler/engine"
)

// The names of the policies.
const (
	FloorName  = "forescale-floor"
	KedaName   = "forescale-keda"
	OracleName = "forecast-oracle"
)

const (
	period = 5 * time.Second // between two ticks: serve asks more often, which shows no more

	// safetyNet is the target of the HPA underneath, as a share of what a replica
	// carries. The headroom sits in the forecast; a second one would be paid twice.
	safetyNet = 0.95
)

// A Policy is forescale under one spec. It is made by [New].
type Policy struct {
	// Network joins the experts of the pool, as in serve --network; nil = only the
	// built-in one. Set it before the run.
	Network *lstm.Network

	name string
	spec api.Spec
	act  func(p *Policy, now time.Time, o replay.Observation) replay.Action

	c        replay.Config
	workload *engine.Workload
	next     time.Time // start of the cell that is open
	keda     activation
	err      error
	unfitted error
}

var (
	_ replay.Over    = (*Policy)(nil)
	_ replay.Fitting = (*Policy)(nil)
)

// New returns the policy of that name, FloorName or KedaName, under spec. What
// spec leaves out is taken from the configuration of the replay: the objective,
// the bounds, the lead time, and the service of a replica, staffed as a queue. A spec
// that states a target per replica and no objective is left without an objective, as in a
// cluster.
//
// FloorName-N and KedaName-N, for any N of 50 to 99.9, are the same with a forecast at
// the quantile of N percent in place of the margin of spec.
func New(name string, spec api.Spec) (*Policy, error) {
	p := &Policy{name: name, spec: spec}
	kind, percent, fixed := quantileOf(name)
	if fixed {
		p.spec.Forecast.Buffer, p.spec.Forecast.MissingReplicaCost, p.spec.Forecast.ViolationTarget, p.spec.Forecast.Average = 0, 0, 0, false
		p.spec.Forecast.Risk = api.Number(percent / 100)
	}
	switch kind {
	case FloorName:
		p.act = (*Policy).floor
	case KedaName:
		p.act = (*Policy).metric
	default:
		return nil, fmt.Errorf("forescale: no policy %q; there are %s and %s", name, FloorName, KedaName)
	}
	return p, nil
}

// quantileOf splits a name that ends in a quantile in percent.
func quantileOf(name string) (kind string, percent float64, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if v, err := strconv.ParseFloat(name[i+1:], 64); i > 0 && err == nil && v >= 50 && v <= 99.9 {
		return name[:i], v, true
	}
	return name, 0, false
}

// Name implements [replay.Policy].
func (p *Policy) Name() string { return p.name }

// Period implements [replay.Policy].
func (p *Policy) Period() time.Duration { return period }

// Err returns why the last run could not start, nil if it could.
func (p *Policy) Err() error { return p.err }

// Unfitted implements [replay.Fitting]: the history was too short for the model, or is
// empty.
func (p *Policy) Unfitted() error { return p.unfitted }

// Reset implements [replay.Policy]. A policy that cannot start holds; see Err.
func (p *Policy) Reset(c replay.Config) {
	p.c, p.workload, p.unfitted, p.keda = c, nil, nil, activation{active: c.Start}
	p.err = p.start(c)
}

func (p *Policy) start(c replay.Config) error {
	spec := complete(p.spec, c)
	workload, err := engine.New(spec)
	if err != nil {
		return err
	}
	history, err := historyOf(c.History, workload.Spec().Metric)
	if err != nil {
		return err
	}
	begin, retrace := history.End(), workload.Retrace()
	if history.Len() == 0 {
		begin, p.unfitted = c.Start, errors.New("there is no history before it")
	} else if fit, err := retrace.Fit(context.Background(), history, p.Network); err == nil { //nolint:forbidigo // a Policy gets no context, and a fit takes seconds
		if err := workload.Start(fit, retrace); err != nil {
			return err
		}
	} else {
		p.unfitted = err // observed demand serves
	}
	p.workload = workload
	step := int64(workload.Spec().Metric.Step)
	p.next = begin.Add(-time.Duration(begin.UnixNano() % step)) // borders are multiples since the epoch
	return nil
}

// curveOf returns what replicas carry under the objective of the replay.
func curveOf(c replay.Config) (*capacity.Curve, error) {
	discipline := capacity.Central
	if c.Balancing == queue.PerPod {
		discipline = capacity.Random
	}
	return capacity.Queue(capacity.Service{Slots: c.Slots, Time: c.ServiceTime, Variation: c.Variation, Discipline: discipline},
		capacity.Objective{Quantile: c.Objective.Quantile, Latency: c.Objective.Latency})
}

// complete fills what spec leaves out.
func complete(spec api.Spec, c replay.Config) api.Spec {
	if spec.Metric.Query == "" {
		spec.Metric.Query = "the load of the replay"
	}
	if c.History.Step > 0 && spec.Metric.Step == 0 {
		spec.Metric.Step = api.Duration(c.History.Step)
	}
	budget := spec.Forecast.ViolationTarget != 0 // which is nothing without an objective
	if s := &spec.Scale; s.LatencyObjective == nil && (s.TargetPerReplica == 0 || budget) {
		s.LatencyObjective = &api.LatencyObjective{
			Quantile: api.Number(c.Objective.Quantile), Value: api.Duration(c.Objective.Latency),
		}
	}
	spec.Scale = completeScale(spec.Scale, c)
	return spec
}

func completeScale(s api.ScaleSpec, c replay.Config) api.ScaleSpec {
	if s.TargetPerReplica == 0 && s.Service == nil {
		s.Service = &api.ServiceSpec{Slots: int32(min(c.Slots, math.MaxInt32)), Time: api.Duration(c.ServiceTime), Variation: api.Number(c.Variation)}
		if c.Balancing == queue.PerPod {
			s.Service.Discipline = api.Random
		}
	}
	if s.MinReplicas == nil {
		least := c.Min
		s.MinReplicas = &least
	}
	if s.MaxReplicas == 0 {
		s.MaxReplicas = c.Max
	}
	if s.LeadTime.Auto() {
		s.LeadTime = api.AutoDuration{Value: leadOf(c)}
	}
	return s
}

// leadOf is the lag of a mean over the window of rate() and the start of a pod, as far as a
// spec may state it.
func leadOf(c replay.Config) time.Duration { return min(c.RateWindow/2+c.StartupP90, api.MaxLeadTime) }

// Decide implements [replay.Policy].
func (p *Policy) Decide(now time.Time, o replay.Observation) replay.Action {
	if p.workload == nil {
		return replay.Hold()
	}
	p.close(now, o.Rate)
	if o.RateOK {
		p.workload.Observe(collector.Sample{Time: now, Value: o.Rate})
	}
	a := p.act(p, now, o)
	a.Forecast = p.workload.Parts().Forecast
	a.Low, a.High = p.band(now.Add(p.workload.LeadTime()))
	return a
}

// close appends the cells that have ended, as serve reads them: each is the query at
// its end, which here is the first one from then on. A cell that ended before the last
// call was not queried.
func (p *Policy) close(now time.Time, rate float64) {
	step := p.workload.Spec().Metric.Step.Std()
	for ; !now.Before(p.next.Add(step)); p.next = p.next.Add(step) {
		cell := forecast.Series{Start: p.next, Step: step, Values: []float64{math.NaN()}}
		if now.Sub(p.next.Add(step)) < period {
			cell.Values[0] = rate
		}
		if err := p.workload.Append(cell); err != nil {
			p.err = err
		}
	}
}

// band returns the quantiles 0.1 and 0.9 of the forecast at an instant; NaN if it
// does not reach there.
func (p *Policy) band(at time.Time) (low, high float64) {
	f := p.workload.Forecast()
	if f == nil || at.Before(f.Start) {
		return math.NaN(), math.NaN()
	}
	cell := int(at.Sub(f.Start) / f.Step)
	if cell >= f.Horizon() {
		return math.NaN(), math.NaN()
	}
	return f.Quantile(f.Values[cell], 0.1), f.Quantile(f.Values[cell], 0.9)
}

// floor raises spec.replicas along with the floor, which then acts at once on any
// version of Kubernetes; the HPA underneath decides above it.
func (p *Policy) floor(now time.Time, o replay.Observation) replay.Action {
	d := p.workload.Decide(now, p.target(o))
	a := replay.Hold()
	a.Floor = d.Replicas
	if d.Replicas > o.Replicas {
		a.Replicas = d.Replicas
	}
	return a
}

// target describes the service as it is.
func (p *Policy) target(o replay.Observation) engine.Target {
	return engine.Target{
		Current: o.Replicas, Ready: o.Ready, Min: p.bound(), Max: p.c.Max, Missed: p.missed(o.Latency),
	}
}

// missed returns whether the latency at the last scrape missed the objective. As in a
// cluster, it is unknown unless the spec has a latency query.
func (p *Policy) missed(latency float64) float64 {
	switch {
	case p.spec.Metric.LatencyQuery == "" || math.IsNaN(latency):
		return math.NaN()
	case latency > p.c.Objective.Latency.Seconds():
		return 1
	}
	return 0
}

func (p *Policy) bound() int32 {
	if p.spec.Scale.MinReplicas != nil {
		return *p.spec.Scale.MinReplicas
	}
	return p.c.Min
}

// metric answers the demand as whole replicas of the nominal capacity, so that
// the HPA behind KEDA arrives at the count which the objective asks for; it owns
// bounds, tolerance and stabilization. From and to zero replicas goes KEDA itself.
func (p *Policy) metric(now time.Time, o replay.Observation) replay.Action {
	a := replay.Hold()
	if math.IsNaN(p.workload.Demand(now).Observed) {
		return a // an error of the scaler: the HPA holds
	}
	p.workload.Decide(now, p.target(o)) // which books what was missed, as serve does
	d := p.workload.Demand(now)
	answer := p.workload.Answer(now, d)
	a.Target, a.Metric = onWire(p.workload.Target(), answer)
	if p.bound() == 0 {
		a.Replicas = p.keda.poll(now, o.Replicas, p.workload.Active(d, answer))
	}
	return a
}

// onWire returns target and value as the server sends them to KEDA (package external): the
// target in thousandths, and the value such that their quotient stays. If the value were for
// the exact target, the HPA would round a quotient slightly above 3 up to 4 replicas.
func onWire(target, value float64) (toldTarget, toldValue float64) {
	told := math.Round(1000*target) / 1000
	if !(told > 0) || told == target {
		return target, value
	}
	return told, value / target * told
}

// Underneath implements [replay.Over]. The HPA is the one that is recommended: behind KEDA
// without a tolerance, and with one step up for whatever is forecast; under a floor with a
// small one, and a target just under what a replica carries. Both have a short
// stabilization, because forescale comes down by rules of its own.
func (p *Policy) Underneath() replay.HPA {
	window, none := scaler.FloorHold, 0.0
	if strings.HasPrefix(p.name, KedaName) {
		window = scaler.AnswerHold
		return replay.HPA{External: true, Settings: hpa.Settings{
			Gates: hpa.Version(35),
			Behavior: &hpa.Behavior{
				Up:   hpa.Rules{Tolerance: &none, Policies: []hpa.Policy{{Kind: hpa.Percent, Value: 900, Period: 15 * time.Second}}},
				Down: hpa.Rules{Tolerance: &none, Window: &window},
			},
		}}
	}
	little := scaler.FloorTolerance
	return replay.HPA{RatePerPod: safetyNet * p.carried(), Settings: hpa.Settings{
		Gates: hpa.Version(35),
		Behavior: &hpa.Behavior{
			Up:   hpa.Rules{Tolerance: &little},
			Down: hpa.Rules{Tolerance: &none, Window: &window},
		},
	}}
}

// carried is the demand that the spec says a replica carries, else that of a busy one.
func (p *Policy) carried() float64 {
	if p.workload == nil {
		return p.c.Capacity
	}
	return p.workload.Target()
}

// An Oracle decides by the rules of forescale on the true future. It is made by
// [NewOracle].
type Oracle struct {
	s     *replay.Scenario
	c     replay.Config
	curve *capacity.Curve
	state scaler.State
}

var _ replay.Policy = (*Oracle)(nil)

// NewOracle returns the oracle of a scenario, which must not be run on another.
func NewOracle(s *replay.Scenario) *Oracle { return &Oracle{s: s} }

// Name implements [replay.Policy].
func (*Oracle) Name() string { return OracleName }

// Period implements [replay.Policy].
func (*Oracle) Period() time.Duration { return period }

// Reset implements [replay.Policy].
func (o *Oracle) Reset(c replay.Config) {
	o.c, o.state = c, scaler.State{}
	o.curve, _ = curveOf(c) // the scenario has checked that the objective can be kept
}

// Decide implements [replay.Policy].
func (o *Oracle) Decide(now time.Time, seen replay.Observation) replay.Action {
	const fine = 5 * time.Second
	lead, highest := o.c.StartupP90, 0.0
	for ahead := time.Duration(0); ahead <= lead+period+fine; ahead += fine {
		highest = max(highest, o.s.Intensity(now.Add(ahead)))
	}
	least := o.c.Min
	var d scaler.Decision
	d, o.state = scaler.Decide(api.ScaleSpec{MinReplicas: &least, MaxReplicas: o.c.Max}, o.state, scaler.Input{
		Now: now, Current: seen.Replicas, Desired: o.curve.Replicas(highest), LeadTime: o.c.Startup,
		Demand: scaler.Demand{Observed: o.s.Intensity(now), Predicted: highest},
	})
	a := replay.Scale(d.Replicas)
	a.Forecast = highest
	return a
}

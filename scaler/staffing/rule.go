// Package staffing says how many replicas carry a demand, from all that is known of what one
// replica carries.
//
// # The idea
//
// Three things may be known about a replica: the demand that it is stated to serve
// (scale.targetPerReplica), what its latency and CPU use have shown (capacity.Learner), and
// how it serves requests (scale.service), from which queueing theory says how many replicas
// keep the objective (capacity.Curve). A [Rule] combines them. With scale.service the queue
// gives the shape of the curve, and observation its height. Without it, demand is divided by
// what one replica serves.
//
// Everything here is pure.
package staffing

import (
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/capacity"
)

// A Rule is what is known of the replicas of one target. It is not safe for concurrent
// use.
type Rule struct {
	stated    float64               // scale.targetPerReplica; 0 = not stated
	objective *api.LatencyObjective // nil without one

	learner *capacity.Learner // of what a replica carries; nil before there is something to learn from
	ready   int32             // replicas when it last observed
	curve   *capacity.Curve   // what replicas carry by scale.service; nil without

	// seen is what the learner estimates beside ready replicas, kept while fresh: each decision
	// asks for it some ten times, and it changes with what is observed only.
	seen  capacity.Estimate
	fresh bool
}

// New returns the rule of s, which was validated, before anything is observed. It
// returns an error if a single replica cannot keep the objective of scale.service.
func New(s api.ScaleSpec) (*Rule, error) {
	curve, err := curveOf(s)
	if err != nil {
		return nil, err
	}
	r := &Rule{stated: s.TargetPerReplica.Float(), objective: s.LatencyObjective, curve: curve}
	if s.LatencyObjective != nil {
		r.learner = &capacity.Learner{Objective: objectiveOf(s)}
	}
	return r, nil
}

// Clone returns a rule that knows the same, and shares nothing that changes.
func (r *Rule) Clone() *Rule {
	out := *r
	if r.learner != nil {
		out.learner = r.learner.Clone()
	}
	if r.curve != nil {
		out.curve = r.curve.Clone()
	}
	return &out
}

// Replicas returns the smallest count that carries demand; −1, unknown, if
// demand is NaN or nothing is known of what a replica carries.
func (r *Rule) Replicas(demand float64) int32 {
	if r.curve != nil {
		return r.curve.Replicas(demand / r.strength())
	}
	return scaler.Replicas(demand, r.Target())
}

// Averaged returns the smallest count that keeps the latency objective on average over the
// given demands, weighted by shares, according to scale.service; without a scale.service it
// panics. It changes demands. It takes some tens of microseconds for some tens of replicas.
func (r *Rule) Averaged(demands, shares []float64) int32 {
	strength := r.strength()
	for i := range demands {
		demands[i] /= strength
	}
	return r.curve.Averaged(demands, shares, 1-r.objective.Quantile.Float())
}

// AsQueue reports whether replicas are staffed as a queue, by scale.service: what a replica
// carries then depends on their number.
func (r *Rule) AsQueue() bool { return r.curve != nil }

// ObserveService learns what a replica carries from three series of one grid, cell by
// cell: the rate that came in, the latency quantile of the objective in seconds, and
// the ready replicas. Cells that are NaN in any of them say nothing, nor do those
// whose count is no whole number because it changed. It does nothing
// without a latency objective, and reads as many cells as the shortest series has.
func (r *Rule) ObserveService(rate, latency, ready forecast.Series) {
	if r.objective == nil {
		return
	}
	r.fresh = false
	n := min(rate.Len(), latency.Len(), ready.Len())
	for i := range n {
		count := whole(ready.Values[i])
		r.learner.Observe(capacity.Interval{
			Rate: rate.Values[i], Latency: latency.Values[i], Ready: count, CPU: math.NaN(),
		})
		if count > 0 {
			r.ready = count
		}
	}
}

// whole returns the count that v stands for, 0 if it changed within the cell or is not known.
func whole(v float64) int32 {
	if n := math.Round(v); n >= 1 && n <= math.MaxInt32 && math.Abs(v-n) < 1e-6 {
		return int32(n)
	}
	return 0
}

// ObserveCPU learns the rate at which the processors of a replica are full from one
// interval: the rate that came in, in the unit of the metric, the ready replicas
// throughout, and the mean use of what these have, 0 to 1. It needs no latency
// objective. What is not positive or not finite says nothing.
func (r *Rule) ObserveCPU(rate float64, ready int32, cpu float64) {
	if r.learner == nil {
		r.learner = &capacity.Learner{}
	}
	r.ready, r.fresh = ready, false
	r.learner.Busy(rate, ready, cpu)
}

// Redeployed notes that the replicas run another version of the program, whose CPU use is not
// known yet.
func (r *Rule) Redeployed() {
	r.fresh = false
	if r.learner != nil {
		r.learner.Rebuilt()
	}
}

// estimate returns what a replica was seen to carry at the present number of
// replicas; its zero value while nothing was observed of the service.
func (r *Rule) estimate() capacity.Estimate {
	if r.learner == nil {
		return capacity.Estimate{}
	}
	if !r.fresh {
		r.seen, r.fresh = r.learner.Estimate(max(r.ready, 1)), true
	}
	return r.seen
}

// Target returns the demand that one replica serves: what was learned under the
// latency objective; else scale.targetPerReplica, at most the rate at which its
// processors are full if that is known; else the highest rate per replica that was
// seen to keep the objective. While a service that has become slower misses it at every
// rate, the target is at most the rate next below these, or half of what was learned before
// if that is more; without a stated target it is that bound, but no more than what was seen
// beside as many replicas. With scale.service, where it depends on the number of replicas, it
// is the demand at which one replica is busy all the time. It is 0, unknown, if none of these
// is known.
func (r *Rule) Target() float64 {
	if r.curve != nil {
		return r.curve.Full() * r.strength()
	}
	if r.learner == nil {
		return r.stated
	}
	e := r.estimate()
	if e.SafeRate > 0 && (e.Knowledge == capacity.Learned || r.stated == 0) {
		return e.SafeRate
	}
	target := r.stated
	if e.FullRate > 0 {
		target = min(target, e.FullRate)
	}
	switch {
	case e.Bound == 0:
		return target
	case target == 0: // the bound may come from more replicas, each of which carries more
		return min(e.Bound, e.SeenTo)
	}
	return min(target, e.Bound)
}

// strength is the height of the curve: what a replica was seen to carry at the present
// number of replicas, as a multiple of what scale.service says it carries there. It is 1
// before both rates that keep and rates that miss the objective were seen, and never more
// than the processors allow. While a service that has become slower misses the objective at
// every rate, it is bounded by what is below these rates, see [capacity.Estimate].
func (r *Rule) strength() float64 {
	e, s := r.estimate(), 1.0
	n := max(r.ready, 1)
	each := r.curve.Rate(n) / float64(n)
	switch {
	case e.Knowledge == capacity.Learned:
		s = e.SafeRate / each
	case e.Bound > 0:
		s = min(s, e.Bound/each)
	}
	if e.FullRate > 0 {
		s = min(s, e.FullRate/r.curve.Full())
	}
	return s
}

// curveOf returns what replicas carry by scale.service; nil without one.
func curveOf(s api.ScaleSpec) (*capacity.Curve, error) {
	if s.Service == nil {
		return nil, nil //nolint:nilnil // there is nothing to make one of
	}
	discipline := capacity.Central
	switch s.Service.Discipline {
	case api.Random:
		discipline = capacity.Random
	case api.Sharing:
		discipline = capacity.Sharing
	case api.Central:
	}
	service := capacity.Service{
		Slots: int(s.Service.Slots), Time: s.Service.Time.Std(), Variation: s.Service.Variation.Float(), Discipline: discipline,
	}
	curve, err := capacity.Queue(service, objectiveOf(s))
	if err != nil {
		return nil, fmt.Errorf("staffing: scale.service: %w", err)
	}
	return curve, nil
}

// objectiveOf returns the latency objective of s, which has one.
func objectiveOf(s api.ScaleSpec) capacity.Objective {
	o := s.LatencyObjective
	return capacity.Objective{Quantile: o.Quantile.Float(), Latency: o.Value.Std()}
}

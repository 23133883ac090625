package engine

import (
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/capacity"
)

// ObserveService lets the workload learn what a replica carries from three
// series of one grid, cell by cell: the rate that came in, the latency quantile
// of the objective in seconds, and the ready replicas. Cells that are NaN in any
// of them say nothing. It does nothing without a latency objective, and reads as
// many cells as the shortest series has.
func (w *Workload) ObserveService(rate, latency, ready forecast.Series) {
	if w.spec.Scale.LatencyObjective == nil {
		return
	}
	n := min(rate.Len(), latency.Len(), ready.Len())
	for i := range n {
		count := ready.Values[i]
		if math.IsNaN(count) || count < 1 || count > math.MaxInt32 {
			continue
		}
		w.learner.Observe(capacity.Interval{
			Rate: rate.Values[i], Latency: latency.Values[i], Ready: int32(count), CPU: math.NaN(),
		})
		w.ready = int32(count)
	}
}

// ObserveCPU lets the workload learn the rate at which the processors of a replica
// are full from one interval: the rate that came in, in the unit of the metric,
// the ready replicas throughout, and the mean use of what these have, 0 to 1. It
// needs no latency objective. What is not positive or not finite says nothing.
func (w *Workload) ObserveCPU(rate float64, ready int32, cpu float64) {
	if w.learner == nil {
		w.learner = &capacity.Learner{}
	}
	w.ready = ready
	w.learner.Busy(rate, ready, cpu)
}

// Redeployed tells that the replicas run another program than before, whose use of
// the processors is yet to be seen.
func (w *Workload) Redeployed() {
	if w.learner != nil {
		w.learner.Rebuilt()
	}
}

// Capacity returns what a replica was seen to carry at the present number of
// replicas; its zero value while nothing was observed of the service.
func (w *Workload) Capacity() capacity.Estimate {
	if w.learner == nil {
		return capacity.Estimate{}
	}
	return w.learner.Estimate(max(w.ready, 1))
}

// Target returns the demand that one replica serves: what was learned under the
// latency objective, else scale.targetPerReplica, at most the rate at which its
// processors are full if that is known, else the highest rate per replica that was
// seen to be fine. With scale.service, where it depends on their number, it is what
// one replica carries when it is busy all the time. It is 0, unknown, if none of them
// is known.
func (w *Workload) Target() float64 {
	if w.curve != nil {
		return w.curve.Full() * w.strength()
	}
	stated := w.spec.Scale.TargetPerReplica.Float()
	if w.learner == nil {
		return stated
	}
	e := w.Capacity()
	if e.SafeRate > 0 && (e.Knowledge == capacity.Learned || stated == 0) {
		return e.SafeRate
	}
	if e.FullRate > 0 {
		return min(stated, e.FullRate)
	}
	return stated
}

// strength is what a replica was seen to carry at the present number of replicas, as
// a multiple of what scale.service says it carries there: the shape of the curve is
// that of the queue, its height is what was seen. 1 before both sides were seen. What
// its processors cannot do is not expected of it in any case.
func (w *Workload) strength() float64 {
	e, s := w.Capacity(), 1.0
	if e.Knowledge == capacity.Learned {
		n := max(w.ready, 1)
		s = e.SafeRate * float64(n) / w.curve.Rate(n)
	}
	if e.FullRate > 0 {
		s = min(s, e.FullRate/w.curve.Full())
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
	curve, err := capacity.Queue(
		capacity.Service{Slots: int(s.Service.Slots), Time: s.Service.Time.Std(), Discipline: discipline},
		capacity.Objective{Quantile: s.LatencyObjective.Quantile.Float(), Latency: s.LatencyObjective.Value.Std()})
	if err != nil {
		return nil, fmt.Errorf("engine: scale.service: %w", err)
	}
	return curve, nil
}

// newLearner returns a learner under the objective of the spec, nil without one.
func (w *Workload) newLearner() *capacity.Learner {
	o := w.spec.Scale.LatencyObjective
	if o == nil {
		return nil
	}
	return &capacity.Learner{Objective: capacity.Objective{Quantile: o.Quantile.Float(), Latency: o.Value.Std()}}
}

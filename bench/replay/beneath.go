package replay

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
)

// hpaSlot is the sync period of the controller, ms.
const hpaSlot = 15000

// hpaWindow is how long an HPA without a behavior stays up: until the twentieth sync after the
// last one that asked for more. In a cluster that sync comes a little more than five minutes
// later, because the controller waits for its period after each sync (AddRateLimited in
// processNextWorkItem). Here it comes five minutes later to the millisecond, at which the
// recommendation would still count, and the HPA stay up for one sync more than a real one.
const hpaWindow = 5*time.Minute - time.Millisecond

// beneath is the HPA underneath a policy.
type beneath struct {
	spec   HPA
	auto   *hpa.Autoscaler
	bounds hpa.Bounds
	least  int32 // that minReplicas may be
	prompt bool  // a changed floor is reconciled at once
	next   int64 // next slot, ms since the begin

	metric, target float64
	metrics        []hpa.Metric
}

func newBeneath(spec HPA, o Options, first int64) (*beneath, error) {
	if window := hpaWindow; spec.Settings.Stabilization == nil && spec.Settings.Behavior == nil {
		spec.Settings.Stabilization = &window
	}
	auto, err := hpa.New(spec.Settings)
	if err != nil {
		return nil, err
	}
	least := o.Cluster.Min
	if !spec.Settings.Gates.Zero { // the API server refuses less
		least = max(least, 1)
	}
	return &beneath{
		spec: spec, auto: auto, bounds: hpa.Bounds{Min: least, Max: o.Cluster.Max}, least: least,
		prompt: spec.Settings.Gates.Prompt, next: first, metric: math.NaN(),
	}, nil
}

// accept takes the floor and the metric of an action and returns whether the floor moved.
func (b *beneath) accept(a Action, c Cluster) bool {
	b.metric, b.target = a.Metric, a.Target
	if a.Floor < 0 {
		return false
	}
	floor := min(max(a.Floor, b.least), c.Max)
	moved := floor != b.bounds.Min
	b.bounds.Min = floor
	return moved
}

// sync is one reconciliation of the HPA underneath.
func (r *run) sync(at int64) {
	b := r.beneath
	b.metrics = b.metrics[:0]
	now := r.at(at)
	if b.spec.RatePerPod > 0 {
		rate, ok := r.query(at, now)
		if !ok && !b.spec.EmptyIsZero {
			b.metrics = append(b.metrics, hpa.Unavailable{})
		} else {
			b.metrics = append(b.metrics, hpa.ExternalAverage{Value: hpa.Milli(rate), Target: hpa.Milli(b.spec.RatePerPod)})
		}
	}
	if b.spec.CPUPercent > 0 {
		b.metrics = append(b.metrics, hpa.Utilization{Target: b.spec.CPUPercent, CPU: true, Pods: r.view()})
	}
	if b.spec.External {
		if math.IsNaN(b.metric) || !(b.target > 0) {
			b.metrics = append(b.metrics, hpa.Unavailable{})
		} else {
			b.metrics = append(b.metrics, hpa.ExternalAverage{Value: hpa.Milli(b.metric), Target: hpa.Milli(b.target)})
		}
	}
	spec := r.cluster.Replicas()
	d := b.auto.Sync(now, b.bounds, hpa.Scale{Spec: spec, Status: spec}, b.metrics...)
	r.scale(d.Replicas, at)
}

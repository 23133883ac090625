package rival

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/queue"
)

// A staticPeak never scales: it runs 1.2 times the pods that the highest minute
// of the history needed under the objective.
type staticPeak struct {
	base

	n int32
}

func newStaticPeak() *staticPeak { return &staticPeak{base: base{name: "static-peak"}} }

// Reset implements [replay.Policy].
func (p *staticPeak) Reset(c replay.Config) {
	p.c = c
	service := queue.Service{Slots: c.Slots, ServiceTime: c.ServiceTime, Variation: c.Variation, Balancing: c.Balancing, Latency: c.Objective.Latency, Quantile: c.Objective.Quantile}
	peak := 0.0
	for _, v := range c.History.Values {
		if v > peak { // never for NaN
			peak = v
		}
	}
	p.n = count(math.Ceil(1.2 * float64(queue.NewStaffing(service).Pods(peak))))
}

// Decide implements [replay.Policy].
func (p *staticPeak) Decide(time.Time, replay.Observation) replay.Action { return p.scale(p.n) }

// An hpaRate is a HorizontalPodAutoscaler without behavior on the ingress rate
// as an External metric with an AverageValue target.
type hpaRate struct {
	base

	percent float64
}

// newHPARate returns an HPA that aims at percent of the capacity of a pod.
func newHPARate(percent float64) *hpaRate {
	return &hpaRate{base: base{name: fmt.Sprintf("hpa-rate-%.4g", percent)}, percent: percent}
}

// Decide implements [replay.Policy]: the HPA underneath does it all.
func (*hpaRate) Decide(time.Time, replay.Observation) replay.Action { return replay.Hold() }

// Underneath implements [replay.Over].
func (p *hpaRate) Underneath() replay.HPA {
	return replay.HPA{RatePerPod: p.percent / 100 * p.c.Capacity}
}

// An hpaCPU is a HorizontalPodAutoscaler without behavior on the mean use of
// processors. Pods at work cannot show more than 100 %, so it needs several
// rounds where the rate needs one.
type hpaCPU struct {
	base

	percent int32
}

// newHPACPU returns an HPA that aims at percent of the requested processors.
func newHPACPU(percent int32) *hpaCPU {
	return &hpaCPU{base: base{name: fmt.Sprintf("hpa-cpu-%d", percent)}, percent: percent}
}

// Decide implements [replay.Policy]: the HPA underneath does it all.
func (*hpaCPU) Decide(time.Time, replay.Observation) replay.Action { return replay.Hold() }

// Underneath implements [replay.Over].
func (p *hpaCPU) Underneath() replay.HPA { return replay.HPA{CPUPercent: p.percent} }

// Frontier returns the policies among which [Tune] chooses: hpa-rate at targets
// of 50 to 95 % in steps of 5.
func Frontier() []replay.Policy {
	var all []replay.Policy
	for p := 50; p <= 95; p += 5 {
		all = append(all, newHPARate(float64(p)))
	}
	return all
}

// An Outcome is what one policy of the frontier achieved on a trace.
type Outcome struct {
	Policy        string
	ViolatingTime float64 // percent
	ReplicaHours  float64
}

// Tune returns the outcome that an operator with hindsight would have picked for
// the trace: the cheapest one within the budget of violating time, percent, or,
// with none within it, the one that violates least. It knows the future, so the
// report labels it. It returns false without an outcome.
func Tune(frontier []Outcome, budget float64) (Outcome, bool) {
	if len(frontier) == 0 {
		return Outcome{}, false
	}
	best := frontier[0]
	for _, o := range frontier[1:] {
		within, before := o.ViolatingTime <= budget, best.ViolatingTime <= budget
		switch {
		case within && before && o.ReplicaHours < best.ReplicaHours,
			within && !before,
			!within && !before && o.ViolatingTime < best.ViolatingTime:
			best = o
		}
	}
	return best, true
}

package rival

import (
	"fmt"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/kpa"
)

// A knative is Knative's pod autoscaler on concurrency: a target of 70 % of the slots
// of a pod over a stable window of 60 s and a panic window of 6 s, every 2 s. The
// concurrency includes requests in line, so it overshoots under overload.
//
// See package kpa for the rule and its source.
type knative struct {
	base

	auto           *kpa.Autoscaler
	stable, panics *kpa.Window
	idle           time.Time // since when nothing is wanted; zero = something is
}

// newKnative returns the policy.
func newKnative() *knative { return &knative{base: base{name: "kpa"}} }

// Reset implements [replay.Policy].
func (p *knative) Reset(c replay.Config) {
	p.c, p.idle = c, time.Time{}
	p.stable, p.panics = kpa.NewWindow(time.Minute), kpa.NewWindow(6*time.Second)
	auto, err := kpa.New(kpa.Settings{Target: setPoint * float64(max(1, c.Slots))}, int(c.Replicas), c.Start)
	if err != nil {
		panic(fmt.Sprintf("rival: settings of the KPA: %v", err))
	}
	p.auto = auto
}

// Period implements [replay.Policy].
func (*knative) Period() time.Duration { return kpa.Tick }

// Decide implements [replay.Policy]. Knative scrapes every second; the mean of the
// two seconds since the last decision stands for both.
func (p *knative) Decide(now time.Time, o replay.Observation) replay.Action {
	for _, at := range []time.Time{now.Add(-time.Second), now} {
		p.stable.Record(at, o.InFlight)
		p.panics.Record(at, o.InFlight)
	}
	n := p.auto.Scale(now, int(o.Ready), p.stable.Average(now), p.panics.Average(now))
	if n > 0 || p.c.Min > 0 {
		p.idle = time.Time{}
		return p.scale(n)
	}
	if p.idle.IsZero() {
		p.idle = now
	}
	if now.Sub(p.idle) < 30*time.Second { // scale-to-zero-grace-period
		return p.scale(1)
	}
	return p.scale(0)
}

package rival

import (
	"time"

	"github.com/forescale/forescale/bench/replay"
)

// The defaults of a ScaledObject.
const (
	pollingInterval = 30 * time.Second  // of the activation
	cooldownPeriod  = 300 * time.Second // from the last activity to zero
)

// A scaledObject is a reactive ScaledObject of KEDA v2.20 with one Prometheus trigger and
// its defaults: an HPA without behavior, for which an empty result reads as 0, and the way
// from and to zero, which is KEDA's own and matters only with a Min of 0.
//
// Source: KEDA v2.20.2, pkg/scaling/executor/scale_scaledobjects.go,
// pkg/scalers/prometheus_scaler.go.
type scaledObject struct {
	base

	active time.Time // when the trigger was last active
	polled time.Time
}

// newKEDA returns the policy.
func newKEDA() *scaledObject { return &scaledObject{base: base{name: "keda"}} }

// Reset implements [replay.Policy].
func (k *scaledObject) Reset(c replay.Config) { k.c, k.polled, k.active = c, time.Time{}, c.Start }

// Period implements [replay.Policy].
func (*scaledObject) Period() time.Duration { return 15 * time.Second }

// Underneath implements [replay.Over].
func (k *scaledObject) Underneath() replay.HPA {
	return replay.HPA{RatePerPod: k.perPod(), EmptyIsZero: true}
}

// Decide implements [replay.Policy].
func (k *scaledObject) Decide(now time.Time, o replay.Observation) replay.Action {
	a := replay.Hold()
	a.Floor = max(k.c.Min, 1) // KEDA's HPA never goes to zero, KEDA does
	if k.c.Min > 0 || now.Sub(k.polled) < pollingInterval {
		return a
	}
	k.polled = now
	switch {
	case o.RateOK && o.Rate > 0:
		k.active = now
		if o.Replicas == 0 {
			a.Replicas = 1
		}
	case o.Replicas > 0 && now.Sub(k.active) >= cooldownPeriod:
		a.Replicas = 0
	}
	return a
}

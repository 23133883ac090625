package rival

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
)

// KEDASettings are the fields of a ScaledObject with one Prometheus trigger. The
// zero value is KEDA's defaults with a threshold at 70 % of a pod's capacity.
type KEDASettings struct {
	Threshold  float64       // requests/s per pod; 0 = 70 % of the capacity
	Activation float64       // requests/s above which the target leaves zero
	Polling    time.Duration // of the activation; 0 = 30 s
	Cooldown   time.Duration // from the last activity to zero; 0 = 300 s

	// HonestNulls is ignoreNullValues: "false": an empty result is an error. The
	// default reads it as 0.
	HonestNulls bool
	// Fallback needs HonestNulls to ever act; nil = none.
	Fallback *Fallback
}

// Fallback replaces the metric after more than Failures errors in a row by the
// one that asks for Replicas.
type Fallback struct {
	Failures int
	Replicas int32
}

// A scaledObject is a reactive ScaledObject: its HPA, which has no behavior, and the way
// from and to zero, which is KEDA's own and matters only with a Min of 0.
//
// The HPA reads the metric through KEDA at each of its syncs. With HonestNulls
// the number is at most a second older, because failures have to be counted.
//
// Source: KEDA v2.20.2, pkg/scaling/executor/scale_scaledobjects.go,
// pkg/fallback/fallback.go, pkg/scalers/prometheus_scaler.go.
type scaledObject struct {
	base

	s        KEDASettings
	failures int
	counted  time.Time // the last failure: one per sync of the HPA
	active   time.Time // when the trigger was last active
	polled   time.Time
}

// NewKEDA returns a reactive ScaledObject of KEDA v2.20: an HPA without behavior,
// and from and to zero if the Min of the run is 0.
func NewKEDA(s KEDASettings) replay.Policy { return newKEDA(s) }

func newKEDA(s KEDASettings) *scaledObject {
	if s.Polling == 0 {
		s.Polling = 30 * time.Second
	}
	if s.Cooldown == 0 {
		s.Cooldown = 300 * time.Second
	}
	return &scaledObject{base: base{name: "keda"}, s: s}
}

// Reset implements [replay.Policy].
func (k *scaledObject) Reset(c replay.Config) {
	k.c, k.failures, k.counted, k.polled, k.active = c, 0, time.Time{}, time.Time{}, c.Start
}

// Period implements [replay.Policy].
func (k *scaledObject) Period() time.Duration {
	if k.s.HonestNulls {
		return time.Second
	}
	return 15 * time.Second
}

// Underneath implements [replay.Over].
func (k *scaledObject) Underneath() replay.HPA {
	if k.s.HonestNulls {
		return replay.HPA{External: true}
	}
	return replay.HPA{RatePerPod: k.threshold(), EmptyIsZero: true}
}

func (k *scaledObject) threshold() float64 {
	if k.s.Threshold > 0 {
		return k.s.Threshold
	}
	return k.perPod()
}

// Decide implements [replay.Policy].
func (k *scaledObject) Decide(now time.Time, o replay.Observation) replay.Action {
	a := replay.Hold()
	a.Floor = max(k.c.Min, 1) // KEDA's HPA never goes to zero, KEDA does
	a.Metric, a.Target = k.metric(now, o), k.threshold()
	if k.c.Min > 0 || now.Sub(k.polled) < k.s.Polling {
		return a
	}
	k.polled = now
	switch {
	case !o.RateOK && k.s.HonestNulls: // after an error KEDA does nothing, and does not take it for activity
	case o.RateOK && o.Rate > k.s.Activation:
		k.active = now
		if o.Replicas == 0 {
			a.Replicas = 1
		}
	case o.Replicas > 0 && now.Sub(k.active) >= k.s.Cooldown:
		a.Replicas = 0
	}
	return a
}

// metric is what the HPA underneath reads; NaN is an error.
func (k *scaledObject) metric(now time.Time, o replay.Observation) float64 {
	if o.RateOK {
		k.failures = 0
		return o.Rate
	}
	if !k.s.HonestNulls {
		return 0
	}
	if now.Sub(k.counted) >= 15*time.Second {
		k.failures++
		k.counted = now
	}
	if k.s.Fallback != nil && k.failures > k.s.Fallback.Failures {
		return k.threshold() * float64(k.s.Fallback.Replicas)
	}
	return math.NaN()
}

// Package rival holds the policies that forescale is compared with: those that
// users run today, those of the literature, and simple rules.
//
// # The idea
//
// Each is a small [replay.Policy] behind a name of the report; [ByName] makes
// them. Every one sees what a real controller would see and nothing more, and is
// set the way its documentation or paper sets it. Some rules need the load that one
// pod is to carry. Where the source leaves that open, it is 70 % of the capacity of a
// pod, the usual set-point of an HPA, so that the rules differ and not their
// set-points.
//
//	static-peak            the peak of the history × 1.2
//	hpa-rate-50 … -90      HPA on the ingress rate, percent of a pod's capacity
//	hpa-cpu-50 … -80       HPA on the use of processors
//	hpa-tuned              the best hpa-rate in hindsight; see [Tune]
//	keda                   KEDA's Prometheus scaler, activation and fallback
//	kpa                    Knative's pod autoscaler on concurrency
//	phpa, phpa-intended    jthomperoo's predictive HPA, as shipped and in time order
//	phpa-linear            the same with its linear model alone
//	crane                  Crane's EffectiveHPA with DSP
//	times-1.2              point forecast × 1.2 as minReplicas of an HPA
//	aws                    hourly forecast, launched 300 s early, over an HPA
//	autopilot              98th percentile of the last hour
//	react, hist, reg,      five autoscalers of the literature, the comparison set
//	adapt, conpaas         of Papadopoulos et al. and of Chameleon
//
// # Why not the originals
//
// They are written against clusters, in several languages. The HPA and the KPA
// are ports whose every decision is tested against the original; the others are
// rules, each from the paper or the code that its type names.
package rival

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
)

// setPoint is the share of a pod's capacity to be used where a rule leaves it open.
const setPoint = 0.7

// A base is what all rivals share.
type base struct {
	name string
	c    replay.Config
}

// Name implements [replay.Policy].
func (b *base) Name() string { return b.name }

// Reset implements [replay.Policy] for rules without a memory.
func (b *base) Reset(c replay.Config) { b.c = c }

// Period implements [replay.Policy] for rules that decide with the HPA.
func (b *base) Period() time.Duration { return 15 * time.Second }

// perPod is the load that one pod is to carry, requests/s.
func (b *base) perPod() float64 { return setPoint * b.c.Capacity }

// pods returns the pods that carry rate, requests/s; at least 0.
func (b *base) pods(rate float64) int32 { return count(math.Ceil(rate / b.perPod())) }

// scale sets spec.replicas to n within the bounds.
func (b *base) scale(n int32) replay.Action {
	return replay.Scale(min(max(n, b.c.Min), b.c.Max))
}

// count converts x to a count: NaN and what is negative become 0.
func count(x float64) int32 {
	if !(x > 0) {
		return 0
	}
	return int32(min(x, math.MaxInt32))
}

// lead is the time from a change of the load to pods that serve it, as an
// operator would estimate it: half the rate window and half a scrape until the
// metric shows it, one sync of the HPA, the start of a pod.
func (b *base) lead() time.Duration {
	return b.c.RateWindow/2 + b.c.ScrapeInterval/2 + 15*time.Second + b.c.Startup
}

package rival

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival/fit"
)

// The settings of Crane.
const (
	craneHistory = 15 * 24 * 60 // minutes
	craneRefresh = 12 * time.Hour
	craneWindow  = 60 // minutes: predictionWindowSeconds of the recommender
	day          = 24 * 60
)

// An effectiveHPA is Crane's EffectiveHorizontalPodAutoscaler with the algorithm DSP: an HPA
// without behavior on the ingress rate at 70 %, and a second metric at the same
// target, the largest forecast of the coming hour, cut to a whole number. While
// the series has no period the second metric is left out.
//
// The forecast is the last period of a filtered series, repeated; see [fit.Spectral].
// It is made anew every 12 h from 15 days of minutes. Gaps are filled by straight
// lines, what lies before a gap of more than an hour is dropped, and values
// beyond the 0.1 and 99.9 percentiles become those before them.
//
// Source: gocrane/crane 2b0ddae, pkg/prediction/dsp and pkg/controller/ehpa. The period
// is that of [fit.Period].
type effectiveHPA struct {
	base

	seen      *minutes
	refreshed time.Time
	origin    time.Time // of the first cell of cycle
	cycle     []float64 // one period of the forecast, requests/s per minute; empty = no forecast
}

// newEffectiveHPA returns the policy.
func newEffectiveHPA() *effectiveHPA { return &effectiveHPA{base: base{name: "crane"}} }

// Reset implements [replay.Policy].
func (p *effectiveHPA) Reset(c replay.Config) {
	p.c, p.seen, p.cycle, p.refreshed = c, newMinutes(c), nil, time.Time{}
}

// Period implements [replay.Policy]: the forecast changes by the minute.
func (*effectiveHPA) Period() time.Duration { return time.Minute }

// Underneath implements [replay.Over].
func (p *effectiveHPA) Underneath() replay.HPA {
	return replay.HPA{RatePerPod: p.perPod(), External: true}
}

// Decide implements [replay.Policy].
func (p *effectiveHPA) Decide(now time.Time, o replay.Observation) replay.Action {
	p.seen.see(now, o.Rate)
	if p.refreshed.IsZero() || now.Sub(p.refreshed) >= craneRefresh {
		p.refreshed = now
		p.refresh()
	}
	a := replay.Hold()
	a.Metric, a.Target = 0, p.perPod() // 0 asks for nothing, like a metric that is left out
	if len(p.cycle) > 0 {
		a.Metric = math.Floor(p.peak(now))
		a.Forecast = a.Metric
	}
	return a
}

// peak is the largest forecast within the window after now.
func (p *effectiveHPA) peak(now time.Time) float64 {
	first := int(now.Sub(p.origin) / time.Minute)
	largest := 0.0
	for i := first; i <= first+craneWindow; i++ {
		largest = max(largest, p.cycle[i%len(p.cycle)])
	}
	return largest
}

// refresh makes the forecast anew; without a period the former one is kept, as
// Crane keeps it.
func (p *effectiveHPA) refresh() {
	values := p.seen.filled(craneHistory)
	values = values[len(values)%60:]
	clip(values)
	period := fit.Period(values)
	if period == 0 {
		return
	}
	values = values[len(values)%period:]
	p.cycle, p.origin = best(values, period), p.seen.heard()
}

// clip replaces values beyond the 0.1 and 99.9 percentiles by those before them.
func clip(values []float64) {
	low, high := fit.Quantile(values, 0.001), fit.Quantile(values, 0.999)
	for i := 1; i < len(values); i++ {
		if values[i] > high || values[i] < low {
			values[i] = values[i-1]
		}
	}
}

// best returns the forecast of the estimator that was best on the last period,
// made from all periods.
func best(values []float64, period int) []float64 {
	before, last := values[:len(values)-period], values[len(values)-period:]
	least, chosen, margin := math.Inf(1), fit.Spectral{}, 0.0
	for _, s := range []fit.Spectral{{Fewest: 3, Low: 1}, {Fewest: 50, Low: 0.05}} {
		estimate := s.Cycle(before, period)
		for _, m := range []float64{0.01, 0.1, 0.15, 0.2} {
			if e := shortfall(last, estimate, m); e < least {
				least, chosen, margin = e, s, m
			}
		}
	}
	if math.IsInf(least, 1) {
		return nil
	}
	out := chosen.Cycle(values, period)
	for i := range out {
		out[i] *= 1 + margin
	}
	return out
}

// shortfall is the mean relative error of estimate·(1+margin), where a share x
// too little counts as −ln(1−x)/ln 1.25: 0.1 → 0.47, 0.5 → 3.1. Values of 0 are
// left out.
func shortfall(actual, estimate []float64, margin float64) float64 {
	sum, n := 0.0, 0
	for i, a := range actual {
		if a <= 0 {
			continue
		}
		n++
		switch x := 1 - estimate[i]*(1+margin)/a; {
		case x > 0:
			sum += -math.Log(max(1-x, 1e-12)) / math.Log(1.25)
		default:
			sum -= x
		}
	}
	if n == 0 {
		return math.Inf(1)
	}
	return sum / float64(n)
}

package rival

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival/fit"
)

// The five autoscalers of the literature decide once a minute on the mean rate of
// that minute, the unit of time in their common implementation. They know the
// load that a server carries; here that is 70 % of a pod's capacity. An empty
// metric makes them hold.

// minutely decides once a minute.
type minutely struct{ base }

// Period implements [replay.Policy].
func (*minutely) Period() time.Duration { return time.Minute }

// A react scales on the gap between need and capacity:
//
//	need > current:          current + ⌊1.2·(need − current)⌋
//	1.1·load/μ < current:    ⌈1.2·need⌉
//
// Source: Chieu et al., Dynamic scaling of web applications in a virtualized
// cloud computing environment, ICEBE 2009, as implemented by Ali-Eldin
// (github.com/ahmedaley/Autoscalers, Reactive.py).
type react struct{ minutely }

// newReact returns the policy.
func newReact() *react { return &react{minutely{base{name: "react"}}} }

// Decide implements [replay.Policy].
func (p *react) Decide(_ time.Time, o replay.Observation) replay.Action {
	if !o.RateOK {
		return replay.Hold()
	}
	need := p.pods(o.Rate)
	switch {
	case need > o.Replicas:
		return p.scale(o.Replicas + int32(1.2*float64(need-o.Replicas)))
	case 1.1*o.Rate/p.perPod() < float64(o.Replicas):
		return p.scale(count(math.Ceil(1.2 * float64(need))))
	}
	return replay.Hold()
}

// A hist provides for the 0.9 quantile of what the same hour of the day has seen,
// corrected by the mean of the last five hourly errors where that is positive,
// and reacts at once to more: ⌈1.05·load/μ⌉.
//
// Source: Urgaonkar et al., Agile dynamic provisioning of multi-tier internet
// applications, ACM TAAS 3 (2008), section 4.2, with the reaction of Ali-Eldin's
// implementation.
type hist struct {
	minutely

	hours     [24][]float64 // rates seen in that hour of the day, requests/s
	errors    []float64     // of the last five hours: largest rate less quantile
	hour      int64         // since the epoch
	predicted float64       // requests/s for this hour, uncorrected; NaN = no history
	peak      float64       // of this hour
}

// newHist returns the policy.
func newHist() *hist { return &hist{minutely: minutely{base{name: "hist"}}} }

// Reset implements [replay.Policy].
func (p *hist) Reset(c replay.Config) {
	p.c, p.errors, p.hours, p.hour, p.predicted, p.peak = c, nil, [24][]float64{}, 0, math.NaN(), 0
	for i, v := range c.History.Values {
		if !math.IsNaN(v) {
			p.see(c.History.At(i), v)
		}
	}
}

// see takes the rate of one minute, and turns the page at the end of an hour.
func (p *hist) see(now time.Time, rate float64) {
	if hour := now.Unix() / 3600; hour != p.hour {
		if p.hour != 0 && !math.IsNaN(p.predicted) {
			p.errors = append(p.errors, p.peak-p.predicted)
			p.errors = p.errors[max(0, len(p.errors)-5):]
		}
		p.hour, p.peak = hour, 0
		p.predicted = fit.Quantile(p.hours[hour%24], 0.9)
	}
	p.hours[p.hour%24] = append(p.hours[p.hour%24], rate)
	p.peak = max(p.peak, rate)
}

// Decide implements [replay.Policy].
func (p *hist) Decide(now time.Time, o replay.Observation) replay.Action {
	if !o.RateOK {
		return replay.Hold()
	}
	p.see(now, o.Rate)
	var want float64
	if !math.IsNaN(p.predicted) {
		want = p.predicted + max(0, fit.Mean(p.errors))
	}
	n := p.pods(want)
	if p.pods(o.Rate) > n {
		n = count(math.Ceil(1.05 * o.Rate / p.perPod()))
	}
	return p.scale(n)
}

// A reg reacts upwards, ⌈1.05·load/μ⌉, and uses a parabola through the last 60
// minutes for shrinking only: to 1.2 times what it says for the next minute, and
// never above the current count.
//
// Source: Iqbal et al., Adaptive resource provisioning for read intensive
// multi-tier applications in the cloud, FGCS 27 (2011), as implemented by
// Ali-Eldin (RegressionP1.py).
type reg struct {
	minutely

	rates []float64 // of the last 60 minutes, requests/s
}

// newReg returns the policy.
func newReg() *reg { return &reg{minutely: minutely{base{name: "reg"}}} }

// Reset implements [replay.Policy].
func (p *reg) Reset(c replay.Config) { p.c, p.rates = c, recent(c, 60) }

// Decide implements [replay.Policy].
func (p *reg) Decide(_ time.Time, o replay.Observation) replay.Action {
	if !o.RateOK {
		return replay.Hold()
	}
	p.rates = push(p.rates, o.Rate, 60)
	if p.pods(o.Rate) > o.Replicas {
		return p.scale(count(math.Ceil(1.05 * o.Rate / p.perPod())))
	}
	next := fit.Parabola(p.rates)
	if !(next > 0) {
		return replay.Hold()
	}
	return p.scale(min(o.Replicas, count(math.Ceil(1.2*next/p.perPod()))))
}

// An adapt integrates the gap between need and capacity, scaled by the recent over
// the all-time mean capacity and by a quarter when it is negative. The integral
// shrinks the count as soon as it is a whole pod, and is added to the reactive
// ⌈1.1·need⌉ when growing.
//
// Source: Ali-Eldin, Tordsson, Elmroth, An adaptive hybrid elasticity controller
// for cloud infrastructures, NOMS 2012, as implemented by its author (AKTE.py).
type adapt struct {
	minutely

	integral float64 // pods
	capacity float64 // pod-minutes since the start
	minutes  float64
}

// newAdapt returns the policy.
func newAdapt() *adapt { return &adapt{minutely: minutely{base{name: "adapt"}}} }

// Reset implements [replay.Policy].
func (p *adapt) Reset(c replay.Config) { p.c, p.integral, p.capacity, p.minutes = c, 0, 0, 0 }

// Decide implements [replay.Policy].
func (p *adapt) Decide(_ time.Time, o replay.Observation) replay.Action {
	p.capacity += float64(o.Replicas)
	p.minutes++
	if !o.RateOK {
		return replay.Hold()
	}
	need := p.pods(o.Rate)
	rate := float64(need - o.Replicas)
	if usual := p.capacity / p.minutes; usual > 0 {
		rate *= float64(o.Replicas) / usual
	}
	if rate < 0 {
		rate /= 4
	}
	p.integral += rate
	whole := math.Trunc(p.integral)
	p.integral -= whole
	n := o.Replicas
	if whole < 0 {
		n = max(n+int32(whole), need)
	}
	if need > o.Replicas {
		n = count(math.Ceil(1.1*float64(need)) + max(0, whole))
	}
	return p.scale(n)
}

// recent returns up to n of the last observed rates of the history.
func recent(c replay.Config, n int) []float64 {
	var rates []float64
	for _, v := range slices.Backward(c.History.Values) {
		if len(rates) == n {
			break
		}
		if !math.IsNaN(v) {
			rates = append(rates, v)
		}
	}
	slices.Reverse(rates)
	return rates
}

// push appends v and keeps the last n.
func push(values []float64, v float64, n int) []float64 {
	if len(values) == n {
		copy(values, values[1:])
		values[n-1] = v
		return values
	}
	return append(values, v)
}

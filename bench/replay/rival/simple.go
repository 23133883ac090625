package rival

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival/fit"
)

// A times is the rule that most predictive scalers start from: a point forecast one lead
// time ahead, times a factor, over the load per pod, written to minReplicas of an HPA that
// itself aims at 70 %. The margin is paid twice.
//
// The forecast is additive Holt–Winters by the minute with a season of a day, and
// without season until two days have been seen; α = 0.4, β = 0.05, γ = 0.3, as
// values in the range that users set by hand.
type times struct {
	base

	factor  float64
	seen    *minutes
	model   fit.HoltWinters
	trained bool // with season
}

// newTimes returns the policy; factor is at least 1 by custom.
func newTimes(factor float64) *times {
	return &times{base: base{name: fmt.Sprintf("times-%.4g", factor)}, factor: factor}
}

// Reset implements [replay.Policy].
func (p *times) Reset(c replay.Config) {
	p.c, p.seen, p.trained = c, newMinutes(c), false
	p.model = fit.HoltWinters{Alpha: 0.4, Beta: 0.05, Gamma: 0.3}
	if rates := recent(c, 1); len(rates) > 0 {
		p.model.Level = rates[0]
	}
	p.train()
}

// train starts the model with season once there are two days.
func (p *times) train() {
	values := p.seen.filled(14 * day)
	if len(values) < 2*day {
		return
	}
	p.model = fit.HoltWinters{Alpha: 0.4, Beta: 0.05, Gamma: 0.3}
	p.model.Begin(values, day)
	for _, v := range values {
		p.model.Update(v)
	}
	for range len(p.seen.values) - p.seen.newest() {
		p.model.Update(math.NaN())
	}
	p.trained = true
}

// Period implements [replay.Policy].
func (*times) Period() time.Duration { return time.Minute }

// Underneath implements [replay.Over].
func (p *times) Underneath() replay.HPA { return replay.HPA{RatePerPod: p.perPod()} }

// Decide implements [replay.Policy].
func (p *times) Decide(now time.Time, o replay.Observation) replay.Action {
	p.seen.see(now, o.Rate)
	p.model.Update(o.Rate)
	if !p.trained && len(p.seen.values) >= 2*day && len(p.seen.values)%60 == 0 {
		p.train()
	}
	a := replay.Hold()
	a.Forecast = max(0, p.model.Forecast(int(math.Ceil(p.lead().Minutes()))-1))
	a.Floor = min(max(p.pods(p.factor*a.Forecast), p.c.Min), p.c.Max)
	return a
}

// A predictiveEC2 is predictive scaling of EC2 Auto Scaling groups in the mode "forecast
// and scale", over an HPA on the rate at 70 % in place of target tracking: hourly
// forecasts, made every 6 h from up to 14 days, set a minimum from 300 s before
// the hour; the forecast adds and never takes.
//
// AWS does not publish its forecaster. Here an hour is expected to see the mean of
// the same hour a week ago and of the same hour on the last three days, or what of
// it there is.
//
// Source: Amazon EC2 Auto Scaling User Guide, "How predictive scaling works".
type predictiveEC2 struct {
	base

	hours     map[int64]*hourly // by hours since the epoch
	forecast  [48]float64       // requests/s; NaN = nothing known
	first     int64             // hour of forecast[0]
	forecasts bool
}

// hourly is the mean rate of an hour.
type hourly struct{ sum, n float64 }

// newPredictiveEC2 returns the policy.
func newPredictiveEC2() *predictiveEC2 { return &predictiveEC2{base: base{name: "aws"}} }

// Reset implements [replay.Policy].
func (p *predictiveEC2) Reset(c replay.Config) {
	p.c, p.hours, p.forecasts = c, map[int64]*hourly{}, false
	for i, v := range c.History.Values {
		p.see(c.History.At(i), v)
	}
}

func (p *predictiveEC2) see(at time.Time, rate float64) {
	if math.IsNaN(rate) {
		return
	}
	hour := at.Unix() / 3600
	h, ok := p.hours[hour]
	if !ok {
		h = &hourly{}
		p.hours[hour] = h
		delete(p.hours, hour-15*24)
	}
	h.sum += rate
	h.n++
}

// Period implements [replay.Policy].
func (*predictiveEC2) Period() time.Duration { return time.Minute }

// Underneath implements [replay.Over].
func (p *predictiveEC2) Underneath() replay.HPA { return replay.HPA{RatePerPod: p.perPod()} }

// Decide implements [replay.Policy].
func (p *predictiveEC2) Decide(now time.Time, o replay.Observation) replay.Action {
	p.see(now, o.Rate)
	this, next := now.Unix()/3600, now.Add(300*time.Second).Unix()/3600
	if !p.forecasts || this-p.first >= 6 {
		p.forecasts, p.first = true, this
		for i := range p.forecast {
			p.forecast[i] = p.expect(this + int64(i))
		}
	}
	a := replay.Hold()
	a.Floor = p.c.Min
	for _, hour := range []int64{this, next} {
		if rate := p.forecast[hour-p.first]; !math.IsNaN(rate) {
			a.Forecast = rate
			a.Floor = min(max(a.Floor, p.pods(rate)), p.c.Max)
		}
	}
	return a
}

// expect forecasts the mean rate of an hour from those before p.first; NaN if
// nothing is known.
func (p *predictiveEC2) expect(hour int64) float64 {
	at := func(days int64) float64 {
		if h, ok := p.hours[hour-24*days]; ok && hour-24*days < p.first {
			return h.sum / h.n
		}
		return math.NaN()
	}
	var known []float64
	if v := at(7); !math.IsNaN(v) {
		known = append(known, v, v, v) // as much as the three days together
	}
	for days, n := int64(1), 0; days <= 4 && n < 3; days++ {
		if v := at(days); !math.IsNaN(v) {
			known = append(known, v)
			n++
		}
	}
	if len(known) == 0 {
		return math.NaN()
	}
	return fit.Mean(known)
}

// An autopilot provides for the 98th percentile of the last hour at 70 % use: it
// grows with the first high minutes and shrinks an hour after the last.
//
// Source: Rzadca et al., Autopilot: workload autoscaling at Google, EuroSys 2020,
// section 3.3 (horizontal: a statistic of a moving window over a target
// utilization) and 3.2 (P98).
type autopilot struct {
	base

	rates []float64 // of the last 60 minutes, requests/s
}

// newAutopilot returns the policy.
func newAutopilot() *autopilot { return &autopilot{base: base{name: "autopilot"}} }

// Reset implements [replay.Policy].
func (p *autopilot) Reset(c replay.Config) { p.c, p.rates = c, recent(c, 60) }

// Period implements [replay.Policy].
func (*autopilot) Period() time.Duration { return time.Minute }

// Decide implements [replay.Policy]. Of 60 minutes ⌈0.98·60⌉ = 59 are at or under
// the second highest, which counts as the percentile.
func (p *autopilot) Decide(_ time.Time, o replay.Observation) replay.Action {
	if !o.RateOK {
		return replay.Hold()
	}
	p.rates = push(p.rates, o.Rate, 60)
	return p.scale(p.pods(fit.Quantile(p.rates, 0.98)))
}

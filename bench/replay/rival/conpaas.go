package rival

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival/fit"
)

// A conPaaS forecasts the rate of the next minute from the last 20 by three models,
// autoregression, a line and exponential smoothing, and provides for their mean,
// each weighted by the inverse of its recent error.
//
// Source: Fernandez, Pierre, Kielmann, Autoscaling web applications in
// heterogeneous cloud infrastructures, IC2E 2014. The paper leaves the order of
// the autoregression and the memory of the errors open; here they are 1 and an
// exponential mean over about 20 minutes.
type conPaaS struct {
	minutely

	rates    []float64
	forecast [3]float64 // of the next minute, requests/s; NaN = none yet
	errors   [3]float64 // smoothed absolute error, requests/s
}

// newConPaaS returns the policy.
func newConPaaS() *conPaaS { return &conPaaS{minutely: minutely{base{name: "conpaas"}}} }

// Reset implements [replay.Policy].
func (p *conPaaS) Reset(c replay.Config) {
	p.c, p.rates, p.errors = c, nil, [3]float64{}
	p.forecast = [3]float64{math.NaN(), math.NaN(), math.NaN()}
	for _, v := range recent(c, 60) {
		p.see(v)
	}
}

// see scores the forecasts of the last minute and makes those of the next.
func (p *conPaaS) see(rate float64) {
	for i, f := range p.forecast {
		if !math.IsNaN(f) {
			p.errors[i] += 0.1 * (math.Abs(rate-f) - p.errors[i])
		}
	}
	p.rates = push(p.rates, rate, 20)
	if len(p.rates) == 20 {
		p.forecast = [3]float64{autoregression(p.rates), extrapolation(p.rates), smoothing(p.rates)}
	}
}

// Decide implements [replay.Policy].
func (p *conPaaS) Decide(_ time.Time, o replay.Observation) replay.Action {
	if !o.RateOK {
		return replay.Hold()
	}
	p.see(o.Rate)
	if math.IsNaN(p.forecast[0]) {
		return p.scale(p.pods(o.Rate))
	}
	sum, weights := 0.0, 0.0
	for i, f := range p.forecast {
		w := 1 / (p.errors[i] + 1e-9)
		sum += w * max(f, 0)
		weights += w
	}
	a := p.scale(p.pods(sum / weights))
	a.Forecast = sum / weights
	return a
}

// autoregression forecasts by the line of each value on the one before.
func autoregression(y []float64) float64 {
	last := len(y) - 1
	a, b := fit.Line(y[:last], y[1:])
	return a + b*y[last]
}

// extrapolation forecasts by the line through the values.
func extrapolation(y []float64) float64 {
	a, b := fit.Line(fit.Index(len(y)), y)
	return a + b*float64(len(y))
}

// smoothing forecasts by double exponential smoothing.
func smoothing(y []float64) float64 {
	h := fit.HoltWinters{Alpha: 0.5, Beta: 0.1, Level: y[0]}
	for _, v := range y[1:] {
		h.Update(v)
	}
	return h.Forecast(0)
}

package rival

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/bench/replay/rival/fit"
)

// An order says how a predictiveHPA hands its history to Holt-Winters.
type order int

// The orders.
const (
	asShipped  order = iota // newest first, with the newest of all at the end
	asIntended              // oldest first
	linearOnly              // not at all: the linear model alone
)

// A predictiveHPA is jthomperoo's, with its two documented models. Every 15 s
// it computes what an HPA on the ingress rate at 70 % would ask for, and wants the
// largest of that and of two forecasts made from the history of those counts:
//
//	linear:       the least-squares line through the last 6, read off in 10 s
//	Holt-Winters: additive, 6 per season, up to 4 seasons, α = β = γ = 0.9,
//	              one step ahead; from 16 counts on
//
// Its behavior shrinks after 300 s by at most 100 % a minute, and grows by the
// larger of 4 pods and 100 % a minute.
//
// It forecasts its own output and not the load, and only 10 to 15 s ahead. As
// shipped, pruning sorts the history newest first and the next count is appended
// at the end, so that Holt-Winters sees time run backwards; asIntended repairs that.
// Smoothing with 0.9 follows every jump, and the largest forecast wins, so the two
// models together are expensive; linearOnly is the cheaper of the documented setups.
//
// Source: jthomperoo/predictive-horizontal-pod-autoscaler v0.13.2,
// internal/controllers, internal/prediction and examples.
type predictiveHPA struct {
	base

	order  order
	auto   *hpa.Autoscaler
	linear []int32 // counts, oldest first
	counts []int32 // for Holt-Winters, oldest first
}

// The settings of the documented examples.
const (
	phpaHistory = 6
	phpaAhead   = 10 * time.Second
	phpaSync    = 15 * time.Second
	phpaSeason  = 6
	phpaSeasons = 4
)

// newPredictiveHPA returns the policy, whose name tells the order.
func newPredictiveHPA(order order) *predictiveHPA {
	names := [...]string{asShipped: "phpa", asIntended: "phpa-intended", linearOnly: "phpa-linear"}
	return &predictiveHPA{base: base{name: names[order]}, order: order}
}

// Reset implements [replay.Policy].
func (p *predictiveHPA) Reset(c replay.Config) {
	p.c, p.linear, p.counts = c, nil, nil
	minute := func(kind hpa.PolicyKind, n int32) hpa.Policy {
		return hpa.Policy{Kind: kind, Value: n, Period: time.Minute}
	}
	behavior := &hpa.Behavior{
		Up:   hpa.Rules{Policies: []hpa.Policy{minute(hpa.Percent, 100), minute(hpa.Pods, 4)}},
		Down: hpa.Rules{Policies: []hpa.Policy{minute(hpa.Percent, 100)}},
	}
	auto, err := hpa.New(hpa.Settings{Behavior: behavior})
	if err != nil {
		panic(fmt.Sprintf("rival: settings of the predictive HPA: %v", err))
	}
	p.auto = auto
}

// Decide implements [replay.Policy].
func (p *predictiveHPA) Decide(now time.Time, o replay.Observation) replay.Action {
	bounds := hpa.Bounds{Min: max(p.c.Min, 1), Max: p.c.Max} // it does nothing at 0, as an HPA
	scale := hpa.Scale{Spec: o.Replicas, Status: o.Replicas}
	if !o.RateOK {
		return p.scale(p.auto.Sync(now, bounds, scale, hpa.Unavailable{}).Replicas)
	}
	m := hpa.ExternalAverage{Value: hpa.Milli(o.Rate), Target: max(1, hpa.Milli(p.perPod()))}
	calculated, err := m.Propose(hpa.Query{Now: now, Scale: scale, Tolerances: hpa.Tolerances{Up: 0.1, Down: 0.1}})
	if err != nil {
		return replay.Hold()
	}
	return p.scale(p.auto.Sync(now, bounds, scale, wanted(p.predict(calculated))).Replicas)
}

// predict takes the next calculated count and returns the largest of it and the
// forecasts.
func (p *predictiveHPA) predict(calculated int32) int32 {
	p.linear = append(p.linear, calculated)
	p.counts = append(p.counts, calculated)
	n := max(calculated, phpaLine(p.linear), p.smooth())
	p.linear = p.linear[max(0, len(p.linear)-phpaHistory):]
	if surplus := len(p.counts)/phpaSeason - phpaSeasons; surplus > 0 {
		p.counts = p.counts[surplus*phpaSeason:]
	}
	return n
}

// phpaLine reads the line through the counts off after the look-ahead.
func phpaLine(counts []int32) int32 {
	y := make([]float64, len(counts))
	x := make([]float64, len(counts))
	for i, n := range counts {
		y[i] = float64(n)
		x[i] = float64(i-len(counts)+1) * phpaSync.Seconds()
	}
	a, b := fit.Line(x, y)
	return count(math.Ceil(a + b*phpaAhead.Seconds() - 1e-9)) // a flat line is not one pod more
}

// smooth is the forecast by Holt-Winters; 0 while the history is too short.
func (p *predictiveHPA) smooth() int32 {
	if p.order == linearOnly || len(p.counts) < 10+2*(phpaSeason/2) {
		return 0
	}
	series := make([]float64, len(p.counts))
	for i, n := range p.counts {
		series[i] = float64(n)
	}
	if p.order == asShipped {
		slices.Reverse(series[:len(series)-1])
	}
	h := fit.HoltWinters{Alpha: 0.9, Beta: 0.9, Gamma: 0.9}
	h.Begin(series, phpaSeason)
	for _, v := range series {
		h.Update(v)
	}
	return count(math.Ceil(h.Forecast(0) - 1e-9))
}

// wanted is a metric that asks for a count without tolerance.
type wanted int32

// Propose implements [hpa.Metric].
func (w wanted) Propose(hpa.Query) (int32, error) { return int32(w), nil }

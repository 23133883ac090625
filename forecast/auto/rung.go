package auto

import (
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/interval"
)

// The two ladders.
const (
	values = iota
	peaks
	ladders
)

// record is what a rung remembers of an origin until its truth arrives.
type record struct {
	advice    [experts]direct.Small
	quantiles [interval.Count]direct.Small
	scales    [interval.Scales]direct.Small
	point     direct.Small
	spread    direct.Small
	slot      uint8
	blank     bool // made before anything was observed
}

// rung is one horizon of one ladder.
type rung struct {
	poly      combine.Poly
	band      interval.Band
	waiting   []record // ring by origin
	stride    int      // every stride-th origin waits for its truth
	point     float64
	quantiles [interval.Count]float64
}

// mostWaiting bounds the origins that one rung remembers. Beyond it only every
// second, third … origin is learned from.
const mostWaiting = 60

func newRung(h int, keep float64) rung {
	stride := (h + mostWaiting - 1) / mostWaiting
	return rung{
		poly:    combine.NewPoly(priors[:], keep),
		band:    *interval.NewBand(h),
		waiting: make([]record, h/stride+1),
		stride:  stride,
	}
}

// at returns the record for origin i, nil if that origin is not kept.
func (r *rung) at(i int) *record {
	if i < 0 || i%r.stride != 0 {
		return nil
	}
	return &r.waiting[i/r.stride%len(r.waiting)]
}

// issue combines the advice, puts bounds around it and remembers both.
func (r *rung) issue(s *filter, i, h int, advice *[experts]float32, atLeast float64) {
	r.poly.Weights(s.scratch[:], advice[:])
	r.point = max(atLeast, mix(s.scratch[:], advice[:]))
	o := interval.Origin{Point: r.point, Volatility: s.volatility(), Slot: s.slot(h)}
	for k, w := range s.scratch {
		if w > 0 {
			d := float64(advice[k]) - r.point
			o.Spread += float64(w) * max(d, -d)
		}
	}
	var scales [interval.Scales]float64
	r.band.Bounds(&r.quantiles, &scales, o, leastScale)
	rec := r.at(i)
	if rec == nil {
		return
	}
	for k, f := range advice {
		rec.advice[k] = direct.ToSmall(float64(f))
	}
	for k, q := range r.quantiles {
		rec.quantiles[k] = direct.ToSmall(q)
	}
	for k, v := range scales {
		rec.scales[k] = direct.ToSmall(v)
	}
	rec.point, rec.spread, rec.slot = direct.ToSmall(r.point), direct.ToSmall(o.Spread), uint8(o.Slot)
	rec.blank = s.seen == 0
}

// learn judges the forecast made h samples before sample i by what came.
func (r *rung) learn(s *filter, i, h int, truth float64) {
	rec := r.at(i - h)
	if rec == nil || rec.blank {
		return
	}
	var advice [experts]float32
	for k, v := range rec.advice {
		advice[k] = float32(v.Float())
	}
	var quantiles [interval.Count]float64
	for k, v := range rec.quantiles {
		quantiles[k] = v.Float()
	}
	var scales [interval.Scales]float64
	for k, v := range rec.scales {
		scales[k] = v.Float()
	}
	o := interval.Origin{Point: rec.point.Float(), Spread: rec.spread.Float(), Slot: int(rec.slot)}
	r.poly.Learn(advice[:], float32(o.Point), float32(truth))
	r.band.Learn(truth, o, &scales, &quantiles, &s.timing)
}

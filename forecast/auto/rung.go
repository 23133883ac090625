package auto

import (
	"math"

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
	point     direct.Small // SmallNaN = made before anything was observed
	weighted  direct.Small // the two combinations behind the gate
	leading   direct.Small
}

// rung is one horizon of one ladder.
type rung struct {
	poly      combine.Poly
	band      interval.Band
	waiting   []record // ring by origin
	stride    int      // every stride-th origin waits for its truth
	point     float64
	quantiles [interval.Count]float32
}

// mostWaiting bounds the origins that one rung remembers. Beyond it only every
// second, third … origin is learned from.
const mostWaiting = 20

// newLadders makes both ladders, which remember who is better for regret samples
// and who leads for lead samples. The records of all rungs lie in one piece.
func newLadders(rungs []int, regret, lead float64) (both [ladders][]rung) {
	total := 0
	for _, h := range rungs {
		total += waits(h)
	}
	records := make([]record, ladders*total)
	sets := make([]combine.Settings, len(rungs))
	for k, h := range rungs {
		every := float64(stride(h)) // samples that a round stands for
		sets[k] = combine.Settings{
			Prior: priors[:], Keep: float32(math.Pow(1-1/regret, every)), Lead: float32(min(1, every/lead)),
		}
	}
	for l := range both {
		both[l] = make([]rung, len(rungs))
		for k, h := range rungs {
			n, step := waits(h), stride(h)
			both[l][k] = rung{
				poly:    combine.NewPoly(&sets[k]),
				band:    *interval.NewBand(h, step),
				waiting: records[:n:n], stride: step,
			}
			records = records[n:]
		}
	}
	return both
}

// stride returns how many origins apart those are that wait for their truth.
func stride(h int) int { return (h + mostWaiting - 1) / mostWaiting }

// waits returns the number of origins that wait at a time.
func waits(h int) int { return h/stride(h) + 1 }

// at returns the record for origin i, nil if that origin is not kept.
func (r *rung) at(i int) *record {
	if i < 0 || i%r.stride != 0 {
		return nil
	}
	return &r.waiting[i/r.stride%len(r.waiting)]
}

// issue combines the advice made at the newest sample, puts bounds around it and
// remembers both. The point and the spread of o are still to be filled in.
func (r *rung) issue(s *filter, advice *[experts]float32, o interval.Origin) {
	parts := r.poly.Weights(s.scratch[:], advice[:])
	r.point = max(0, mix(s.scratch[:], advice[:]))
	o.Point, o.Views = r.point, views(advice)
	for k, w := range s.scratch {
		if w > 0 {
			d := float64(advice[k]) - r.point
			o.Spread += float64(w) * max(d, -d)
		}
	}
	var scales [interval.Scales]float32
	r.band.Bounds(&r.quantiles, &scales, o, leastScale, &s.timing)
	rec := r.at(s.n - 1)
	if rec == nil {
		return
	}
	for k, f := range advice {
		rec.advice[k] = direct.ToSmall(float64(f))
	}
	for k, q := range r.quantiles {
		rec.quantiles[k] = direct.ToSmall(float64(q))
	}
	for k, v := range scales {
		rec.scales[k] = direct.ToSmall(float64(v))
	}
	rec.point = direct.ToSmall(r.point)
	if s.seen == 0 {
		rec.point = direct.SmallNaN
	}
	rec.weighted, rec.leading = direct.ToSmall(float64(parts.Weighted)), direct.ToSmall(float64(parts.Leading))
}

// views returns the advice that bounds look at beside the combination.
func views(advice *[experts]float32) [interval.Views]float32 {
	return [...]float32{
		advice[lastValue], advice[dayMoved], advice[weekMoved], advice[dayAgo],
		advice[linear], advice[logLinear], advice[meanLevel],
	}
}

// learn judges the forecast made h samples before sample i by what came.
func (r *rung) learn(s *filter, i, h int, truth float64) {
	rec := r.at(i - h)
	if rec == nil || rec.point == direct.SmallNaN {
		return
	}
	var advice [experts]float32
	for k, v := range rec.advice {
		advice[k] = float32(v.Float())
	}
	var quantiles [interval.Count]float32
	for k, v := range rec.quantiles {
		quantiles[k] = float32(v.Float())
	}
	var scales [interval.Scales]float32
	for k, v := range rec.scales {
		scales[k] = float32(v.Float())
	}
	o := interval.Origin{Point: rec.point.Float(), Slot: s.slot(0), Views: views(&advice)}
	parts := combine.Parts{Weighted: float32(rec.weighted.Float()), Leading: float32(rec.leading.Float())}
	r.poly.Learn(advice[:], parts, float32(o.Point), float32(truth))
	r.band.Learn(float32(truth), o, &scales, &quantiles, &s.timing)
}

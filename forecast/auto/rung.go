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
	point    direct.Small // SmallNaN = made before anything was observed
	weighted direct.Small // the two combinations behind the gate
	leading  direct.Small
	band     interval.Memo
}

// A queue holds the records of all rungs, and what the experts said, in one piece
// each.
type queue struct {
	records []record
	said    []direct.Small
}

// An answer is what a rung says at the newest sample, in units.
type answer struct {
	point     float64
	quantiles [interval.Count]float32
}

// rung is one horizon of one ladder.
type rung struct {
	poly   combine.Poly
	band   interval.Band
	first  uint16 // its records in the queue, a ring by origin, begin here
	said   uint16 // and here what the experts said
	waits  uint16 // number of records
	stride uint16 // every stride-th origin waits for its truth

	beliefs [mostWaiting + 1]uint8 // of the forecasts that wait; here they fill what allocation rounds up
}

// mostWaiting bounds the origins that one rung remembers. Beyond it only every
// second, third … origin is learned from.
const mostWaiting = 20

// newLadders makes both ladders, which remember who is better for regret samples
// and who leads for lead samples.
func newLadders(rungs []int, regret, lead float64) (both [ladders][]rung, waiting queue) {
	sets := make([]combine.Settings, len(rungs))
	for k, h := range rungs {
		every := float64(stride(h)) // samples that a round stands for
		sets[k] = combine.Settings{
			Prior: priors[:], Keep: float32(math.Pow(1-1/regret, every)), Lead: float32(min(1, every/lead)),
			Overlap: float32(float64(h) / every),
		}
	}
	records, said, all := 0, 0, make([]rung, ladders*len(rungs))
	for l := range both {
		both[l], all = all[:len(rungs)], all[len(rungs):]
		for k, h := range rungs {
			both[l][k] = rung{
				poly:  combine.NewPoly(&sets[k], heads[l]),
				band:  *interval.NewBand(h, stride(h)),
				first: uint16(records), said: uint16(said), waits: uint16(waits(h)), stride: uint16(stride(h)),
			}
			records += waits(h)
			said += waits(h) * heads[l]
		}
	}
	return both, queue{records: make([]record, records), said: make([]direct.Small, said)}
}

// stride returns how many origins apart those are that wait for their truth.
func stride(h int) int { return (h + mostWaiting - 1) / mostWaiting }

// waits returns the number of origins that wait at a time.
func waits(h int) int { return h/stride(h) + 1 }

// at returns the record for origin i and what the n experts said there; nil if that
// origin is not kept.
func (r *rung) at(q *queue, i, n int) (*record, []direct.Small) {
	stride := int(r.stride)
	if i < 0 || i%stride != 0 {
		return nil, nil
	}
	at := r.place(i)
	said := int(r.said) + at*n
	return &q.records[int(r.first)+at], q.said[said : said+n]
}

// place returns where in its ring a rung keeps what belongs to origin i.
func (r *rung) place(i int) int { return i / int(r.stride) % int(r.waits) }

// combine combines the advice made at the newest sample, and tells o of it what
// the rung itself knows.
func (r *rung) combine(s *filter, dst *answer, advice []float32, o *interval.Origin) combine.Parts {
	weights := s.scratch[:len(advice)]
	parts := r.poly.Weights(weights, advice)
	dst.point = max(0, mix(weights, advice))
	o.Point, o.Views = dst.point, views(advice)
	for k, w := range weights {
		if w > 0 {
			d := float64(advice[k]) - dst.point
			o.Spread += float64(w) * max(d, -d)
		}
	}
	return parts
}

// bound puts bounds around the combination and remembers both with the advice.
func (r *rung) bound(s *filter, dst *answer, advice []float32, o *interval.Origin, parts combine.Parts) {
	var memo interval.Memo
	r.band.Bounds(&dst.quantiles, &memo, *o, leastScale, &s.timing)
	rec, said := r.at(&s.waiting, s.n-1, len(advice))
	if rec == nil {
		return
	}
	for k, f := range advice {
		said[k] = direct.ToSmall(float64(f))
	}
	rec.band, rec.point = memo, direct.ToSmall(dst.point)
	if s.seen == 0 {
		rec.point = direct.SmallNaN
	}
	r.beliefs[r.place(s.n-1)] = parts.Belief
	rec.weighted, rec.leading = direct.ToSmall(float64(parts.Weighted)), direct.ToSmall(float64(parts.Leading))
}

// views returns the advice that bounds look at beside the combination.
func views(advice []float32) [interval.Views]float32 {
	return [...]float32{
		advice[lastValue], advice[dayMoved], advice[weekMoved], advice[dayAgo],
		advice[linear], advice[logLinear], advice[meanLevel],
	}
}

// highest returns the largest of the views.
func highest(views *[interval.Views]float32) float64 {
	top := float32(0)
	for _, v := range views {
		if v > top {
			top = v
		}
	}
	return float64(top)
}

// judge holds what both ladders said at rung k, h samples before sample i, against
// what came.
func (s *filter) judge(k, i int, truths [ladders]float64) {
	origin := i - s.rungs[k]
	peak, _ := s.ladders[peaks][k].at(&s.waiting, origin, heads[peaks])
	if peak == nil || peak.point == direct.SmallNaN {
		return
	}
	for l, truth := range truths {
		r := &s.ladders[l][k]
		rec, said := r.at(&s.waiting, origin, heads[l])
		advice := s.scratch[:len(said)]
		for k, v := range said {
			advice[k] = float32(v.Float())
		}
		o := interval.Origin{Point: rec.point.Float(), Highest: peak.point.Float(), Slot: s.slot(0), Views: views(advice)}
		if l == peaks {
			o.Highest = highest(&o.Views)
		}
		parts := combine.Parts{
			Weighted: float32(rec.weighted.Float()), Leading: float32(rec.leading.Float()), Belief: r.beliefs[r.place(origin)],
		}
		r.poly.Learn(advice, parts, float32(o.Point), float32(truth))
		r.band.Learn(float32(truth), o, &rec.band, &s.timing)
	}
}

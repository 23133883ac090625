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

// An origin is what both ladders remember of a forecast at one rung until its truth
// arrives. The forecasts of the rules are not kept but recomputed: the seasons still hold the
// same values for that time, and what the rules moved them by is kept in the moment.
type origin struct {
	top         direct.Small // of the query
	models      [models]direct.Small
	regressions [ladders][direct.Transforms]direct.Small
	highest     direct.Small // point of the combined path
	beliefs     [ladders]uint8
	of          [ladders]record
}

// A moment is the part of present that is remembered, for the origins of all rungs.
type moment struct{ last, dayLevel, weekLevel direct.Small }

// A record is the part of an origin that one ladder remembers.
type record struct {
	point    direct.Small
	weighted direct.Small // of combine.Parts
	leading  direct.Small
	band     interval.Memo
}

// A queue says where in filter.waiting the origins of one rung are: a ring.
type queue struct {
	first  uint16 // index of its first place
	waits  uint16 // number of its places
	stride uint16 // every stride-th sample is an origin that waits; see slip.go
}

// An answer is the forecast of a rung from the newest sample, in units.
type answer struct {
	point     float64
	quantiles [interval.Count]float32
}

// rung is one horizon of one ladder.
type rung struct {
	poly *combine.Poly
	band *interval.Band
}

// mostWaiting bounds the origins that one rung remembers. Beyond it only every
// second, third … origin is learned from.
const mostWaiting = 20

// newLadders makes both ladders. All bands share one allocation, of which less is lost to
// rounding up than of one each.
func newLadders(p *plan) (both [ladders][]rung) {
	bands := make([]interval.Band, 0, ladders*len(p.rungs)-1)
	for l := range both {
		both[l] = make([]rung, len(p.rungs))
		for k := range p.rungs {
			if l == peaks && alone(k) {
				both[l][k] = both[values][k]
				continue
			}
			bands = append(bands, interval.NewBand())
			both[l][k] = rung{poly: combine.NewPoly(&p.settings[k], heads[l]), band: &bands[len(bands)-1]}
		}
	}
	return both
}

// stride returns how many samples apart the origins are that wait for their truth.
func stride(h int) int { return (h + mostWaiting - 1) / mostWaiting }

// waits returns the number of origins that wait at a time: the truth of the oldest arrives
// before the newest takes its place.
func waits(h int) int { return (h + stride(h) - 1) / stride(h) }

// origin returns the origin that rung k keeps of sample i; nil if it keeps none.
func (s *filter) origin(k, i int) *origin {
	if at := s.place(k, i); at >= 0 {
		return &s.waiting[at]
	}
	return nil
}

// place returns the index in filter.waiting of the origin of rung k at sample i; −1 if
// there is none.
func (s *filter) place(k, i int) int {
	q := &s.queues[k]
	of := nth(i, q.stride)
	if s.slips>>k&1 == 1 {
		of = nthSlipped(i, q.stride)
	}
	if of < 0 {
		return -1
	}
	return int(q.first) + of%int(q.waits)
}

// combine sets the point of dst to the combination of the advice at the newest sample, and
// fills in what o is to know of it.
func (r rung) combine(ladder int, dst *answer, advice []float32, o *interval.Origin) combine.Parts {
	var room [experts]float32
	weights := room[:len(advice)]
	parts := r.poly.Weights(weights, advice)
	dst.point = max(0, mix(weights, advice))
	o.Point, o.Views = dst.point, views(ladder, advice)
	for k, w := range weights {
		if w > 0 {
			d := float64(advice[k]) - dst.point
			o.Spread += float64(w) * max(d, -d)
		}
	}
	return parts
}

// bound puts bounds around the point of dst and returns what to remember of both.
func (r rung) bound(t *interval.Timing, dst *answer, o *interval.Origin, parts combine.Parts) record {
	rec := record{
		point:    direct.ToSmall(dst.point),
		weighted: direct.ToSmall(float64(parts.Weighted)), leading: direct.ToSmall(float64(parts.Leading)),
	}
	r.band.Bounds(&dst.quantiles, &rec.band, *o, leastScale, t)
	return rec
}

// moment returns the moment of sample i, which lies no farther back than the last rung
// reaches.
func (s *filter) moment(i int) *moment { return &s.moments[i&(len(s.moments)-1)] }

// remember keeps the advice in both ladders that recall cannot recompute.
func (o *origin) remember(now *present, value, peak []float32) {
	for g := range o.models {
		o.models[g] = direct.ToSmall(float64(value[smooth+g]))
	}
	for t := range direct.Transforms {
		o.regressions[values][t] = direct.ToSmall(float64(value[linear+t]))
		o.regressions[peaks][t] = direct.ToSmall(float64(peak[linear+t]))
	}
	o.highest, o.top = direct.ToSmall(now.highest), direct.ToSmall(float64(peak[recentPeak]))
}

// recall writes the advice that was given in both ladders at origin o, for the newest
// sample, at rung k; season is what was known of this sample then.
func (s *filter) recall(o *origin, k int, season *direct.Season, value, peak []float32) {
	h := s.rungs[k]
	m := s.moment(s.n - 1 - h)
	then := present{
		last: m.last.Float(), level: s.mem.LevelAt(h), profile: s.mem.ProfileAt(h),
		dayLevel: m.dayLevel.Float(), weekLevel: m.weekLevel.Float(),
	}
	q := query{h: h, season: *season, top: o.top.Float()}
	s.rules(value, peak, &then, &q)
	for g := range o.models {
		value[smooth+g] = float32(o.models[g].Float())
	}
	for t := range direct.Transforms {
		value[linear+t] = float32(o.regressions[values][t].Float())
		peak[linear+t] = float32(o.regressions[peaks][t].Float())
	}
	peak[highestPath] = float32(o.highest.Float())
}

// views returns the part of a ladder's advice that bounds look at beside the combination.
// Of experts that say nearly the same it holds one.
func views(ladder int, advice []float32) [interval.Views]float32 {
	trend := smooth
	if ladder == peaks { // of a maximum there is no smoothing
		trend = recentPeak
	}
	return [...]float32{
		advice[lastValue], advice[dayAgo], advice[weekAgo], advice[weekMoved],
		advice[linear], advice[meanLevel], advice[trend],
	}
}

// highest returns the highest of the forecasts of a maximum. It leaves out two that stay
// high for long when the level has fallen: with them the loss of the 95 % bound, a quarter
// of an hour ahead, was three times as large on one load.
func highest(advice []float32) float64 {
	top := float32(0)
	for e, v := range advice {
		if v > top && e != weekAgo && e != recentPeak {
			top = v
		}
	}
	return float64(top)
}

// judge compares the forecasts of sample i that both ladders made at rung k with what came.
func (s *filter) judge(k, i int, season *direct.Season, truths [ladders]float64) {
	origin, made := s.origin(k, i-s.rungs[k]), s.claimed(k, i-s.rungs[k])
	if origin == nil {
		return
	}
	var said [ladders][experts]float32
	s.recall(origin, k, season, said[values][:], said[peaks][:])
	for l, truth := range truths {
		r, rec, advice := s.ladders[l][k], &origin.of[l], said[l][:heads[l]]
		if l == peaks && alone(k) {
			return
		}
		o := interval.Origin{Point: rec.point.Float(), Highest: origin.of[peaks].point.Float(), Slot: s.slot(0), Views: views(l, advice)}
		if l == peaks {
			o.Highest = highest(advice)
		}
		parts := combine.Parts{Weighted: float32(rec.weighted.Float()), Leading: float32(rec.leading.Float()), Gate: made.gateSaid(l), Belief: origin.beliefs[l]}
		if others, most := s.settle(l, k, made, o.Point, truth); !most {
			r.poly.Learn(advice, parts, float32(others), float32(truth))
		}
		r.band.Learn(float32(truth), o, &rec.band, &s.timing[k])
	}
}

// targets returns the number of targets of a regression at rung k: the value and the
// maximum, or one if both ladders share the rung.
func targets(k int) int {
	if alone(k) {
		return 1
	}
	return direct.MaxTargets
}

// alone reports whether both ladders share rung k: they do with the first, because the
// maximum until the next sample is that sample.
func alone(k int) bool { return k == 0 }

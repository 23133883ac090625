package auto

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/interval"
)

// Forecast writes what the last update has worked out; see forecast.Filter.
func (s *filter) Forecast(dst *forecast.Forecast) {
	dst.Start = s.start.Add(time.Duration(s.silent+s.n) * s.step)
	dst.Step = s.step
	dst.Warnings = s.warnings
	scale := s.unit // 0 before the first sample above 0: of nothing, nothing is forecast
	p := sweep{rung: -1}
	for h := range dst.Values {
		points := p.points(s, h+1)
		s.read(dst.Values[h], dst.Levels, values, h+1, points[values], scale)
		s.read(dst.Peaks[h], dst.Levels, peaks, h+1, points[peaks], scale)
	}
	dst.Tidy()
}

// slight is the size of a point, in units, below which it is zero where the load rests.
const slight = 0.02

// rests reports whether the load rests h steps ahead, or until then: it is zero now, and was
// zero a day and a week before that time, as far as the week is known. The regressions and
// smoothing are hardly ever exactly zero, so that the pool would say of a shop that it sells
// some ten thousandths of its usual load at night.
func (s *filter) rests(ladder, h int) bool {
	if s.last > 0 || h > s.lags.Reach {
		return false
	}
	season := s.mem.Ahead(h)
	day, week := season.Day, season.Week
	if ladder == peaks {
		day, week = season.DayMax, season.WeekMax
	}
	return day == 0 && !(week > 0)
}

// read writes the quantiles of one ladder h steps ahead around its point: their
// distances from it are interpolated between rungs, and beyond the last one widen
// like those of a random walk. A slight point is zero where the load rests; the bounds stay.
func (s *filter) read(row, levels []float64, ladder, h int, point, scale float64) {
	lo, hi, w := combine.Between(s.rungs, h)
	a, b := s.ladders[ladder][lo], s.ladders[ladder][hi]
	near, far := &s.answers[ladder][lo], &s.answers[ladder][hi]
	wider := 1.0
	if last := s.rungs[len(s.rungs)-1]; h > last {
		wider = math.Sqrt(float64(h) / float64(last))
	}
	var q [interval.Count]float64
	for i := range q {
		x, y := float64(near.quantiles[i])-near.point, float64(far.quantiles[i])-far.point
		q[i] = point + wider*(x+w*(y-x))
		if ladder == peaks && lo != hi {
			q[i] = clamp(q[i], near.point+x, far.point+y)
		}
	}
	if 0 < point && point < slight && s.rests(ladder, h) {
		point = 0
	}
	shape := a.band.Shape() + w*(b.band.Shape()-a.band.Shape())
	for i, p := range levels {
		row[i] = max(0, interval.At(p, point, &q, shape)) * scale
	}
}

// interpolate returns the value at step h of a path known at some steps, ascending.
func interpolate(steps []int, path []direct.Small, h int) float64 {
	lo, hi, w := combine.Between(steps, h)
	near, far := path[lo].Float(), path[hi].Float()
	return near + w*(far-near)
}

// A Share is one expert's part in a forecast.
type Share struct {
	Expert string  // its name, for people
	Weight float64 // (0, 1]; the shares of one horizon sum to one
}

// Explain returns whose forecast the value h ≥ 1 steps ahead is, heaviest first.
func (s *filter) Explain(h int) []Share {
	lo, hi, w := combine.Between(s.rungs, h)
	if w > 0.5 {
		lo = hi
	}
	r := s.ladders[values][lo]
	var weights [experts]float32
	r.poly.Weights(weights[:], s.advice(values, lo))
	var shares []Share
	h, season := s.rungs[lo], s.mem.Ahead(s.rungs[lo])
	claimed := s.claimShare(values, lo, h, s.claim(&season, h)[values], mix(weights[:], s.advice(values, lo)))
	for k, weight := range append(weights[:], float32(claimed)) {
		if k < experts {
			weight *= 1 - float32(claimed)
		}
		if weight <= 0 {
			continue
		}
		shares = append(shares, Share{Expert: expertNames[k], Weight: float64(weight)})
	}
	slices.SortStableFunc(shares, func(a, b Share) int { return cmp.Compare(b.Weight, a.Weight) })
	return shares
}

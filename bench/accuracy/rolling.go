package accuracy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/score"
)

// boundLevels are the levels whose coverage is reported.
var boundLevels = []float64{0.9, 0.95, 0.99} //nolint:gochecknoglobals // a constant table

// askedLevels are the levels asked of the model: symmetric ones for the weighted
// interval score, and the bounds.
var askedLevels = []float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99} //nolint:gochecknoglobals // a constant table

// intervalLevels are the places in askedLevels of the symmetric levels.
var intervalLevels = []int{0, 1, 2, 3, 5} //nolint:gochecknoglobals // a constant table

const median = 2 // index of 0.5 in askedLevels

// horizons returns the horizons to report, in steps: 1, 5, 15, 30 and 60 minutes as far as
// the step divides them; one step if it is shorter than a minute; and 1, 2, 6 and 12 steps if
// it is a quarter of an hour or more, or divides none of these, such as 7 minutes.
func horizons(step time.Duration) []int {
	var hs []int
	for _, m := range []int{1, 5, 15, 30, 60} {
		if ahead := time.Duration(m) * time.Minute; ahead%step == 0 {
			hs = append(hs, int(ahead/step))
		}
	}
	if step < time.Minute {
		hs = append(hs, 1)
	}
	if step >= 15*time.Minute || len(hs) == 0 {
		hs = append(hs, 1, 2, 6, 12)
	}
	slices.Sort(hs)
	return slices.Compact(hs)
}

// warmup returns the number of samples before the first scored origin.
func warmup(s forecast.Series) int {
	const day = 24 * time.Hour
	span := time.Duration(s.Len()) * s.Step
	switch {
	case s.Step >= day: // eight days are next to nothing
	case span >= 10*day:
		return int(8 * day / s.Step)
	case span >= 7*day:
		return int(4 * day / s.Step)
	}
	return s.Len() / 2
}

// prepare puts a trace on the grid of the epoch and averages its steps where an hour would have
// too many: those below a minute to a minute if the trace spans two days or more, else those of
// half a second or less to a second or, where they do not divide it, a little less.
func prepare(t trace.Trace) forecast.Series {
	switch {
	case t.Step < time.Minute && t.Span() >= 48*time.Hour:
		t = t.Coarsen(time.Minute)
	case t.Step < time.Second:
		t = t.Coarsen(time.Second)
	}
	start := t.Start.UTC()
	return forecast.Series{Start: start.Add(-time.Duration(start.UnixNano() % int64(t.Step))), Step: t.Step, Values: t.Values}
}

// rungScore gathers the scores of one horizon.
type rungScore struct {
	h                     int
	n                     int
	loss, naive, smape    float64
	level                 float64 // sum of |truth|
	wis                   float64
	pinball, naivePinball []float64 // per bound
	covered               []int
	day                   int64 // of the truths now gathered
	dayN                  int
	dayLeast              int // truths without which a day does not count
	dayCovered            []int
	worst                 []float64
	reference             *reference
	waiting               [][]float64 // ring of forecasts by origin
	peaks                 peakScore
}

// newRungScore returns the scores, none yet, of h steps ahead of a series.
func newRungScore(h int, step time.Duration) *rungScore {
	r := &rungScore{
		h: h, dayLeast: int((leastOfDay + step - 1) / step), reference: newReference(h, boundLevels), peaks: newPeakScore(h),
		pinball: make([]float64, len(boundLevels)), naivePinball: make([]float64, len(boundLevels)),
		covered: make([]int, len(boundLevels)), dayCovered: make([]int, len(boundLevels)),
		worst: make([]float64, len(boundLevels)),
	}
	for i := range r.worst {
		r.worst[i] = math.NaN()
	}
	if step >= leastOfDay { // a day of one value or two is all right or all wrong
		r.dayLeast = math.MaxInt
	}
	for range h {
		r.waiting = append(r.waiting, make([]float64, len(askedLevels)))
	}
	return r
}

// issue remembers the forecast made at sample i.
func (r *rungScore) issue(i int, f *forecast.Forecast) {
	copy(r.waiting[i%r.h], f.Values[r.h-1])
	r.peaks.issue(i, f.Peaks[r.h-1])
}

// judge scores the forecast made h samples before sample i, whose time is at.
func (r *rungScore) judge(i int, y float64, at time.Time) {
	point, bounds := r.reference.then()
	if math.IsNaN(y) || math.IsNaN(point) {
		return
	}
	said := r.waiting[i%r.h]
	r.n++
	r.loss += math.Abs(y - said[median])
	r.naive += math.Abs(y - point)
	r.level += math.Abs(y)
	r.smape += score.SymmetricLoss(y, said[median])
	for _, k := range intervalLevels {
		r.wis += 2 * score.Loss(askedLevels[k], y, said[k]) / float64(len(intervalLevels))
	}
	const day = 24 * 60 * 60
	if d := at.Unix() / day; d != r.day {
		r.closeDay()
		r.day = d
	}
	r.dayN++
	for k, p := range boundLevels {
		u := said[len(askedLevels)-len(boundLevels)+k]
		r.pinball[k] += score.Loss(p, y, u)
		r.naivePinball[k] += score.Loss(p, y, bounds[k])
		if y <= u {
			r.covered[k]++
			r.dayCovered[k]++
		}
	}
}

// leastOfDay is the part of a day that must be scored for the day to count: if little of it
// is scored, one bad hour is most of that.
const leastOfDay = 12 * time.Hour

// closeDay ends a day.
func (r *rungScore) closeDay() {
	for k := range boundLevels {
		if share := float64(r.dayCovered[k]) / float64(r.dayN); r.dayN >= r.dayLeast && !(share >= r.worst[k]) {
			r.worst[k] = share
		}
		r.dayCovered[k] = 0
	}
	r.dayN = 0
}

// fit fits model on the warm-up of s and returns the samples of it. For a model that needs a
// longer history, such as one of two seasons of a week, the warm-up doubles, up to half of s.
func fit(ctx context.Context, model forecast.Model, s forecast.Series) (forecast.Fitted, int, error) {
	warm := warmup(s)
	for {
		fitted, err := model.Fit(ctx, s.Slice(0, warm))
		if !errors.Is(err, forecast.ErrShortHistory) || 2*warm >= s.Len()-1 {
			return fitted, warm, err
		}
		warm = min(2*warm, s.Len()/2)
	}
}

// evaluate runs model over s, every sample after the warm-up an origin.
func evaluate(ctx context.Context, model forecast.Model, s forecast.Series) ([]*rungScore, error) {
	fitted, warm, err := fit(ctx, model, s)
	if err != nil {
		return nil, fmt.Errorf("fit on the first %d of %d samples: %w", warm, s.Len(), err)
	}
	filter, err := fitted.Filter(s.Slice(0, warm))
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	var scores []*rungScore
	for _, h := range horizons(s.Step) {
		scores = append(scores, newRungScore(h, s.Step))
	}
	f := forecast.New(scores[len(scores)-1].h, askedLevels...)
	filter.Forecast(f)
	for i, y := range s.Values {
		if i%16 == 0 && ctx.Err() != nil { // a forecast of an hour of seconds takes milliseconds
			return nil, ctx.Err()
		}
		if i >= warm {
			filter.Update(y)
			filter.Forecast(f)
		}
		for _, r := range scores {
			r.peaks.observe(i, y)
			if i-r.h >= warm-1 {
				r.judge(i, y, s.At(i))
				r.peaks.judge(i)
			}
			r.reference.update(y)
			r.issue(i, f)
		}
	}
	for _, r := range scores {
		r.closeDay()
	}
	return scores, nil
}

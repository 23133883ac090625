package ensemble

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/guard"
	"github.com/forescale/forescale/forecast/regress"
	"github.com/forescale/forescale/forecast/season"
)

// Options are the settings of [Forecast]. The zero value is ready to use.
type Options struct {
	Zone    *time.Location  // whose wall clock days and weeks follow; nil means UTC
	Periods []time.Duration // seasons besides day and week; nil means those that package season finds
}

// A run is one call of Forecast.
type run struct {
	opts    Options
	history forecast.Series // cleaned, no gaps
	seen    []bool          // cells with a sample
	horizon int
	day     int             // cells
	week    int             // cells
	periods []time.Duration // seasons found worth their while
	origins []int           // ascending; the last is the end of the history
	experts []expert
	unsure  float64     // of the level, as a mean error in logarithms; 0 = there was no shift
	mixed   [][]float64 // the combination, by origin
	gated   string      // the rule that beat the combination, or ""
}

// Forecast forecasts the horizon cells after history at once, for a report or a
// benchmark; a running forecast is what package auto is for. The levels are those of the
// quantiles, as in forecast.New.
//
// The experts are last value, a day and a week ago, analogs, mean day and week, exponential
// smoothing and lag regressions, as far as the history allows, some of them in more than one
// space. Each also forecasts from up to twenty-four earlier origins. The point forecast is
// the median of the experts weighted by the inverse square of their mean absolute error
// there; the best of the naive rules replaces it if that was clearly better. Bounds are
// scaled by the errors of the combination at those origins. The history is cleaned by
// package guard first.
//
// The cost is that of two or three fits, some milliseconds for a month of hours.
// An error wraps forecast.ErrShortHistory if no cell is observed. Forecast is safe
// for concurrent use.
func Forecast(ctx context.Context, history forecast.Series, horizon int, levels []float64, opts Options) (*forecast.Forecast, error) {
	if horizon <= 0 {
		return nil, fmt.Errorf("ensemble: horizon of %d cells, want at least one", horizon)
	}
	if err := forecast.CheckLevels(levels); err != nil {
		return nil, err
	}
	r, err := newRun(history, horizon, opts)
	if err != nil {
		return nil, err
	}
	if err := r.assemble(ctx); err != nil {
		return nil, err
	}
	r.combine()
	r.gate()
	r.recall()
	dst := forecast.New(horizon, levels...)
	dst.Start, dst.Step = history.End(), history.Step
	r.bound(dst)
	if r.gated != "" {
		dst.Warnings = append(dst.Warnings, fmt.Errorf("ensemble: %s was better than the combination on this history", r.gated))
	}
	if len(r.origins) < 4 {
		dst.Warnings = append(dst.Warnings, fmt.Errorf("ensemble: bounds rest on %d earlier origins only", len(r.origins)-1))
	}
	return dst, nil
}

func newRun(history forecast.Series, horizon int, opts Options) (*run, error) {
	if err := history.Check(); err != nil {
		return nil, err
	}
	first := slices.IndexFunc(history.Values, func(v float64) bool { return v >= 0 })
	if first < 0 {
		return nil, fmt.Errorf("ensemble: %w: none of %d cells is observed", forecast.ErrShortHistory, history.Len())
	}
	history = history.Slice(first, history.Len())
	r := &run{opts: opts, history: history, horizon: horizon}
	r.day = max(1, int(season.Day.Round(history.Step)/history.Step))
	r.week = max(1, int(season.Week.Round(history.Step)/history.Step))
	r.seen = make([]bool, history.Len())
	for i, v := range history.Values {
		r.seen[i] = v >= 0
	}
	r.origins = backtestOrigins(history.Len(), r.day, horizon)
	r.rebase()
	if err := r.clean(); err != nil {
		return nil, err
	}
	return r, nil
}

// clean replaces what models should not see, and fills gaps.
func (r *run) clean() error {
	cleaned, dirty, err := guard.Series(r.history, regress.Model{Form: regress.Log, Zone: r.opts.Zone})
	if err != nil {
		return fmt.Errorf("ensemble: clean: %w", err)
	}
	if dirty > 0 && r.trusts(cleaned) {
		cleaned.Values = slices.Clone(r.history.Values)
	}
	cleaned.Values = filled(cleaned.Values, r.day)
	r.history = cleaned
	return nil
}

// trusts reports whether a regression on what was observed was clearly better,
// at the earlier origins, than one on what the guard made of it: then its
// outliers are how this metric is.
func (r *run) trusts(cleaned forecast.Series) bool {
	model := regress.Model{Form: regress.Log, Zone: r.opts.Zone}
	return r.backtest(&model, r.history) < trust*r.backtest(&model, cleaned)
}

// trust is how much better the observed history must have been.
const trust = 0.98

// backtests is the number of earlier origins.
const backtests = 24

// backtestOrigins returns up to twenty-four earlier origins half a day apart and n.
// All are followed by a whole horizon, unless the history is too short for that.
func backtestOrigins(n, day, horizon int) []int {
	spacing := max(1, min(day/2, n/8))
	least := max(2, min(day+2, n/2))
	origins := []int{n}
	for o := n - horizon; o >= least && len(origins) <= backtests; o -= spacing {
		origins = append(origins, o)
	}
	if len(origins) < 5 {
		for o := n - spacing; o > n-horizon && o >= least && len(origins) <= backtests; o -= spacing {
			origins = append(origins, o)
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

// truth returns the cells after origin, at most a horizon of them.
func (r *run) truth(origin int) []float64 {
	return r.history.Values[origin:min(origin+r.horizon, r.history.Len())]
}

// loss returns the mean absolute error of path at origin over the cells that
// have a sample; NaN if none has.
func (r *run) loss(path []float64, origin int) float64 {
	sum, n := 0.0, 0
	for h, y := range r.truth(origin) {
		if r.seen[origin+h] {
			sum += math.Abs(y - path[h])
			n++
		}
	}
	return sum / float64(n)
}

// combine mixes the experts at every origin by weights that were known then.
func (r *run) combine() {
	r.mixed = make([][]float64, len(r.origins))
	values := make([]float64, 0, len(r.experts))
	for at, origin := range r.origins {
		weights := r.weights(origin)
		path := make([]float64, r.horizon)
		for h := range path {
			values = values[:0]
			for _, e := range r.experts {
				if e.paths[at] != nil {
					values = append(values, e.paths[at][h])
				}
			}
			path[h] = weightedMedian(values, present(weights, r.experts, at))
		}
		r.mixed[at] = path
	}
}

// present returns the weights of the experts that forecast at origin at.
func present(weights []float64, experts []expert, at int) []float64 {
	out := make([]float64, 0, len(weights))
	for k, e := range experts {
		if e.paths[at] != nil {
			out = append(out, weights[k])
		}
	}
	return out
}

// originHalfLife is the number of days after which the errors at an origin count half:
// errors from before a new level tell little.
const originHalfLife = 7

// recency returns how much the errors at an origin count as of now.
func (r *run) recency(origin, now int) float64 {
	return math.Exp2(-float64(now-origin) / (originHalfLife * float64(r.day)))
}

// weights returns the weight of each expert as of an origin: the inverse square
// of its loss at the origins whose truth was known then, relative to the first
// expert, which forecasts at all of them. One that was never scored counts as
// the first.
func (r *run) weights(now int) []float64 {
	out := make([]float64, len(r.experts))
	for k, e := range r.experts {
		own, reference := 0.0, 0.0
		for at, origin := range r.origins {
			known := origin+r.horizon <= now || (now == r.history.Len() && origin < now)
			if !known || e.paths[at] == nil {
				continue
			}
			l, m := r.loss(e.paths[at], origin), r.loss(r.experts[0].paths[at], origin)
			if l >= 0 && m >= 0 {
				w := r.recency(origin, now)
				own += w * l
				reference += w * m
			}
		}
		ratio := 1.0
		if reference > 0 || own > 0 {
			ratio = max(own, 1e-3*reference) / max(reference, 1e-3*own)
		}
		out[k] = 1 / (ratio * ratio)
	}
	return out
}

// margin is how much better than the combination a rule must have been: the rule
// is the best of several in hindsight, the combination was made in foresight.
const margin = 0.9

// gate replaces the combination by a naive rule that was better at the earlier
// origins.
func (r *run) gate() {
	mixed, _ := r.past(r.mixed)
	best := math.Inf(1)
	var winner expert
	for _, e := range r.experts {
		if !e.naive {
			continue
		}
		if sum, _ := r.past(e.paths); sum < best {
			best, winner = sum, e
		}
	}
	if best < margin*mixed && len(r.origins) > 1 {
		r.mixed, r.gated = winner.paths, winner.name
	}
}

// past returns the weighted sum of the losses of paths at the earlier origins, +Inf if
// one of them is missing, and the sum of the weights.
func (r *run) past(paths [][]float64) (losses, weights float64) {
	for at, origin := range r.origins[:len(r.origins)-1] {
		if paths[at] == nil {
			return math.Inf(1), 0
		}
		if l := r.loss(paths[at], origin); l >= 0 {
			w := r.recency(origin, r.history.Len())
			losses += w * l
			weights += w
		}
	}
	return losses, weights
}

// weightedMedian returns the value at half of the total weight, interpolated
// between the middles of the weights. It sorts both arguments.
func weightedMedian(values, weights []float64) float64 {
	total := 0.0
	for i := range values {
		total += weights[i]
		for j := i; j > 0 && values[j] < values[j-1]; j-- {
			values[j], values[j-1] = values[j-1], values[j]
			weights[j], weights[j-1] = weights[j-1], weights[j]
		}
	}
	before, at := 0.0, math.Inf(-1)
	for i, v := range values {
		middle := before + weights[i]/2
		if middle >= total/2 {
			if i == 0 {
				return v
			}
			return values[i-1] + (v-values[i-1])*(total/2-at)/(middle-at)
		}
		before, at = before+weights[i], middle
	}
	return values[len(values)-1]
}

package auto

import (
	"context"
	"math"
	"slices"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/space"
)

// Far forecasts horizon cells after history at once, farther than the ladder of the pool
// reaches. It is meant for reports; live, a [Pool] runs. pool is the filter of a Pool after
// that history, and is not changed.
//
// Up to the end of the ladder the forecast is the pool's, whose bounds rest on the error at
// every cell of the history. Beyond the ladder the point forecast is that of [Path]. The
// bounds of Path itself rest on twenty-four origins only, so the bounds there are the pool's
// at the end of the ladder, widened in proportion as those of Path widen from there on. The
// widening takes no bound higher than the highest value of history plus the distance between
// its highest and its lowest. Over the second half of the ladder the pool's forecast blends
// into that beyond it.
//
// Far returns the errors of Path.
func Far(ctx context.Context, pool forecast.Filter, history forecast.Series, horizon int, levels []float64, opts Options) (*forecast.Forecast, error) {
	if err := forecast.CheckLevels(levels); err != nil {
		return nil, err
	}
	all := levels
	if !slices.Contains(all, 0.5) {
		all = append(slices.Clone(levels), 0.5)
		slices.Sort(all)
	}
	median := slices.Index(all, 0.5)
	path, err := Path(ctx, history, horizon, all, opts)
	if err != nil {
		return nil, err
	}
	ladder := combine.Ladder(history.Step)
	reach := min(ladder[len(ladder)-1], horizon)
	near := forecast.New(reach, all...)
	pool.Forecast(near)

	dst := forecast.New(horizon, levels...)
	dst.Start, dst.Step = history.End(), history.Step
	dst.Warnings = near.Warnings // those of the path are about its bounds
	end := reach - 1
	low, high := space.Extent(history.Values)
	row := make([]float64, len(all))
	for h := range horizon {
		continued(row, path.Values[h], path.Values[end], near.Values[end], median, high+(high-low))
		peaks := path.Peaks[h]
		if h < reach {
			later := max(0, float64(2*h-end)/float64(max(end, 1))) // 0 up to the middle of the ladder, 1 at its end
			for q, v := range near.Values[h] {
				row[q] = v + later*(row[q]-v)
			}
			peaks = near.Peaks[h]
		}
		for q, p := range levels {
			at := slices.Index(all, p)
			dst.Values[h][q], dst.Peaks[h][q] = row[at], peaks[at]
			if h >= reach { // Tidy lifts them to the highest value so far
				dst.Peaks[h][q] = row[at]
			}
		}
	}
	dst.Tidy()
	return dst, nil
}

// continued sets row to quantiles around the median of path. Their distances from it, as
// ratios, are those of near, the pool's quantiles at the end of the ladder, raised to the
// power by which those of the path have grown since; end are the path's quantiles at the
// end of the ladder. What this adds to path and near ends at most: of a median near zero, as
// that of a load at rest, every ratio is vast.
func continued(row, path, end, near []float64, median int, most float64) {
	for q := range row {
		row[q] = path[q]
		distance, before, now := ratio(near, q, median), ratio(end, q, median), ratio(path, q, median)
		if before == 0 || math.IsNaN(distance) || math.IsNaN(now) {
			continue // nothing to measure the growth by
		}
		row[q] = min(path[median]*math.Exp(distance*max(now/before, 1)), max(path[q], near[q], most))
	}
}

// ratio is the logarithm of a quantile over the median; NaN if either is zero.
func ratio(row []float64, q, median int) float64 {
	if row[q] <= 0 || row[median] <= 0 {
		return math.NaN()
	}
	return math.Log(row[q] / row[median])
}

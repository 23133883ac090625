package interval

import "math"

// Count is the number of quantile levels that a [Band] tracks; the median is the
// point forecast and not among them.
const Count = 6

// levels are the tracked levels.
var levels = [Count]float64{0.05, 0.25, 0.75, 0.9, 0.95, 0.99} //nolint:gochecknoglobals // a constant table

// above holds 1 − p for each level p.
var above = [Count]float32{0.95, 0.75, 0.25, 0.1, 0.05, 0.01} //nolint:gochecknoglobals // a constant table

// quick is what the rates of trackers are multiplied by at each level. Errors near the
// 99 % bound are a fifth as dense as near the 95 % bound, and a tracker comes back from
// the same distance in five times the time. At twice the rate the 99 % bound of an hour
// ahead is off by 0.05 points less and loses 0.7 % more.
var quick = [Count]float32{1, 1, 1, 1, 1, 2} //nolint:gochecknoglobals // a constant table

// missDays is the memory of the share of misses at each high level. At 99 % misses are five
// times as rare as at 95 %, and it takes five times as long to tell their share. Looking at
// the 90 % bound for half as long would push it through the 95 % bound in bad hours, and
// cover 0.2 points less of the worst day an hour ahead.
var missDays = [high]float64{0.4, 0.4, 2} //nolint:gochecknoglobals // a constant table

const (
	below = 2           // levels under the median
	high  = Count - p90 // levels from 0.9 on
	p90   = 3           // index of 0.9
	p99   = 5           // index of 0.99
)

// standings are the tracked levels on the scale of a Laplace distribution: logarithms were a
// third of the time of a forecast of an hour of seconds.
var standings = func() (at [Count]float64) { //nolint:gochecknoglobals // a constant table
	for i, p := range levels {
		at[i] = start(p)
	}
	return at
}()

// standing returns start(p); most levels that are asked for are tracked ones, or the median.
func standing(p float64) float64 {
	if p == 0.5 {
		return 0
	}
	for i, level := range levels {
		if p == level {
			return standings[i]
		}
	}
	return start(p)
}

// start is the quantile of a Laplace distribution whose mean absolute value is
// one: where a tracker begins.
func start(p float64) float64 {
	if p < 0.5 {
		return math.Log(2 * p)
	}
	return -math.Log(2 * (1 - p))
}

// At returns the quantile of level p, given the point forecast as the median and
// the tracked quantiles, ascending. Between levels it interpolates on the scale
// of a Laplace distribution; below the lowest it continues the exponential tail
// that the two lowest span, and above the highest a generalised Pareto tail of
// the given shape, see [Band.Shape].
func At(p, point float64, quantiles *[Count]float64, shape float64) float64 {
	x := standing(p)
	lastX, lastY := 0.0, point
	if p < 0.5 {
		for i := below - 1; i >= 0; i-- {
			nextX, nextY := standings[i], quantiles[i]
			if x >= nextX || i == 0 {
				return lastY + (x-lastX)/(nextX-lastX)*(nextY-lastY)
			}
			lastX, lastY = nextX, nextY
		}
	}
	for i := below; i < Count; i++ {
		nextX, nextY := standings[i], quantiles[i]
		if i == p99 && x > nextX {
			return nextY + beyond(p, shape)*(nextY-quantiles[p90])
		}
		if x <= nextX {
			return lastY + (x-lastX)/(nextX-lastX)*(nextY-lastY)
		}
		lastX, lastY = nextX, nextY
	}
	return point
}

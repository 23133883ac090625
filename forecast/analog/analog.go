// Package analog forecasts a series by what followed the moments of its own past
// that look most like now.
//
// # The idea
//
// Every origin one or more whole periods ago is a candidate. Its distance is the
// squared difference between the last cells before it and the last cells before
// now, after both were brought to the same level; recent cells count more, and
// the same day of the week counts half. The forecast is the mean of what
// followed the nearest candidates, moved to the level of now, and the move fades
// with a time constant of one period.
//
// Alone it is mediocre. But its errors differ from those of regressions and
// smoothing, which makes it useful in a combination.
//
// See Yakowitz, Nearest-neighbour methods for time series analysis, J. Time
// Series Analysis 8 (1987).
package analog

import (
	"math"
	"slices"
)

// Options are the settings of [Path].
type Options struct {
	Period     int // cells; candidates lie whole periods ago; must be positive
	LongPeriod int // cells; candidates whole long periods ago count as half as far; 0: none
	Nearest    int // candidates that are averaged; 0 means 3
}

// A candidate is an origin in the past.
type candidate struct {
	cell     int
	distance float64
	shift    float64 // from its level to that of now
}

// Path returns the forecast of the horizon cells after z, which must not hold
// NaN, in the unit of z. It returns nil if fewer than two candidates are followed
// by a whole horizon.
func Path(z []float64, horizon int, o Options) []float64 {
	if o.Nearest == 0 {
		o.Nearest = 3
	}
	found := candidates(z, horizon, o)
	if len(found) < 2 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		switch {
		case a.distance < b.distance:
			return -1
		case a.distance > b.distance:
			return 1
		}
		return 0
	})
	found = found[:min(o.Nearest, len(found))]
	out := make([]float64, horizon)
	for h := range out {
		fade := math.Exp(-float64(h) / float64(o.Period))
		for _, c := range found {
			out[h] += (z[c.cell+h] + c.shift*fade) / float64(len(found))
		}
	}
	return out
}

func candidates(z []float64, horizon int, o Options) []candidate {
	n := len(z)
	weights := make([]float64, o.Period) // of the cells that are compared, the newest first
	total := 0.0
	for j := range weights {
		weights[j] = math.Exp(-2 * float64(j+1) / float64(o.Period))
		total += weights[j]
	}
	var found []candidate
	for cell := n - o.Period; cell >= o.Period; cell -= o.Period {
		if cell+horizon > n {
			continue
		}
		shift := 0.0
		for j, w := range weights {
			shift += w * (z[n-1-j] - z[cell-1-j]) / total
		}
		distance := 0.0
		for j, w := range weights {
			e := z[n-1-j] - z[cell-1-j] - shift
			distance += (0.3 + w) * e * e
		}
		if o.LongPeriod > 0 && (n-cell)%o.LongPeriod == 0 {
			distance /= 2
		}
		found = append(found, candidate{cell: cell, distance: distance, shift: shift})
	}
	return found
}

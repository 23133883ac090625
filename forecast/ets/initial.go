package ets

import (
	"slices"
	"time"

	"github.com/forescale/forescale/forecast/season"
)

// initial are the states before the first cell of a history.
type initial struct {
	level, slope float64
	seasons      [][]float64 // by season, then by cell of its grid; factors if multiplicative
}

// decompose returns the initial states for z. The trend is a centred moving average
// over the longest season. The first season is the mean of what remains at each phase,
// and the second that of what remains after it, shrunk by the share of it that is noise:
// otherwise four noisy weeks would be taken for a pattern.
func (f *Fitted) decompose(z []float64) initial {
	in := initial{}
	window := min(len(z), 2*least)
	for _, p := range f.periods {
		if m := int(p / f.step); len(z) >= 2*m {
			window = m
		}
	}
	first := window
	if len(f.periods) > 0 {
		first = int(f.periods[0] / f.step)
	}
	z = slices.Clone(z)
	season.Fill(z, first)
	trend := average(z, window)
	in.level = trend[0]
	if k := min(window, len(z)-1); k > 0 {
		in.slope = (trend[k] - trend[0]) / float64(k)
	}
	if f.model.Trend == NoTrend {
		in.slope = 0
	}
	rest := make([]float64, len(z))
	for i := range z {
		rest[i] = f.without(z[i], trend[i])
	}
	for k, p := range f.periods {
		cells := f.cells(p, len(z))
		means, keep := phaseMeans(rest, cells, gridded(f.step, p), f.neutral())
		if k > 0 {
			keep *= min(1, float64(len(z))/float64(p/f.step)-1)
			for i, v := range means {
				means[i] = f.neutral() + keep*(v-f.neutral())
			}
		}
		in.seasons = append(in.seasons, means)
		for i := range rest {
			rest[i] = f.without(rest[i], means[cells[i]])
		}
	}
	in.level -= in.slope
	return in
}

// without removes a component from a value.
func (f *Fitted) without(v, component float64) float64 {
	if f.model.Form != Multiplicative {
		return v - component
	}
	if component <= 0 {
		return 1
	}
	return v / component
}

// neutral is the component that changes nothing.
func (f *Fitted) neutral() float64 {
	if f.model.Form == Multiplicative {
		return 1
	}
	return 0
}

// cells returns for each of n cells of the history its cell on a season's grid.
func (f *Fitted) cells(period time.Duration, n int) []int32 {
	m := newMemory(f.start, f.step, period, f.model.Zone)
	clock := season.NewClock(f.start, f.step, period, f.model.Zone)
	out := make([]int32, n)
	for i := range out {
		out[i] = m.cell(clock.Phase(1))
		clock.Advance()
	}
	return out
}

// average returns the centred moving average over window cells, continued at
// both ends with half the slope found there.
func average(z []float64, window int) []float64 {
	n := len(z)
	out := make([]float64, n)
	sum := make([]float64, n+1)
	for i, v := range z {
		sum[i+1] = sum[i] + v
	}
	if window >= n {
		for i := range out {
			out[i] = sum[n] / float64(n)
		}
		return out
	}
	half := window / 2
	from, to := half, n-1-half
	for i := from; i <= to; i++ {
		total := sum[i+half+1] - sum[i-half]
		if window%2 == 0 {
			total -= (z[i-half] + z[i+half]) / 2
			out[i] = total / float64(window)
		} else {
			out[i] = total / float64(2*half+1)
		}
	}
	reach := min(window, to-from)
	if reach == 0 {
		reach = 1
	}
	head := (out[min(to, from+reach)] - out[from]) / float64(reach) / 2
	tail := (out[to] - out[max(from, to-reach)]) / float64(reach) / 2
	for i := range from {
		out[i] = out[from] - head*float64(from-i)
	}
	for i := to + 1; i < n; i++ {
		out[i] = out[to] + tail*float64(i-to)
	}
	return out
}

// phaseMeans returns the mean of rest by phase, moved so that their mean is
// neutral, and the share of their variance that noise does not explain.
func phaseMeans(rest []float64, cells []int32, n int, neutral float64) (means []float64, keep float64) {
	means = make([]float64, n)
	counts := make([]float64, n)
	for i, v := range rest {
		means[cells[i]] += v
		counts[cells[i]]++
	}
	total, seen := 0.0, 0.0
	for i := range means {
		if counts[i] > 0 {
			means[i] /= counts[i]
			total += means[i]
			seen++
		}
	}
	centre := total/max(1, seen) - neutral
	within, between := 0.0, 0.0
	for i, v := range rest {
		e := v - means[cells[i]]
		within += e * e
	}
	for i := range means {
		if counts[i] == 0 {
			means[i] = neutral
			continue
		}
		means[i] -= centre
		between += (means[i] - neutral) * (means[i] - neutral)
	}
	within /= max(1, float64(len(rest))-seen)
	between /= max(1, seen)
	noise := within / (float64(len(rest)) / max(1, seen))
	if between > 0 {
		keep = max(0, 1-noise/between)
	}
	return means, keep
}

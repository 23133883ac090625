package burst

import (
	"math"
	"slices"
	"time"
)

const (
	fewHeights  = 3  // least number of bursts from which a height is estimated
	lastHeights = 64 // most from which it is
)

// Reach returns the demand, in the unit of the metric, that a burst from base stays
// at or under with probability level, by the last 64 bursts; NaN before there were
// three.
//
// A burst may multiply demand, as more requests of each user do, or add to it, as a job
// that runs beside the users does. Reach uses the one of the two, multiple or addition, that
// varies less from burst to burst. But it is not more than twice what any of them rose to, or base
// if that is more: out of next to nothing demand rises by any factor.
func (d *Detector) Reach(base, level float64) float64 {
	var room [2][lastHeights]float64
	multiples, additions := d.heights(room[0][:0], Burst.multiple), d.heights(room[1][:0], Burst.addition)
	if len(additions) == len(multiples) && spread(additions, 0) < spread(multiples, 1) {
		return base + quantileOf(additions, level)
	}
	reach := base * quantileOf(multiples, level)
	if tops := d.heights(room[1][:0], Burst.top); len(tops) > 0 && len(tops) == len(multiples) { // else a base is unknown
		reach = min(reach, max(growth*tops[len(tops)-1], base))
	}
	return reach
}

// Usually returns the 95 % quantile of how long past bursts lasted, kept between least and
// half an hour; least if fewer than eight are known.
func (d *Detector) Usually(least time.Duration) time.Duration {
	if len(d.Recent) < enough {
		return least
	}
	var room [lastHeights]float64
	long := quantileOf(d.heights(room[:0], Burst.seconds), 0.95)
	return min(max(time.Duration(long*float64(time.Second)), least), newLevel)
}

// rise returns the quantile of the given level of how long past bursts took to come near
// their height; 0 if they were there when they were noticed, or fewer than three are known.
func (d *Detector) rise(level float64) time.Duration {
	var room [lastHeights]float64
	rises := room[:0]
	for _, b := range d.Recent[max(0, len(d.Recent)-lastHeights):] {
		rises = append(rises, b.Rose.Seconds())
	}
	slices.Sort(rises)
	if long := quantileOf(rises, level); long > 0 {
		return time.Duration(long * float64(time.Second))
	}
	return 0
}

func (b Burst) seconds() float64  { return b.Lasted.Seconds() }
func (b Burst) multiple() float64 { return b.Height }
func (b Burst) addition() float64 { return (b.Height - 1) * b.Base }
func (b Burst) top() float64      { return b.Height * b.Base }

// heights appends to h the positive values of a property of the last bursts, ascending.
func (d *Detector) heights(h []float64, of func(Burst) float64) []float64 {
	last := d.Recent[max(0, len(d.Recent)-lastHeights):]
	for _, b := range last {
		if v := of(b); v > 0 {
			h = append(h, v)
		}
	}
	slices.Sort(h)
	return h
}

// spread returns the standard deviation of the logarithms of heights less from: how much
// they differ in proportion.
func spread(heights []float64, from float64) float64 {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, v := range heights {
		if v <= from {
			continue
		}
		l := math.Log(v - from)
		n, sum, squares = n+1, sum+l, squares+l*l
	}
	return math.Sqrt(max(squares/n-sum/n*sum/n, 0))
}

// quantileOf returns the quantile level of h, ascending, interpolated; NaN if it
// holds fewer than three values.
func quantileOf(h []float64, level float64) float64 {
	if len(h) < fewHeights {
		return math.NaN()
	}
	x := level * float64(len(h)-1)
	i := min(max(int(x), 0), len(h)-1)
	j := min(i+1, len(h)-1)
	return h[i] + (h[j]-h[i])*min(max(x-float64(i), 0), 1)
}

package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
)

// Timing sets how fast the bands of one horizon learn; see [NewTiming]. It never changes.
type Timing struct {
	Slow float64 // rate of a long-run mean that every sample moves, whatever the stride

	apart  float32       // truths that do not overlap, per truth
	rise   float32       // rate at which the trackers come up to speed
	track  float32       // γ of the trackers
	top    float32       // γ of the tracker on the mixture, and of the linear function
	size   float32       // rate of the long-run scale
	fast   float32       // rate of the scales that follow what is recent
	slot   float32       // rate of the scale per time of day
	square float32       // rate of the mean squares of the linear function's inputs
	loss   float32       // rate of the pinball losses
	miss   [high]float32 // rate of the share of misses
	push   float32       // gain of the push
	single float64       // excess of misses, over those promised, up to which the push is in proportion to it
	sharp  float64       // of the weights
	tuning direct.Tuning
}

const (
	trackRate   = 0.06       // γ of the trackers one step ahead
	trackFade   = 0.7        // power of the horizon that it is divided by, as errors h ahead overlap
	topRate     = 0.02       // γ of the tracker on the mixture, one step ahead
	topFade     = 0.2        // power of the horizon that it is divided by: this one is to be quick
	longestRise = 1440       // samples in which the trackers come up to speed, at most
	mostPace    = 2          // how much more one truth may teach where few are learned from
	jointRidge  = 170        // of the joint scale, over the number of errors that do not overlap
	young       = 15         // number of those at which it doubles: they must settle seven powers
	leastMiss   = 60         // samples of the memory of the share of misses, at least
	missPush    = 1.7        // gain of the push a minute ahead, in joint scales
	pushFade    = 0.2        // power of the minutes ahead that it is divided by
	mostPush    = 4          // of the push at most, over its gain
	leastPush   = -0.4       // and least: few misses are no reason to hurry
	sharpness   = 40.0       // of the weights in the pinball loss, one step ahead
	dullness    = 0.45       // power of the horizon that it is divided by, as losses h ahead overlap
	leastSquare = 0.01       // added to the mean square of an input: one that hardly moves is not blown up
	mostPull    = 10         // what one input moves the bound by at a miss, in steps of the tracker on top, at most
	leastRate   = 1.0 / 2048 // of the mean squares: at half of it rounding would keep them from falling
	restShare   = 0.1        // of the usual error: a forecast up to it is of a load that rests
	negligible  = 1e-5       // errors up to it are none; values are of the order of one
)

// NewTiming returns the rates for forecasts h ≥ 1 steps ahead of a series with day
// samples a day. A band learns from every stride-th origin only, and from each as much
// more, up to mostPace times: errors of neighbours h steps ahead are nearly the same.
//
// For a series without a day, day is 24: it is treated as one of hours, with the gentlest
// push. The push then follows the share of misses in the last hour. On series of minutes, a
// push by their true horizon would lose 0.6 % more at the 95 % bound a minute ahead, and
// 1.2 % more five minutes ahead, for no better coverage.
func NewTiming(day, h, stride int) Timing {
	span := max(float64(2*day), 300)
	pace, ahead := float64(min(stride, mostPace)), float64(h)
	minutes := min(max(1, ahead*24*60/float64(day)), 60)
	perSlot := max(slotRate, min(0.1, 2/(float64(day)/Slots+1)))
	t := Timing{
		Slow:  1 / span,
		apart: float32(stride) / float32(h),
		rise:  float32(stride) / float32(min(day, longestRise)),
		track: float32(pace * trackRate * math.Pow(ahead, -trackFade)),
		top:   float32(pace * topRate * math.Pow(ahead, -topFade)),
		size:  float32(pace / span), fast: float32(pace * fastRate), slot: float32(pace * perSlot),
		square: float32(max(pace/span, leastRate)),
		loss:   float32(pace / (3 * span)),
		push:   float32(missPush * math.Pow(minutes, -pushFade)),
		single: 1 / minutes,
		sharp:  sharpness * math.Pow(ahead, -dullness),
		tuning: direct.Tuning{Forget: 1 - pace/(2*span), Huber: 3},
	}
	for i, days := range missDays {
		t.miss[i] = float32(pace / max(days*float64(day), leastMiss))
	}
	return t
}

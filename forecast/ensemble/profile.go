package ensemble

import (
	"math"
	"slices"

	"github.com/forescale/forescale/forecast/space"
)

// A profile forecasts by the mean course of a day or a week, the newest cycle
// counting most, moved to where the series is now:
//
//	ẑ(t+h) = Σ_k w^k·z(t+h−k·m) / Σ_k w^k + c(h)·s(t),   k ≥ 1 with t+h−k·m ≤ t
//
// s is how far the last day lay from its own profile, and c, by quarters of a day,
// the share of such a shift that was still there that much later in the past: a
// regression through the origin, drawn towards exp(−h/τ). Weather lasts, a holiday
// is over the next day, and which of the two a series has is in its history.
type profile struct {
	z      []float64
	period int // m, cells
	day    int // cells
	block  int // cells in a quarter of a day
	past   []passed
	usual  float64 // median size of a shift
}

// passed is what became of one shift.
type passed struct {
	origin int
	shift  float64
	later  []float64 // mean distance from the profile, by block
}

const (
	cycleWeight = 0.9 // w
	shiftDays   = 2   // τ
	priorShifts = 16  // of the usual size, that the prior counts for
	mostShift   = 2   // usual shifts: a larger one counts in proportion to its size, not to the square
	mostGrowth  = 3   // times a shift, beyond which what came later is something else
)

// profiles adds the mean day and the mean week of the logarithm.
func (r *run) profiles() {
	s := space.Log(r.history.Values)
	z := make([]float64, r.history.Len())
	for i, v := range r.history.Values {
		z[i] = s.Forward(v)
	}
	for _, m := range []struct {
		name   string
		period int
	}{{"mean day", r.day}, {"mean week", r.week}} {
		if len(z) < 2*m.period {
			continue
		}
		p := newProfile(z, m.period, r.day, r.horizon)
		r.add(m.name, false, func(origin int) []float64 {
			path := p.path(origin, r.horizon)
			for h, v := range path {
				path[h] = max(0, s.Back(v))
			}
			return path
		})
	}
}

func newProfile(z []float64, period, day, horizon int) *profile {
	p := &profile{z: z, period: period, day: day, block: max(1, day/4)}
	var sizes []float64
	for o := period + day; o < len(z); o += max(1, day/2) {
		was := passed{origin: o, shift: p.shift(o)}
		for from := 0; from < horizon && o+from+p.block <= len(z); from += p.block {
			sum := 0.0
			for h := from; h < from+p.block; h++ {
				sum += z[o+h] - p.mean(o, o+h)
			}
			was.later = append(was.later, sum/float64(p.block))
		}
		p.past = append(p.past, was)
		sizes = append(sizes, math.Abs(was.shift))
	}
	slices.Sort(sizes)
	if len(sizes) > 0 {
		p.usual = sizes[len(sizes)/2]
	}
	return p
}

// mean returns the profile of cell t by the cells before origin, and before t.
func (p *profile) mean(origin, t int) float64 {
	at := t - p.period
	if over := at - origin; over >= 0 {
		at -= (over/p.period + 1) * p.period
	}
	sum, n, w := 0.0, 0.0, 1.0
	for ; at >= 0; at -= p.period {
		sum += w * p.z[at]
		n += w
		w *= cycleWeight
	}
	return sum / n
}

// shift returns how far the day before origin lay from its profile, the last hours
// counting most.
func (p *profile) shift(origin int) float64 {
	sum, n := 0.0, 0.0
	for k := 1; k <= p.day; k++ {
		w := math.Exp(-2 * float64(k) / float64(p.day))
		sum += w * (p.z[origin-k] - p.mean(origin, origin-k))
		n += w
	}
	return sum / n
}

// lasting returns the share of a shift that is still there in the given block
// after it, by what had been seen before origin.
func (p *profile) lasting(origin, block int) float64 {
	days := (float64(block) + 0.5) * float64(p.block) / float64(p.day)
	both, own := priorShifts*p.usual*p.usual*math.Exp(-days/shiftDays), priorShifts*p.usual*p.usual
	for i := range p.past {
		was := &p.past[i]
		if was.origin+(block+1)*p.block > origin || block >= len(was.later) {
			break
		}
		size := math.Abs(was.shift)
		if size == 0 {
			continue
		}
		w, most := min(1, mostShift*p.usual/size), mostGrowth*size
		both += w * was.shift * max(-most, min(was.later[block], most))
		own += w * size * size
	}
	if own <= 0 {
		return 0
	}
	return max(0, min(both/own, 1))
}

// path forecasts horizon cells from origin on; nil if less than a period and a day
// lies before it.
func (p *profile) path(origin, horizon int) []float64 {
	if origin < p.period+p.day {
		return nil
	}
	shift, path := p.shift(origin), make([]float64, horizon)
	before, after, block := 1.0, p.lasting(origin, 0), 0
	for h := range path {
		// The shares are those of the middles of the blocks, and all of it at first.
		x := (float64(h)+0.5)/float64(p.block) - 0.5
		for x > float64(block) {
			block++
			before, after = after, p.lasting(origin, block)
		}
		w := 1 + x - float64(block)
		if block == 0 {
			w = 1 + 2*x
		}
		path[h] = p.mean(origin, origin+h) + shift*(before+w*(after-before))
	}
	return path
}

package burst

import (
	"math"
	"slices"
	"time"
)

const (
	enough    = 8    // bursts before their return is judged
	gathered  = 0.6  // least mean direction of onsets that follow a clock
	prior     = 2.0  // worth of the mean chance, in observations
	mostSlots = 4096 // that are looked at for the time of the day
	maxAhead  = 8    // slots that one lead time may span
	maxGap    = 400  // slots; longer gaps count as this
)

// slots are the candidates for the period of the clock, shortest first.
func slots() [3]time.Duration { return [3]time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour} }

// A renewal is what the remembered bursts say about the next one.
type renewal struct {
	made   bool
	slot   time.Duration   // 0: no clock
	centre time.Duration   // of the onsets within the slot, since the epoch
	phases []time.Duration // of each onset around the centre, ascending
	gaps   []int           // between bursts in slots, ascending
	times  []time.Duration // between bursts, ascending
	mean   float64         // bursts per slot, or per second without a clock
	daily  []float64       // by slot of the day: bursts that come over those that the gaps foretell; nil = unknown
	last   int             // slot of the last burst
}

// build judges the bursts; first is when watching began.
func build(bursts []Burst, first, until time.Time) renewal {
	r := renewal{made: true}
	n := len(bursts)
	if n < enough {
		return r
	}
	for i := 1; i < n; i++ {
		r.times = append(r.times, bursts[i].At.Sub(bursts[i-1].At))
	}
	slices.Sort(r.times)
	watched := until.Sub(first)
	if n == maxBursts {
		watched = until.Sub(bursts[0].At)
	}
	r.slot, r.centre = clock(bursts)
	if r.slot == 0 {
		r.mean = float64(n) / max(watched.Seconds(), 1)
		return r
	}
	r.mean = min(float64(n)/max(float64(watched)/float64(r.slot), float64(n)), 0.5)
	for i, b := range bursts {
		s := r.slotOf(b.At)
		r.phases = append(r.phases, r.phase(b.At, s))
		if i > 0 {
			if gap := s - r.last; gap > 0 {
				r.gaps = append(r.gaps, min(gap, maxGap))
			}
		}
		r.last = s
	}
	slices.Sort(r.gaps)
	slices.Sort(r.phases)
	r.byDay(bursts)
	return r
}

// byDay learns at which times of the day more bursts come than their gaps foretell: the
// ratio of the bursts that came to those expected, with one added to each (a gamma prior
// of mean 1). It learns nothing while the bursts span less than two days.
func (r *renewal) byDay(bursts []Burst) {
	perDay := int(day / r.slot)
	from, to := r.slotOf(bursts[0].At), r.last
	if to-from < fewDays*perDay {
		return
	}
	came, due := make([]float64, perDay), make([]float64, perDay)
	next, last := 1, from
	for s := max(from+1, to-mostSlots); s <= to; s++ {
		for next < len(bursts) && r.slotOf(bursts[next].At) < s {
			last = r.slotOf(bursts[next].At)
			next++
		}
		due[r.ofDay(s)] += r.hazard(s - last)
		if next < len(bursts) && r.slotOf(bursts[next].At) == s {
			came[r.ofDay(s)]++
		}
	}
	r.daily = came
	for i := range came {
		r.daily[i] = (came[i] + 1) / (due[i] + 1)
	}
}

// ofDay returns which slot of the day slot s is.
func (r *renewal) ofDay(s int) int { return s % int(day/r.slot) }

// clock returns the slot around whose centre the onsets gather most, and the
// centre; 0 if they follow no clock.
func clock(bursts []Burst) (slot, centre time.Duration) {
	best := gathered
	for _, s := range slots() {
		var x, y float64
		for _, b := range bursts {
			sin, cos := math.Sincos(2 * math.Pi * float64(since(b.At)%s) / float64(s))
			x, y = x+cos, y+sin
		}
		// a longer slot must gather clearly better: what follows the half-hour
		// follows the hour's halves as well
		if r := math.Hypot(x, y) / float64(len(bursts)); r > best {
			best, slot = r+0.02, s
			turn := math.Atan2(y, x) / (2 * math.Pi)
			centre = time.Duration((turn - math.Floor(turn)) * float64(s))
		}
	}
	return slot, centre
}

func since(t time.Time) time.Duration { return time.Duration(t.UnixNano()) }

// slotOf returns the number of the slot whose centre is nearest to t.
func (r *renewal) slotOf(t time.Time) int {
	return int(math.Floor(float64(since(t)-r.centre)/float64(r.slot) + 0.5))
}

// phase returns where t lies around the centre of slot s.
func (r *renewal) phase(t time.Time, s int) time.Duration {
	return since(t) - r.centre - time.Duration(s)*r.slot
}

// hazard returns the chance of a burst k slots after the last one, given that
// none came before.
func (r *renewal) hazard(k int) float64 {
	k = min(k, maxGap)
	from, _ := slices.BinarySearch(r.gaps, k)
	to, _ := slices.BinarySearch(r.gaps, k+1)
	return (float64(to-from) + prior*r.mean) / (float64(len(r.gaps)-from) + prior)
}

// chance returns the chance of a burst in slot s, the k-th after the last one, given that
// none came before: the hazard, with its odds multiplied by the ratio of this time of day,
// as if the two were independent (naive Bayes).
func (r *renewal) chance(s, k int) float64 {
	h := r.hazard(k)
	if r.daily == nil {
		return h
	}
	odds := h * r.daily[r.ofDay(s)]
	return odds / (1 - h + odds)
}

// before returns the share of onsets up to a phase, smoothed by half a sample so that
// neither end is certain.
func (r *renewal) before(phase time.Duration) float64 {
	if phase <= -r.slot/2 {
		return 0
	}
	if phase >= r.slot/2 {
		return 1
	}
	at, _ := slices.BinarySearch(r.phases, phase+1)
	const base = 0.5
	even := float64(phase+r.slot/2) / float64(r.slot)
	return (float64(at) + base*even) / (float64(len(r.phases)) + base)
}

// within returns the chance that a burst begins in [now, now+lead].
func (r *renewal) within(now time.Time, lead time.Duration) float64 {
	none := 1.0
	s := r.slotOf(now)
	for ahead := range maxAhead {
		k := s + ahead - r.last
		a, b := r.before(r.phase(now, s+ahead)), r.before(r.phase(now.Add(lead), s+ahead))
		if b <= 0 {
			break
		}
		if k <= 0 {
			continue // this slot had its burst
		}
		h := r.chance(s+ahead, k)
		none *= 1 - min(max(h*(b-a)/max(1-h*a, 1e-9), 0), 1)
	}
	return 1 - none
}

// anytime returns the chance of a burst within lead if the onsets follow no clock.
func (r *renewal) anytime(elapsed, lead time.Duration) float64 {
	from, _ := slices.BinarySearch(r.times, elapsed)
	to, _ := slices.BinarySearch(r.times, elapsed+lead+1)
	return min((float64(to-from)+prior*r.mean*lead.Seconds())/(float64(len(r.times)-from)+prior), 1)
}

// Clock returns the slot at multiples of which bursts return; 0 if they follow no clock or
// fewer than eight are known.
func (d *Detector) Clock() time.Duration {
	d.judge()
	return d.renewal.slot
}

// Foreseen reports whether bursts return when they are expected: they follow a clock, or
// three in four of the gaps between them are within a tenth of their median.
func (d *Detector) Foreseen() bool {
	d.judge()
	if d.renewal.slot > 0 {
		return true
	}
	n := len(d.renewal.times)
	if n < enough {
		return false
	}
	usual := d.renewal.times[n/2]
	from, _ := slices.BinarySearch(d.renewal.times, usual-usual/10)
	to, _ := slices.BinarySearch(d.renewal.times, usual+usual/10+1)
	return 4*(to-from) >= 3*n
}

// judge works out what the remembered bursts say about the next one, unless that is done
// already.
func (d *Detector) judge() {
	if !d.renewal.made {
		d.renewal = build(d.Recent, d.First, d.Seen)
	}
}

// Chance returns the chance, 0 to 1, that a burst begins within lead after now, as far as
// past bursts tell: 0 while one lasts, or while fewer than eight are known. It takes
// O(log bursts), or O(bursts) at the first call after one ended.
func (d *Detector) Chance(now time.Time, lead time.Duration) float64 {
	if d.Lasts() || len(d.Recent) < enough {
		return 0
	}
	d.judge()
	if d.renewal.slot == 0 {
		return d.renewal.anytime(now.Sub(d.Recent[len(d.Recent)-1].At), lead)
	}
	return d.renewal.within(now, lead)
}

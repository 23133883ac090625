package burst

import (
	"math"
	"time"
)

// How a dip is recognized, and how it ends.
const (
	halfDip    = 30 * time.Second // half-life of the level that is watched
	alike      = 0.6              // share of the highest level of an hour that the lowest is at least, on a plateau
	cliff      = 0.4              // share of the lowest level of the hour before, below which a dip begins
	recovered  = 0.7              // share of the level of the minutes before the dip at which it is over
	rebounding = 2.0              // multiple of the lowest level of the last minutes at which demand returns
	visible    = 0.01             // share of the level before the dip: a smaller rise is none
	longestDip = 12 * time.Hour   // a longer one is a new level
	comeback   = 15 * time.Minute // within which demand has returned
	fall       = 5                // minutes that a fall may take
	lately     = 15               // minutes that count as the last ones
	dipMinutes = fall + int64(2*newLevel/time.Minute)
)

// A Dip watches for demand that falls off a cliff, as when something before or behind the
// target fails, and for its return: what fell within minutes returns within minutes, to
// about where it was. The zero Dip is ready. It is not safe for concurrent use.
type Dip struct {
	Seen   time.Time           // newest sample
	Level  float64             // of about the last minute
	Minute int64               // since the epoch, of the newest entry of the following
	Highs  [dipMinutes]float64 // highest level of each minute, by minute modulo their count; 0 = unknown
	Lows   [dipMinutes]float64 // lowest

	Before float64   // highest level of the hour before the dip; 0 = there is none
	Over   float64   // level at which the dip is over
	Began  time.Time // of the dip
	Rises  int       // samples in a row that rise
	Back   time.Time // since when demand returns; zero if it does not
	Peak   float64   // highest sample since
	Target float64   // level that it returns to: Before
}

// Update takes a sample of demand, in order of time. It ignores one that is not finite or
// negative. It takes O(1).
func (d *Dip) Update(now time.Time, sample float64) {
	if math.IsInf(sample, 0) || !(sample >= 0) || !now.After(d.Seen) {
		return
	}
	minute := now.Unix() / 60
	if d.Seen.IsZero() || now.Sub(d.Seen) > lately*time.Minute { // nothing is known of the last minutes
		*d = Dip{Level: sample, Minute: minute}
		for i := range d.Highs {
			d.Highs[i], d.Lows[i] = sample, 0 // no plateau before there are enough minutes
		}
	} else {
		d.Level += (1 - halving(now.Sub(d.Seen), halfDip)) * (sample - d.Level)
	}
	d.Seen = now
	d.note(minute)
	d.back(now, sample)
	if d.Lasts() {
		d.follow(now, sample)
	} else if low, high, last := d.plateau(); low >= alike*high && d.Level < cliff*low {
		d.Before, d.Over, d.Began, d.Rises = high, recovered*last, now, 0
	}
}

// back watches a return until it is complete, or demand falls again.
func (d *Dip) back(now time.Time, sample float64) {
	if d.Back.IsZero() {
		return
	}
	d.Peak = max(d.Peak, sample)
	if now.Sub(d.Back) > comeback || sample < d.Peak/rebounding {
		d.Back, d.Rises = time.Time{}, 0
	}
}

// note enters the level into its minute.
func (d *Dip) note(minute int64) {
	for ; d.Minute < minute; d.Minute++ {
		i := (d.Minute + 1) % dipMinutes
		d.Highs[i], d.Lows[i] = d.Level, d.Level
	}
	i := minute % dipMinutes
	d.Highs[i], d.Lows[i] = max(d.Highs[i], d.Level), min(d.Lows[i], d.Level)
}

// plateau returns the lowest and the highest level of the hour before a fall, and the highest of
// its last minutes. Only if the minutes of that hour were all alike is there a dip: demand that
// jumps about has no usual height to return to, and what was high for less than twice the longest
// burst may have been one. The fall is from the lowest: of demand that sank during the hour, as it
// does every evening, only a part fell within minutes. Nor does such demand return to where it was
// an hour before: waiting for that, a dip would outlast the outage by hours.
func (d *Dip) plateau() (low, high, last float64) {
	low = math.Inf(1)
	for ago := int64(fall); ago < dipMinutes; ago++ {
		i := (d.Minute - ago) % dipMinutes
		high, low = max(high, d.Highs[i]), min(low, d.Lows[i])
		if ago < lately {
			last = high
		}
	}
	return low, high, last
}

// lowest returns the lowest level of the last minutes.
func (d *Dip) lowest() float64 {
	l := math.Inf(1)
	for ago := range int64(lately) {
		l = min(l, d.Lows[(d.Minute-ago)%dipMinutes])
	}
	return l
}

// follow watches a dip.
func (d *Dip) follow(now time.Time, sample float64) {
	if d.Level >= d.Over || now.Sub(d.Began) > longestDip {
		d.Before = 0
		for i := range d.Highs {
			d.Highs[i] = min(d.Highs[i], d.Level)
		}
		return
	}
	low := d.lowest()
	if !d.Back.IsZero() {
		return
	}
	if sample < rebounding*low || sample-low < visible*d.Before {
		d.Rises = 0
		return
	}
	if d.Rises++; d.Rises > 1 && now.Sub(d.Began) > time.Minute {
		d.Back, d.Peak, d.Target = now, sample, d.Before
	}
}

// Lasts reports whether demand is in a dip.
func (d *Dip) Lasts() bool { return d.Before > 0 }

// Returning returns the demand to provide for while demand returns from a dip: the level
// before the dip. It is 0 otherwise.
func (d *Dip) Returning() float64 {
	if d.Back.IsZero() {
		return 0
	}
	return d.Target
}

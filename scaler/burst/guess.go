package burst

import (
	"math"
	"time"
)

// believed is the share of alarms that came true from which on the next one counts.
// One that is false costs replicas from one sample to the next and until they have
// ended, 45 s at least; one that is true has them there a sample sooner, 15 s of a
// missing replica, which are worth 300 s of an idle one at the price of 20.
const believed = 0.25

// guess returns how much more than before there is behind a mean over the window that
// has grown by rise since dt ago, out of the calm. It holds of a burst whatever passed
// since that began, anything up to dt. Halfway is the median, where a burst of twice
// the size is half as likely (the density 1/Δ that prefers no scale); and what rate()
// makes of a window reaches from the first scrape in it to the last, one interval
// less. It is 0 if the samples are a window apart.
func (d *Detector) guess(dt time.Duration, rise float64) float64 {
	return max(2*rise*float64(d.Window-dt)/float64(dt), 0)
}

// suspect guesses what is behind a sample that is no burst yet but may hold the first
// seconds of one: its rise is beyond chance, and the least that can be behind it is a
// burst. It guesses nothing while the usual deviation is not known yet. The next sample
// tells.
func (d *Detector) suspect(dt time.Duration, rise, reference float64) {
	if !(reference > 0) || rise < surely*d.deviation(reference) || d.Seen.Sub(d.First) < halfSpread {
		return
	}
	if more := d.guess(dt, rise); more >= 2*(least-1)*reference {
		d.Guess = reference + more
	}
}

// alarm counts the guess at the newest sample, unless there was one at the former too.
func (d *Detector) alarm(former float64) {
	if d.Guess > 0 && former == 0 {
		d.Alarms++
	}
}

// came counts the alarm at the former sample as true, if there was one.
func (d *Detector) came(former float64) {
	if former > 0 {
		d.True++
	}
}

// suspected returns the demand that may be behind the newest sample, no more than the
// quantile level of where past bursts would have taken it; 0 if the sample raises no
// alarm or is a window old, or if too few alarms came true.
func (d *Detector) suspected(now time.Time, level float64) float64 {
	if d.Lasts() || d.Guess == 0 || now.Sub(d.Seen) >= d.Window || float64(d.True+1) < believed*float64(d.Alarms+1) {
		return 0
	}
	return min(d.Guess, d.ceiling(d.Level, level))
}

// Suspects reports whether the newest sample is no burst but may be the first one of it.
func (d *Detector) Suspects(now time.Time) bool { return d.suspected(now, 0) > 0 }

// ceiling is the quantile level of where past bursts would have taken base; infinity
// if fewer than eight are known.
func (d *Detector) ceiling(base, level float64) float64 {
	if len(d.Recent) < enough {
		return math.Inf(1)
	}
	return d.Reach(base, level)
}

// Rare reports whether bursts are known to be rare: fewer than eight of them, and for
// each and one more an hour that was watched.
func (d *Detector) Rare() bool {
	n := len(d.Recent)
	return n < enough && d.Seen.Sub(d.First) >= time.Duration(n+1)*time.Hour
}

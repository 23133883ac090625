package burst

import (
	"math"
	"time"
)

// believed is the share of alarms that must have come true for the next one to count. A
// false alarm costs its replicas from one sample to the next and until they have ended, at
// least 45 s. A true one has them ready a sample sooner. That saves 15 s of a missing
// replica, worth 300 s of an idle one at the price of 20.
const believed = 0.25

// guess returns by how much demand has probably grown if, out of the calm, the mean over the
// window grew by rise within dt. The burst has then lasted for some time up to dt. The median
// of that is half of dt, if a burst of twice the size is half as likely (the density 1/Δ,
// which prefers no scale). rate() spans the window from its first scrape to its last, so one
// interval is taken off. The guess is 0 if the samples are a window apart. Samples that are
// closer together than scrapes of one target come from several targets, each of which shows
// its growth since its own scrape before.
func (d *Detector) guess(dt time.Duration, rise float64) float64 {
	dt = max(dt, d.Window/scrapes)
	return max(2*rise*float64(d.Window-dt)/float64(dt), 0)
}

// suspect sets the guess for a sample that is no burst yet but may contain the first seconds
// of one: its rise is beyond chance, and even the least demand behind it is a burst. The next
// sample will tell. It guesses nothing until the usual deviation is known.
func (d *Detector) suspect(dt time.Duration, rise, reference float64) {
	if !(reference > 0) || rise < surely*d.deviation(reference) || d.Seen.Sub(d.First) < halfSpread {
		return
	}
	if more := d.guess(dt, rise); more >= 2*(leastRise-1)*reference {
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

// suspected returns the demand that may be behind the newest sample. It is bounded by the
// quantile, of the given level, of where past bursts would have taken demand. It is 0 if the
// sample raises no alarm or is a window old, or if too few alarms came true.
func (d *Detector) suspected(now time.Time, level float64) float64 {
	if d.Lasts() || d.Guess == 0 || now.Sub(d.Seen) >= d.Window || float64(d.True+1) < believed*float64(d.Alarms+1) {
		return 0
	}
	return min(d.Guess, d.ceiling(d.Level, level))
}

// Suspects reports whether the newest sample may be the first one of a burst that has not
// been noticed yet.
func (d *Detector) Suspects(now time.Time) bool { return d.suspected(now, 0) > 0 }

// ceiling returns the quantile of the given level of where past bursts would have taken
// base; infinity if fewer than eight are known.
func (d *Detector) ceiling(base, level float64) float64 {
	if len(d.Recent) < enough {
		return math.Inf(1)
	}
	return d.Reach(base, level)
}

// Rare reports whether bursts are known to be rare: there were fewer than eight, and the
// series was watched for an hour for each of them and one more.
func (d *Detector) Rare() bool {
	n := len(d.Recent)
	return n < enough && d.Seen.Sub(d.First) >= time.Duration(n+1)*time.Hour
}

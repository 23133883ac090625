package burst_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// scraped passes to d the rate over the last minute as Prometheus computes it from scrapes every
// 15 s: from the first scrape in the window to the last, 45 s. phase is the time of the first
// scrape. seen is called after each sample.
func scraped(d *burst.Detector, phase, span time.Duration, demand func(t time.Time) float64, seen func(t time.Time)) {
	counts := []float64{0}
	sum, at := 0.0, start.Add(phase)
	for t := start; t.Before(start.Add(span)); t = t.Add(time.Second) {
		sum += demand(t)
		if t.Before(at) {
			continue
		}
		at = at.Add(step)
		counts = append(counts, sum)
		if n := len(counts); n > 4 {
			d.Update(t, (counts[n-1]-counts[n-4])/45, nan)
			seen(t)
		}
	}
}

// For steps of several sizes at any time between two scrapes, the first or second sample after the
// step asks for a good part of what is missing, and the guess is not far above the step.
func TestTheFirstSampleOfAStepRaisesAnAlarm(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for _, size := range []float64{2, 3, 4, 6} {
		early, n := 0.0, 0.0
		for range 40 {
			at := start.Add(2*time.Hour + time.Duration(rng.IntN(60))*time.Second)
			d := burst.Detector{Window: time.Minute}
			guessed := false
			scraped(&d, time.Duration(rng.IntN(15))*time.Second, 2*time.Hour+3*time.Minute, func(t time.Time) float64 {
				if t.Before(at) {
					return noisy(t, 500)
				}
				return noisy(t, 500*size)
			}, func(now time.Time) {
				need := d.Latch(now, 0.95)
				if now.Before(at) {
					require.Zero(t, need)
				}
				if d.Suspects(now) {
					guessed = true
					require.LessOrEqual(t, need, 500+2.2*500*(size-1))
				}
				if late := now.Sub(at); late >= 2*step && late < 2*step+step/3 {
					require.Greater(t, need, 0.9*500*size, "two samples know it")
				}
			})
			require.True(t, d.Lasts(), "the rise is a burst in the end")
			require.Equal(t, d.Alarms, d.True)
			n++
			if guessed {
				early++
			}
		}
		require.Greater(t, early/n, 0.15, "×%v: else the first sample was enough, or showed nothing", size)
	}
}

// Neither noise nor the randomness of small counts raises an alarm.
func TestNoiseRaisesNoAlarm(t *testing.T) {
	for _, base := range []float64{0.02, 0.2, 2, 20, 200} { // per second
		rng := rand.New(rand.NewPCG(uint64(1000*base), 2))
		d := burst.Detector{Window: time.Minute}
		scraped(&d, 0, 24*time.Hour, func(time.Time) float64 { return poisson(rng, base) }, func(now time.Time) {
			require.False(t, d.Suspects(now), "%v", base)
		})
	}
	d := burst.Detector{Window: time.Minute}
	feed(&d, start, 24*time.Hour, func(t time.Time) float64 { return noisy(t, 1000) })
	require.Zero(t, d.Alarms)
}

// poisson draws a count of mean m, by Knuth's products of uniforms.
func poisson(rng *rand.Rand, m float64) float64 {
	if m > 50 {
		return math.Round(m + math.Sqrt(m)*rng.NormFloat64())
	}
	n, p := 0.0, rng.Float64()
	for p > math.Exp(-m) {
		p *= rng.Float64()
		n++
	}
	return n
}

// A demand that rises by a fourth for a minute every quarter of an hour is no burst, and soon
// raises no alarm.
func TestAlarmsThatDoNotComeTrueAreNotBelieved(t *testing.T) {
	d := burst.Detector{Window: time.Minute}
	believed := 0
	for i := range 24 * 240 {
		v := 1000 * (1 + 0.001*float64(i%7))
		if i%60 >= 56 {
			v *= 1.25
		}
		now := start.Add(time.Duration(i) * step)
		d.Update(now, v, nan)
		if d.Suspects(now) {
			believed++
			require.False(t, d.Suspects(now.Add(time.Minute)), "a minute of silence later")
		}
	}
	require.Greater(t, d.Alarms, 3)
	require.LessOrEqual(t, believed, 3)
}

// Bursts are rare while few were seen in many hours.
func TestRare(t *testing.T) {
	d := burst.Detector{First: start, Seen: start.Add(59 * time.Minute)}
	require.False(t, d.Rare(), "nothing is known of the first hour")
	d.Seen = start.Add(time.Hour)
	require.True(t, d.Rare(), "an hour without one")
	d.Recent = make([]burst.Burst, 4)
	require.False(t, d.Rare(), "four within an hour")
	d.Seen = start.Add(5 * time.Hour)
	require.True(t, d.Rare(), "four within five hours")
	d.Recent, d.Seen = make([]burst.Burst, 8), start.Add(14*24*time.Hour)
	require.False(t, d.Rare(), "so many that their return is judged")
}

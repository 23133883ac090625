package burst_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

var (
	start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	nan   = math.NaN()
)

const step = 15 * time.Second

// feed passes to d, every 15 s, the rate over the last minute of demand(t), and returns the onsets
// that it noticed.
func feed(d *burst.Detector, from time.Time, span time.Duration, demand func(t time.Time) float64) []time.Time {
	var onsets []time.Time
	for t := from.Add(step); !t.After(from.Add(span)); t = t.Add(step) {
		mean := 0.0
		for back := time.Second; back <= time.Minute; back += time.Second {
			mean += demand(t.Add(-back)) / 60
		}
		if d.Update(t, mean, nan) {
			onsets = append(onsets, t)
		}
	}
	return onsets
}

// noisy adds seeded noise that is a function of time, as a rate of a thousand a second has.
func noisy(t time.Time, base float64) float64 {
	rng := rand.New(rand.NewPCG(uint64(t.Unix()), 7))
	return base * (1 + 0.03*rng.NormFloat64())
}

func TestStepIsNoticedWithItsHeight(t *testing.T) {
	d := burst.Detector{Window: time.Minute}
	at := start.Add(time.Hour)
	demand := func(t time.Time) float64 {
		if t.Before(at) {
			return noisy(t, 800)
		}
		return noisy(t, 3200)
	}
	require.Empty(t, feed(&d, start, time.Hour, demand))
	onsets := feed(&d, at, 30*time.Second, demand)
	require.Equal(t, []time.Time{at.Add(15 * time.Second)}, onsets) // the first sample after it
	// The sample says 1400; undoing the mean over the minute gives what is there.
	require.InDelta(t, 3200, d.Latch(at.Add(30*time.Second), 0.5), 200)
	require.InDelta(t, 800, d.Base, 40)

	// A minute later the samples speak for themselves: the guess is forgotten.
	feed(&d, at.Add(30*time.Second), time.Minute, demand)
	require.InDelta(t, 3200, d.Latch(at.Add(90*time.Second), 0.5), 40)
}

// A guess that was too high is dropped although the new level lasts: its pods are paid for.
func TestSurgeIsForgottenOnceDisproved(t *testing.T) {
	d := burst.Detector{Window: 4 * step}
	for i := range 240 {
		d.Update(start.Add(time.Duration(i)*step), 100, nan)
	}
	at := start.Add(time.Hour)
	require.True(t, d.Update(at, 200, nan))
	require.Greater(t, d.Latch(at, 0.5), 240.0, "a quarter of the window has made it 200")
	for i := range 4 {
		at = at.Add(step)
		d.Update(at, 200, nan)
		require.GreaterOrEqual(t, d.Latch(at, 0.5), 200.0, i)
	}
	require.InDelta(t, 200, d.Latch(at, 0.5), 0)
}

func TestRampsAndNoiseAreNoBursts(t *testing.T) {
	for name, demand := range map[string]func(t time.Time) float64{
		"noise":             func(t time.Time) float64 { return noisy(t, 1000) },
		"heavy noise":       func(t time.Time) float64 { return noisy(t, 1000) * math.Exp(noisy(t.Add(time.Hour), 1)*2-2) },
		"morning":           func(t time.Time) float64 { return noisy(t, 200*math.Exp(t.Sub(start).Minutes()*0.05)) },
		"a day":             func(t time.Time) float64 { return noisy(t, 1000-900*math.Cos(t.Sub(start).Hours()/12*math.Pi)) },
		"a constant":        func(time.Time) float64 { return 100 },
		"nothing":           func(time.Time) float64 { return 0 },
		"a little and tiny": func(t time.Time) float64 { return noisy(t, 1e-6) },
	} {
		t.Run(name, func(t *testing.T) {
			var d burst.Detector
			require.Empty(t, feed(&d, start, 90*time.Minute, demand))
			require.Zero(t, d.Chance(start.Add(2*time.Hour), time.Minute))
			require.Zero(t, d.Latch(start.Add(2*time.Hour), 0.5))
		})
	}
}

func TestForecastRampIsNoBurst(t *testing.T) {
	var d burst.Detector
	for i := range 240 {
		d.Update(start.Add(time.Duration(i)*step), 100, 100)
	}
	now := start.Add(time.Hour)
	require.False(t, d.Update(now, 300, 290), "the forecast knew")
	require.True(t, d.Update(now.Add(step), 300, 110), "it was not forecast")
}

func TestBurstEndsAndNewLevelIsNone(t *testing.T) {
	d := burst.Detector{Window: time.Minute}
	at := start.Add(time.Hour)
	demand := func(t time.Time) float64 {
		switch since := t.Sub(at); {
		case since >= 0 && since < 6*time.Minute:
			return noisy(t, 400)
		case since >= time.Hour:
			return noisy(t, 300)
		}
		return noisy(t, 100)
	}
	feed(&d, start, 65*time.Minute, demand)
	require.True(t, d.Lasts())
	high := d.Latch(start.Add(65*time.Minute), 0.5)
	require.GreaterOrEqual(t, high, 390.0)
	feed(&d, start.Add(65*time.Minute), 10*time.Minute, demand)
	require.False(t, d.Lasts())
	require.Len(t, d.Recent, 1)
	require.InDelta(t, 4, d.Recent[0].Height, 0.3)
	require.InDelta(t, 6, d.Recent[0].Lasted.Minutes(), 1)

	onsets := feed(&d, start.Add(75*time.Minute), 2*time.Hour, demand)
	require.Len(t, onsets, 1)
	require.False(t, d.Lasts(), "half an hour later it is the level")
	require.Len(t, d.Recent, 1, "and not remembered as a burst")
	require.InDelta(t, 300, d.Level, 20)
}

// clockwork is a demand with bursts of five minutes at some of the half-hours: after 2, 3 or 4 of
// them, up to two minutes before or after :00 or :30.
func clockwork(days int) (demand func(t time.Time) float64, onsets []time.Time) {
	rng := rand.New(rand.NewPCG(3, 9))
	heights := map[int64]float64{}
	for slot := 0; slot < days*48; slot += 2 + rng.IntN(3) {
		at := start.Add(time.Duration(slot)*30*time.Minute + time.Duration(rng.NormFloat64()*60)*time.Second)
		onsets = append(onsets, at)
		for m := range 5 * 60 {
			heights[at.Unix()+int64(m)] = 3.5 + rng.Float64()*0.01
		}
	}
	return func(t time.Time) float64 {
		if h, ok := heights[t.Unix()]; ok {
			return noisy(t, 100*h)
		}
		return noisy(t, 100)
	}, onsets
}

// The chance of a burst is as often true as it says, and high when one is due.
func TestHedgeIsCalibrated(t *testing.T) {
	demand, onsets := clockwork(8)
	d := burst.Detector{Window: time.Minute}
	feed(&d, start, 5*24*time.Hour, demand)
	require.InDelta(t, float64(len(onsets))*5/8, float64(len(d.Recent)), 3)

	const lead = 2 * time.Minute
	var sum, hits, due, dueHits float64
	for now := start.Add(5 * 24 * time.Hour); now.Before(start.Add(191 * time.Hour)); now = now.Add(time.Minute) {
		feed(&d, now.Add(-time.Minute), time.Minute, demand)
		p := d.Chance(now, lead)
		if d.Lasts() {
			require.Zero(t, p)
			continue
		}
		came := 0.0
		for _, at := range onsets {
			if seen := at.Add(25 * time.Second); seen.After(now) && !seen.After(now.Add(lead)) { // noticed with the next sample or two
				came = 1
			}
		}
		sum, hits = sum+p, hits+came
		if p > 0.2 {
			due, dueHits = due+1, dueHits+came
		}
	}
	require.InDelta(t, hits, sum, 0.25*hits, "expected and seen")
	require.Greater(t, due, 30.0)
	require.Greater(t, dueHits/due, 0.2)
	require.Greater(t, dueHits, hits/2, "most of them are foreseen")
}

func TestNoClockNoSlots(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	at, onsets := start, map[int64]bool{}
	for range 100 {
		at = at.Add(time.Duration(600+rng.ExpFloat64()*5400) * time.Second)
		for s := range int64(180) {
			onsets[at.Unix()+s] = true
		}
	}
	var d burst.Detector
	end := at.Add(20 * time.Minute)
	feed(&d, start, end.Sub(start), func(t time.Time) float64 {
		if onsets[t.Unix()] {
			return noisy(t, 300)
		}
		return noisy(t, 100)
	})
	require.Greater(t, len(d.Recent), 90)
	p := d.Chance(end, 10*time.Minute)
	require.InDelta(t, 600.0/6000, p, 0.08) // exponential gaps: the rate of the process, whenever asked
}

func TestReachIsAQuantile(t *testing.T) {
	demand, _ := clockwork(5)
	d := burst.Detector{Window: time.Minute}
	require.True(t, math.IsNaN(d.Reach(100, 0.5)), "no burst is known")
	feed(&d, start, 5*24*time.Hour-time.Hour, demand)
	require.InDelta(t, 350, d.Reach(100, 0.5), 20)
	require.LessOrEqual(t, d.Reach(100, 0.1), d.Reach(100, 0.9))
}

// A job that runs beside the users adds as much demand at night as at noon; bursts of the users
// themselves multiply theirs. Reach carries on whichever varies less from burst to burst.
func TestReachAddsOrMultiplies(t *testing.T) {
	for name, burstOf := range map[string]func(base float64) float64{
		"adds":       func(base float64) float64 { return base + 600 },
		"multiplies": func(base float64) float64 { return 3 * base },
	} {
		t.Run(name, func(t *testing.T) {
			day := func(t time.Time) float64 { return 200 - 100*math.Cos(t.Sub(start).Hours()/12*math.Pi) }
			d := burst.Detector{Window: time.Minute}
			feed(&d, start, 48*time.Hour, func(t time.Time) float64 {
				if m := t.Sub(start) % (90 * time.Minute); m > 40*time.Minute && m < 46*time.Minute {
					return noisy(t, burstOf(day(t)))
				}
				return noisy(t, day(t))
			})
			require.Greater(t, len(d.Recent), 24)
			for _, base := range []float64{100, 300} {
				require.InEpsilon(t, burstOf(base), d.Reach(base, 0.5), 0.08)
			}
		})
	}
}

// The rise from a demand near zero can be any factor, which says nothing of a level that has grown
// since; and the level of an idle series fades until a quotient with it overflows.
func TestReachIsBoundedByWhatBurstsRoseTo(t *testing.T) {
	for idle, pause := range map[float64]time.Duration{0.001: 2 * time.Hour, 0: 40 * time.Hour, 1e-320: 2 * time.Hour} {
		d := burst.Detector{Window: time.Minute}
		at := start
		for range 5 {
			feed(&d, at, pause, func(time.Time) float64 { return idle })
			at = at.Add(pause)
			feed(&d, at, 30*time.Second, func(time.Time) float64 { return 10 * idle }) // it begins with next to nothing, too
			at = at.Add(30 * time.Second)
			feed(&d, at, 5*time.Minute, func(time.Time) float64 { return 100 })
			at = at.Add(5 * time.Minute)
		}
		feed(&d, at, pause, func(time.Time) float64 { return idle })
		require.NotEmpty(t, d.Recent)
		_, err := json.Marshal(d) // fails on what is not finite
		require.NoError(t, err)
		require.GreaterOrEqual(t, d.Reach(100, 0.95), 100.0)
		require.LessOrEqual(t, d.Reach(100, 0.95), 201.0)
		require.InDelta(t, 1000, d.Reach(1000, 0.95), 101)
	}
}

// After hours without samples the demand may be any. That must not count as a deviation from the
// level, or the next burst would go unnoticed.
func TestBurstsAreNoticedAfterATimeWithoutSamples(t *testing.T) {
	d := burst.Detector{Window: time.Minute}
	feed(&d, start, time.Hour, func(t time.Time) float64 { return noisy(t, 20) })
	usual := d.Spread
	at := start.Add(4 * time.Hour)
	require.Empty(t, feed(&d, at, 5*time.Minute, func(t time.Time) float64 { return noisy(t, 100) }))
	require.InDelta(t, usual, d.Spread, 1)
	at = at.Add(5 * time.Minute)
	require.Len(t, feed(&d, at, time.Minute, func(t time.Time) float64 { return noisy(t, 300) }), 1)
}

// A job runs at six and at eighteen on nearly all days, and in a quarter of the other hours: the
// chance follows the time of day.
func TestHedgeKnowsTheTimeOfDay(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	onsets := map[int64]bool{}
	usual := func(hour int) bool { return hour%12 == 6 }
	for hour := range 14 * 24 {
		if rng.Float64() < 0.25 || usual(hour) && rng.Float64() < 0.9 {
			for s := range int64(300) {
				onsets[start.Unix()+int64(hour)*3600+s] = true
			}
		}
	}
	demand := func(t time.Time) float64 {
		if onsets[t.Unix()] {
			return noisy(t, 400)
		}
		return noisy(t, 100)
	}
	d := burst.Detector{Window: time.Minute}
	feed(&d, start, 9*24*time.Hour-10*time.Minute, demand)
	var chance, n [2]float64
	for hour := 9 * 24; hour < 14*24; hour++ {
		i := 0
		if usual(hour) {
			i = 1
		}
		chance[i], n[i] = chance[i]+d.Chance(d.Seen, 15*time.Minute), n[i]+1
		feed(&d, d.Seen, time.Hour, demand)
	}
	require.Positive(t, d.Clock())
	require.InDelta(t, 0.25, chance[0]/n[0], 0.1)
	require.Greater(t, chance[1]/n[1], 0.5)
}

// The demand of a burst is kept while it is at its height, and as long after as a replica costs to
// start and to end; then a burst that fades is followed.
func TestABurstThatFadesIsFollowed(t *testing.T) {
	d := burst.Detector{Window: time.Minute}
	at := start.Add(time.Hour)
	demand := func(t time.Time) float64 {
		switch since := t.Sub(at); {
		case since < 0:
			return noisy(t, 100)
		case since < 4*time.Minute:
			return noisy(t, 800)
		}
		return noisy(t, 400)
	}
	feed(&d, start, time.Hour+4*time.Minute, demand)
	now := at.Add(4 * time.Minute)
	require.InDelta(t, 800, d.Latch(now, 0.5), 40)
	feed(&d, now, time.Minute, demand)
	require.InDelta(t, 800, d.Latch(now.Add(time.Minute), 0.5), 40)
	feed(&d, now.Add(time.Minute), 3*time.Minute, demand)
	require.True(t, d.Lasts())
	require.InDelta(t, 400, d.Latch(now.Add(4*time.Minute), 0.5), 20)
}

// After many bursts their heights are known: a guess beyond them from the first sample is not
// believed, a sample beyond them is.
func TestGuessesAreBoundedByTheKnownHeights(t *testing.T) {
	demand, onsets := clockwork(4)
	d := burst.Detector{Window: time.Minute}
	require.True(t, math.IsInf(d.Ceiling(0.95), 1))
	last := onsets[len(onsets)-1].Add(-10 * time.Minute)
	feed(&d, start, last.Sub(start), demand)
	require.False(t, d.Lasts())
	now := last.Add(step)
	require.True(t, d.Update(now, 260, nan)) // the mean has grown by 160 within a quarter of its window: 740 or more
	require.InDelta(t, 350, d.Latch(now, 0.95), 20)
	d.Update(now.Add(step), 500, nan)
	require.InDelta(t, 500, d.Latch(now.Add(step), 0.95), 0)
}

func TestDetectorSurvivesNonsense(t *testing.T) {
	demand, _ := clockwork(4)
	d := burst.Detector{Window: time.Minute}
	feed(&d, start, 80*time.Hour, demand)
	before := d
	for _, v := range []float64{nan, math.Inf(1), -1} {
		require.False(t, d.Update(d.Seen.Add(step), v, nan))
	}
	require.False(t, d.Update(d.Seen, 1e9, nan), "not newer")
	require.Equal(t, before, d)
}

func BenchmarkUpdate(b *testing.B) {
	var d burst.Detector
	for i := 0; b.Loop(); i++ {
		d.Update(start.Add(time.Duration(i)*step), 100+float64(i%7), nan)
	}
}

// Reach is called at every tick.
func TestReachDoesNotAllocate(t *testing.T) {
	d := burst.Detector{}
	for i := range 100 {
		d.Recent = append(d.Recent, burst.Burst{At: time.Unix(int64(1800*i), 0), Height: 3 + float64(i%7)/10, Base: 100, Lasted: 6 * time.Minute})
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		d.Reach(100, 0.95)
		d.Usually(10 * time.Minute)
	}))
}

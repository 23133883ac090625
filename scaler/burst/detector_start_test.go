package burst_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// pastOf returns a detector that has watched a week of cells around a hundred, with a burst to
// four hundred about once in four hours at no particular time, and the end of that week, which
// is calm.
func pastOf(t *testing.T) (*burst.Detector, time.Time) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 1))
	past, next := &burst.Detector{}, 0
	for i := range 7 * 1440 {
		v := 100 + 3*rng.NormFloat64()
		if i >= next+5 {
			next = i + 30 + rng.IntN(420)
		} else if i >= next && i < 7*1440-30 {
			v = 400
		}
		past.Update(start.Add(time.Duration(i+1)*time.Minute), v, nan)
	}
	require.Greater(t, len(past.Recent), 20)
	require.Zero(t, past.Clock())
	require.False(t, past.Lasts())
	return past, start.Add(7 * day)
}

// A detector started from a history knows how far a sample usually lies from the level: it
// notices the first burst, and does not take the first sample for one.
func TestADetectorContinuesItsHistory(t *testing.T) {
	past, now := pastOf(t)
	for name, tt := range map[string]struct {
		sample float64
		want   bool
	}{
		"as usual":         {103, false},
		"noise":            {112, false},
		"a burst goes on":  {400, true},
		"the calm between": {97, false},
	} {
		d := &burst.Detector{Window: time.Minute}
		d.Remember(past)
		require.Equal(t, tt.want, d.Update(now.Add(15*time.Second), tt.sample, nan), name)
	}

	d := &burst.Detector{Window: time.Minute}
	d.Remember(past)
	for range 20 { // five minutes
		now = now.Add(15 * time.Second)
		require.False(t, d.Update(now, 100, nan))
	}
	require.InDelta(t, past.Spread, d.Spread, 1)
	require.True(t, d.Update(now.Add(15*time.Second), 180, nan))
}

// Before the first sample the chance of a burst is that in the history.
func TestTheChanceBeforeTheFirstSample(t *testing.T) {
	past, now := pastOf(t)
	d := &burst.Detector{Window: time.Minute}
	d.Remember(past)
	require.InDelta(t, past.Chance(now, 2*time.Minute), d.Chance(now, 2*time.Minute), 1e-9)
	require.Less(t, d.Chance(now, 2*time.Minute), 0.1)
}

// A detector that is started in the middle of a burst goes on with that, as if it had run all the
// time. What rises by the clock is no burst: its median is forecast.
func TestADetectorGoesOnWithTheBurstThatLasts(t *testing.T) {
	past, now := pastOf(t)
	past.Window = time.Minute
	for i := range 3 {
		now = now.Add(time.Minute)
		require.Equal(t, i == 0, past.Update(now, 400, nan))
	}
	d := &burst.Detector{Window: time.Minute}
	d.Remember(past)
	onset := past.Onset
	for range 20 * 4 {
		now = now.Add(15 * time.Second)
		require.False(t, d.Update(now, 400, nan), "it does not begin anew")
		past.Update(now, 400, nan)
		require.Equal(t, onset, d.Onset)
		require.InDelta(t, past.Latch(now, 0.95), d.Latch(now, 0.95), 1e-9)
	}
	for range 8 {
		now = now.Add(15 * time.Second)
		d.Update(now, 100, nan)
	}
	require.False(t, d.Lasts())
	require.Equal(t, onset, d.Recent[len(d.Recent)-1].At, "it lasted since before the start")

	require.True(t, past.Lasts())
	past.Expect(past.Onset)
	d = &burst.Detector{Window: time.Minute}
	d.Remember(past)
	require.False(t, d.Lasts())
}

// A history of ten minutes does not tell how far demand usually lies from its level: the first rise
// of a wave that is seen in it looks like a burst, which a wave of a minute never ends. That is not
// gone on with, whatever the phase at which the history begins.
func TestADetectorDoesNotGoOnWithTheFirstRiseOfAHistory(t *testing.T) {
	lasting := 0
	for phase := range 60 {
		wave := func(i int) float64 { return 50 + 15*math.Sin(2*math.Pi*float64(i+phase)/60) }
		past, now := &burst.Detector{Window: time.Second}, start
		for i := range 600 {
			now = now.Add(time.Second)
			past.Update(now, wave(i), nan)
		}
		if past.Lasts() {
			lasting++
		}
		d := &burst.Detector{Window: time.Second}
		d.Remember(past)
		require.False(t, d.Lasts(), "phase %d", phase)
	}
	require.Positive(t, lasting)
}

package burst_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// job is demand with a job that begins every gap, raises it to four times as much within rise, and
// falls within as long.
func job(gap func(i int) time.Duration, rise time.Duration, until time.Time) func(t time.Time) float64 {
	heights := map[int64]float64{}
	for i, at := 0, start.Add(gap(0)); at.Before(until); i, at = i+1, at.Add(gap(i+1)) {
		n := int64(max(rise.Seconds(), 60))
		for s := range 2 * n {
			up := float64(min(s, 2*n-s)) / max(rise.Seconds(), 1)
			heights[at.Unix()+s] = 1 + 3*min(up, 1)
		}
	}
	return func(t time.Time) float64 {
		if h, ok := heights[t.Unix()]; ok {
			return noisy(t, 100*h)
		}
		return noisy(t, 100)
	}
}

// A job that sleeps for an hour between its runs of five minutes is foreseen, though it follows no
// wall clock; one that is started at random is not.
func TestAJobWithAClockOfItsOwnIsForeseen(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9)) // of one case
	end := start.Add(36 * time.Hour)
	for name, c := range map[string]struct {
		gap      func(int) time.Duration
		foreseen bool
	}{
		"every 65 minutes":      {func(int) time.Duration { return 65 * time.Minute }, true},
		"and some":              {func(i int) time.Duration { return 65*time.Minute + time.Duration(i*37%120)*time.Second }, true},
		"one in seven later":    {func(i int) time.Duration { return 65*time.Minute + time.Duration(i%7/6*40)*time.Minute }, true},
		"whenever":              {func(int) time.Duration { return time.Duration(20+rng.ExpFloat64()*45) * time.Minute }, false},
		"fewer than are judged": {func(int) time.Duration { return 5 * time.Hour }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := burst.Detector{Window: time.Minute}
			require.False(t, d.Foreseen())
			feed(&d, start, end.Sub(start), job(c.gap, 0, end))
			require.Zero(t, d.Clock())
			require.Equal(t, c.foreseen, d.Foreseen())
		})
	}
}

// A burst that rises for five minutes is not at its height two minutes after it was noticed: the
// replicas that were ready for it stay. One that rises at once is at its height by then: if that is
// lower than usual, no surplus stays.
func TestASlowRiseIsWaitedFor(t *testing.T) {
	end := start.Add(24 * time.Hour)
	for name, c := range map[string]struct {
		rise time.Duration
		want float64
	}{
		"at once":             {0, 220},
		"within five minutes": {5 * time.Minute, 400},
	} {
		t.Run(name, func(t *testing.T) {
			d := burst.Detector{Window: time.Minute}
			feed(&d, start, end.Sub(start), job(func(int) time.Duration { return 65 * time.Minute }, c.rise, end))
			require.False(t, d.Lasts())
			require.Greater(t, len(d.Recent), 15)
			at := end.Add(10 * time.Minute)
			feed(&d, end, 10*time.Minute, func(t time.Time) float64 { return noisy(t, 100) })
			onsets := feed(&d, at, 3*time.Minute+30*time.Second, func(t time.Time) float64 { return noisy(t, 220) })
			require.Len(t, onsets, 1)
			require.InDelta(t, c.want, d.Latch(d.Seen, 0.95), 40)
		})
	}
}

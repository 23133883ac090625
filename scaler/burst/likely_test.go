package burst_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// Nothing depends on the unit of demand: requests a second, or millions of them.
func TestBurstsDoNotDependOnTheUnit(t *testing.T) {
	type seen struct {
		onsets []time.Time
		latch  []float64
		chance []float64
	}
	watch := func(unit float64) (s seen) {
		d := burst.Detector{Window: time.Minute}
		for from := start; from.Before(start.Add(10 * time.Hour)); from = from.Add(step) {
			s.onsets = append(s.onsets, feed(&d, from, step, func(t time.Time) float64 {
				if t.Sub(start)%time.Hour > 57*time.Minute {
					return noisy(t, 5) * unit
				}
				return noisy(t, 1) * unit
			})...)
			s.latch = append(s.latch, d.Latch(d.Seen, 0.9)/unit)
			s.chance = append(s.chance, d.Chance(d.Seen, time.Minute))
		}
		return s
	}
	want, got := watch(1), watch(1e-6)
	require.Len(t, want.onsets, 10)
	require.Equal(t, want.onsets, got.onsets)
	require.InDeltaSlice(t, want.latch, got.latch, 1e-6)
	require.InDeltaSlice(t, want.chance, got.chance, 1e-6)
}

// One sample far above the usual is a burst. A lower one may be chance, two such in a row are not.
func TestTwoLikelySamplesInARowAreABurst(t *testing.T) {
	for name, c := range map[string]struct {
		samples []float64
		want    []bool
	}{
		"surely":               {[]float64{175}, []bool{true}},
		"likely, and again":    {[]float64{155, 155}, []bool{false, true}},
		"likely, and over":     {[]float64{155, 100, 155}, []bool{false, false, false}},
		"high, but not likely": {[]float64{140, 140}, []bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var d burst.Detector
			now := start
			for i := range 960 { // four hours of a mean deviation of 9, a standard one of 11
				now = now.Add(step)
				require.False(t, d.Update(now, 91+18*float64(i%2), nan))
			}
			for i, v := range c.samples {
				now = now.Add(step)
				require.Equal(t, c.want[i], d.Update(now, v, nan), "sample %d, deviation %v", i, d.Spread)
			}
		})
	}
}

package direct

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is read through a view is what the cells hold: at all steps, before there
// is a season, and across a change of the clocks.
func TestViewAgreesWithItsCells(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		step time.Duration
		days int
		off  float64 // what a value may differ by: a Small keeps twelve bits
	}{
		"minutes":      {time.Minute, 9, 5e-3}, // from Thursday over the Sunday on which an hour is skipped
		"five minutes": {5 * time.Minute, 9, 5e-3},
		"hours":        {time.Hour, 16, 0.1}, // read before its block of the tape was packed
		"six hours":    {6 * time.Hour, 40, 0.1},
		"ten seconds":  {10 * time.Second, 2, 0}, // cells of more than a sample: no view
	} {
		t.Run(name, func(t *testing.T) {
			reach := max(12, int(time.Hour/c.step))
			rungs := []int{1, 2, reach / 2, reach}
			lags := NewLags(c.step, time.Minute, reach)
			start := time.Date(2024, 3, 28, 0, 0, 0, 0, time.UTC)
			viewed := NewMemory(lags, NewWall(start, c.step, berlin))
			plain := NewMemory(lags, NewWall(start, c.step, berlin))
			plain.dayView.able, plain.weekView.able = false, false
			rng := rand.New(rand.NewPCG(1, 2))
			a, b := make([]Season, len(rungs)), make([]Season, len(rungs))
			rowA, rowB := lags.NewRow(), lags.NewRow()
			used := false
			for i := range c.days * int(24*time.Hour/c.step) {
				z := rng.ExpFloat64()
				viewed.Push(z, z)
				plain.Push(z, z)
				if i < reach || i%7 != 0 {
					continue
				}
				used = used || viewed.dayView.valid
				for _, of := range []func(*Memory, []Season){
					func(m *Memory, dst []Season) { m.Past(dst, rungs) },
					func(m *Memory, dst []Season) { m.Seasons(dst, rungs) },
				} {
					of(viewed, a)
					of(plain, b)
					for k := range a {
						same(t, c.off, b[k].Day, a[k].Day)
						same(t, c.off, b[k].DaySmooth, a[k].DaySmooth)
						same(t, c.off, b[k].DayMax, a[k].DayMax)
						same(t, c.off, b[k].Week, a[k].Week)
						same(t, c.off, b[k].WeekSmooth, a[k].WeekSmooth)
						same(t, c.off, b[k].WeekMax, a[k].WeekMax)
					}
				}
				originA, originB := viewed.Origin(reach), plain.Origin(reach)
				viewed.Row(&rowA, &originA, reach, &a[3], &Clock{})
				plain.Row(&rowB, &originB, reach, &b[3], &Clock{})
				for k := range rowA {
					require.InDeltaSlice(t, rowB[k], rowA[k], c.off, "sample %d, transform %d", i, k)
				}
				dayA, weekA := viewed.LevelThen()
				dayB, weekB := plain.LevelThen()
				same(t, c.off, dayB, dayA)
				same(t, c.off, weekB, weekA)
			}
			require.Equal(t, c.step >= time.Minute && c.step <= time.Hour, used, "the view is of use where it can be")
		})
	}
}

func same(t *testing.T, off, want, got float64) {
	t.Helper()
	require.Equal(t, math.IsNaN(want), math.IsNaN(got))
	if !math.IsNaN(want) {
		require.InDelta(t, want, got, off)
	}
}

package ets

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A season has a cell for each step, whatever the zone: hours that begin at a quarter, at half or
// at three quarters past the hour by the clock must not share one.
func TestEveryStepHasACellOfItsOwn(t *testing.T) {
	start := time.Date(2024, 5, 6, 1, 0, 0, 0, time.UTC)
	for _, step := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour} {
		for _, offset := range []time.Duration{0, time.Hour, 330 * time.Minute, 345 * time.Minute, -210 * time.Minute} {
			zone := time.FixedZone("", int(offset/time.Second))
			m := newMemory(start, step, 24*time.Hour, zone)
			n := len(m.cells)
			require.Equal(t, int(24*time.Hour/step), n)
			seen := map[int32]bool{}
			for h := range n {
				i, j, w := m.locate(m.clock.Phase(h + 1))
				require.Equal(t, i, j)
				require.Zero(t, w)
				seen[i] = true
			}
			require.Len(t, seen, n, "steps of %v, %v from UTC", step, offset)
			f := Fitted{start: start, step: step, model: Model{Zone: zone}}
			clear(seen)
			for _, i := range f.cells(24*time.Hour, n) {
				seen[i] = true
			}
			require.Len(t, seen, n, "steps of %v, %v from UTC, before the first cell", step, offset)
		}
	}
}

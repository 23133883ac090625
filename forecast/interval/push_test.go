package interval

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// pushed returns the push on the 95 % bound of a series of minutes h steps ahead, of which
// the given share was missed of late.
func pushed(h int, share float32) float64 {
	b, t := NewBand(), NewTiming(1440, h, 1)
	b.missed[1] = share
	return float64(b.push(p90+1, &t))
}

func TestThePushGrowsWithTheRootOfManyMissesAndInProportionToFew(t *testing.T) {
	require.Zero(t, pushed(5, 0.05), "as many as promised")
	require.InDelta(t, 2, pushed(1, 0.06)/pushed(1, 0.055), 0.1, "a tenth and a fifth too many, a minute ahead")
	require.InDelta(t, 1.41, pushed(60, 0.06)/pushed(60, 0.055), 0.1, "an hour ahead they come in rows")
	require.InDelta(t, 2, pushed(60, 0.45)/pushed(60, 0.15), 0.1, "nine times and three times as many")
	require.InDelta(t, pushed(60, 0.9), pushed(60, 1), 1e-6, "it has an end")
	require.InDelta(t, pushed(60, 0.02), pushed(60, 0), 1e-6, "and few misses are no reason to hurry")
}

func TestThePushIsGentlerTheLaterItIsJudged(t *testing.T) {
	for _, h := range [][2]int{{1, 5}, {5, 15}, {15, 60}} {
		require.Greater(t, pushed(h[0], 0.3), pushed(h[1], 0.3), "%d and %d minutes ahead", h[0], h[1])
	}
	hourly := NewTiming(24, 12, 1)
	minutes := NewTiming(1440, 60, 3)
	require.InDelta(t, minutes.push, hourly.push, 1e-6, "no more so beyond an hour")
}

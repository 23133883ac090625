package direct

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWallFollowsTheClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	start := time.Date(2024, 3, 30, 0, 0, 0, 0, time.UTC) // 1:00 in Berlin
	w := NewWall(start, time.Minute, berlin)
	const change = 25 * 60 // 1:00 UTC on the 31st
	require.Equal(t, change-1, w.at(change-1))
	require.Equal(t, change+60, w.at(change), "the clocks go forward an hour")
	require.InDelta(t, 1.0/24, w.fraction(0), 1e-12)
	require.InDelta(t, 3.0/24, w.fraction(change), 1e-12, "2:00 is 3:00")

	back := int(time.Date(2024, 10, 27, 1, 0, 0, 0, time.UTC).Sub(start) / time.Minute)
	w.pass(change)
	require.Equal(t, change-1, w.at(change-1), "still asked for")
	w.pass(change + 1)
	require.Equal(t, back+59, w.at(back-1))
	require.Equal(t, back, w.at(back), "the clocks go back an hour")

	utc := NewWall(start, time.Minute, nil)
	utc.pass(change + 1)
	require.Equal(t, back, utc.at(back))
	require.InDelta(t, 0.5, utc.fraction(720), 1e-12)
}

// A job every eighteen hours counts elapsed time: on both days around a change of the clocks its
// period lies eighteen hours back, not seventeen or nineteen.
func TestOtherPeriodsLookBackOverAChangeOfTheClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	const period, step = 108, 10 * time.Minute
	start := time.Date(2024, 3, 29, 0, 0, 0, 0, time.UTC)
	lags := NewLags(step, time.Minute, 12)
	lags.Others[0] = period
	m := NewMemory(lags, NewWall(start, step, berlin))
	for i := range 5 * 144 {
		z := float64(i % 500)
		m.Push(z, z)
		if i >= period {
			require.InDelta(t, float64((i-period)%500), m.other.at(m.wall.at(i-period)), 3, "%v after the start", time.Duration(i)*step)
		}
	}
}

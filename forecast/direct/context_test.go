package direct

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/calendar"
)

// Hours that are worth the number of their day, the newest the one before noon of day
// ten: the context is of days 9, 3 and 2, and of the next ones from midnight on.
func TestContext(t *testing.T) {
	l := NewLags(time.Hour, time.Minute, 12)
	require.Equal(t, 24, l.Eve)
	m := NewMemory(l, NewWall(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Hour, nil))
	m.Push(0, 0)
	c := m.Context(3)
	for _, v := range []float64{c.Before.Day, c.After.Week, c.After.Eve} {
		require.True(t, math.IsNaN(v))
	}
	for i := 1; i < 10*24+12; i++ {
		m.Push(float64(i/24), float64(i/24))
	}
	for ahead, want := range map[int][2][3]float64{
		0:  {{9, 3, 2}, {9, 3, 2}},
		6:  {{9, 3, 2}, {9, 3, 2}},
		12: {{9, 3, 2}, {10, 4, 3}}, // the hours up to midnight and those from it on
	} {
		c := m.Context(ahead)
		for k, got := range [...]calendar.Around{c.Before, c.After} {
			require.InDelta(t, want[k][0], got.Day, 0.01, "%d hours ahead", ahead)
			require.InDelta(t, want[k][1], got.Week, 0.01, "%d hours ahead", ahead)
			require.InDelta(t, want[k][2], got.Eve, 0.01, "%d hours ahead", ahead)
		}
	}
}

func TestMedianOfCells(t *testing.T) {
	c := newCells(100, 10, 1)
	for i := range 60 {
		c.push(float64(i % 10))
	}
	require.InDelta(t, 4, c.median(30, 39), 1e-2, "of ten every second")
	require.InDelta(t, 2, c.median(30, 34), 1e-2)
	require.InDelta(t, 9, c.median(59, 70), 1e-2, "what is known")
	require.True(t, math.IsNaN(c.median(70, 80)))
}

package input

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A finer step sees the same day: five-minute means of a series of minutes.
func TestTheWeekIsKeptOnACoarseGrid(t *testing.T) {
	g := newGrid(time.Minute)
	require.LessOrEqual(t, len(g.cells), 2020)
	for i := range int64(8 * 1440) {
		g.push(i, float64(i))
	}
	for _, i := range []float64{8*1440 - 10, 7 * 1440, 1440, 1441.5} {
		v, ok := g.at(i)
		require.True(t, ok)
		require.InDelta(t, i, v, 1e-3)
	}
	_, ok := g.at(8*1440 + 3)
	require.False(t, ok, "the cell is still open")
	_, ok = g.at(1400 - 8*5)
	require.False(t, ok, "a week and a bit are kept")
	for _, step := range []time.Duration{7 * time.Second, 5 * time.Minute, 7 * time.Minute, 12 * time.Hour} {
		require.LessOrEqual(t, len(newGrid(step).cells), 2030)
	}
}

// When traffic sets in after idle days, the bounds widen within a day.
func TestTheScaleWakesUp(t *testing.T) {
	v := NewView(Learned(), Normalisation{}, nil, time.Unix(0, 0), time.Minute)
	rng := rand.New(rand.NewPCG(3, 3))
	for range 3 * 1440 {
		v.Push(100)
	}
	require.InDelta(t, minNoise, v.norm.noise, 1e-9)
	v.Push(1e5) // one spike is no alarm
	v.Push(100)
	require.InDelta(t, minNoise, v.norm.noise, 1e-9)
	for range 60 {
		v.Push(100 * math.Exp(0.2*rng.NormFloat64()))
	}
	require.Greater(t, v.norm.noise, 0.05)
}

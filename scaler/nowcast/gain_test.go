package nowcast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// smoothed runs a gain beside simple exponential smoothing, whose forecast is its level
// for all cells ahead, and returns it after the values.
func smoothed(alpha float64, values []float64) *Gain {
	var g Gain
	level := values[0]
	g.Expect(values[0], level, level)
	for _, v := range values[1:] {
		level += alpha * (v - level)
		g.Close(v, level)
		g.Expect(v, level, level)
	}
	return &g
}

func walk(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	at := 100.0
	for i := range out {
		at += rng.NormFloat64()
		out[i] = at
	}
	return out
}

// Simple exponential smoothing revises all it forecast by α of each error, whatever the
// series: that is its gain.
func TestTheGainOfSmoothingIsItsParameter(t *testing.T) {
	for _, alpha := range []float64{0, 0.1, 0.5, 1} {
		g := smoothed(alpha, walk(3000))
		part := g.cells / (g.cells + gainFirstCells)
		require.InDelta(t, part*alpha+(1-part)*gainFirst, g.value(), 1e-9, "α = %v", alpha)
		require.InDelta(t, alpha, g.value(), 0.01, "little is left of what it began with")
	}
}

// One outlier weighs as much as a thousand usual errors, and a model with a guard does not follow
// it. It does not set the gain of the next day.
func TestAnOutlierIsNotTheGainOfADay(t *testing.T) {
	g := smoothed(1, walk(500))
	before := g.value()
	g.Close(g.last+1000*g.usual, g.farther)
	require.InDelta(t, before, g.value(), 0.05)
}

func TestAGainMovesTheForecastAsTheModelWill(t *testing.T) {
	g := smoothed(0.5, walk(3000))
	g.Expect(100, 104, 110)
	unit, value := g.usual, g.Worth()
	require.InDelta(t, 0.25, value, 0.01)
	for name, tt := range map[string]struct{ sample, part, want float64 }{
		"as forecast, at a quarter of the cell":  {101, 0.25, 0},
		"as forecast, at its end":                {104, 1, 0},
		"above":                                  {102 + unit, 0.5, value * unit},
		"below":                                  {102 - unit, 0.5, -value * unit},
		"no more than what is usual moves it up": {1e6, 0.5, value * gainWidest * unit},
		"nor down":                               {0, 0.5, -value * gainWidest * unit},
	} {
		require.InDelta(t, tt.want, g.Move(tt.sample, tt.part), 1e-9, name)
	}
}

func TestWhatIsNotKnownMovesNothing(t *testing.T) {
	var g Gain
	require.Zero(t, g.Move(100, 0.5), "nothing was forecast")
	require.Zero(t, g.Worth())
	require.InDelta(t, gainFirst, g.value(), 0)
	g.Close(100, 100)
	require.Equal(t, Gain{}, g, "nothing was expected of that cell")

	g.Expect(100, 100, 100)
	require.Zero(t, g.Move(200, 0.5), "and no error was seen")
	require.Zero(t, g.Worth())

	nan := math.NaN()
	learned := smoothed(0.5, walk(100))
	before := *learned
	learned.Close(nan, 100)
	learned.Close(100, nan)
	require.Equal(t, before, *learned, "a silent cell, and a forecast that does not reach so far")
	for _, of := range [][3]float64{{nan, 1, 1}, {1, nan, 1}, {1, 1, nan}} {
		learned.Expect(of[0], of[1], of[2])
		require.Zero(t, learned.Move(1e6, 0.5))
	}
}

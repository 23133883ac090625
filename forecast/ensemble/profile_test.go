package ensemble

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// shifted returns days of a weekly rhythm and noise, each day at a level of its own:
// keep of that of the day before, and a draw.
func shifted(days int, keep float64) []float64 {
	rng := rand.New(rand.NewPCG(4, 4))
	z, level := make([]float64, 24*days), 0.0
	for i := range z {
		if i%24 == 0 {
			level = keep*level + rng.NormFloat64()
		}
		z[i] = 5*math.Sin(2*math.Pi*float64(i)/168) + 3*math.Sin(2*math.Pi*float64(i)/24) + level + 0.1*rng.NormFloat64()
	}
	return z
}

func TestProfileLearnsWhetherShiftsLast(t *testing.T) {
	const weather, holiday = 0.9, 0
	share := func(keep float64) float64 {
		z := shifted(42, keep)
		return newProfile(z, 168, 24, 48).lasting(len(z), 5) // thirty to thirty-six hours later
	}
	require.Greater(t, share(weather), 0.5)
	require.Less(t, share(holiday), 0.3, "the prior alone is 0.50")
}

func TestProfileRepeatsAWeek(t *testing.T) {
	z := make([]float64, 4*168+60)
	for i := range z {
		z[i] = float64(i % 168)
	}
	const origin = 4*168 + 12
	path := newProfile(z, 168, 24, 48).path(origin, 48)
	require.InDeltaSlice(t, z[origin:], path, 1e-9)
	require.Nil(t, newProfile(z, 168, 24, 48).path(168+23, 48), "no week and day to look back on")
}

// What comes after an origin has no part in the path from it.
func TestProfileKnowsNoFuture(t *testing.T) {
	z := shifted(42, 0.5)
	const origin = 900
	short, long := newProfile(z[:origin], 168, 24, 48), newProfile(z, 168, 24, 48)
	long.usual = short.usual // of the whole history, a unit and no forecast
	require.InDeltaSlice(t, short.path(origin, 48), long.path(origin, 48), 1e-12)
}

package analog_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/analog"
)

// wave is a day of 24 cells whose evening is odd on every third day, announced by
// its morning.
func wave(n int) []float64 {
	z := make([]float64, n)
	for i := range z {
		z[i] = 10 + 5*math.Sin(2*math.Pi*float64(i)/24)
		if i/24%3 == 0 {
			switch i % 24 {
			case 9:
				z[i] += 2 // the sign
			case 18:
				z[i] += 8 // what it announces
			}
		}
	}
	return z
}

func TestTheDaysThatBeganLikeThisOneTellItsEvening(t *testing.T) {
	z := wave(24 * 40)
	for _, day := range []int{30, 31, 32, 33} {
		noon := 24*day + 12
		got := analog.Path(z[:noon], 12, analog.Options{Period: 24})
		require.InDeltaSlice(t, z[noon:noon+12], got, 1e-9, "day %d", day)
	}
}

func TestAMoveOfTheLevelFades(t *testing.T) {
	z := wave(24 * 41)
	for i := 24 * 40; i < len(z); i++ {
		z[i] += 6
	}
	got := analog.Path(z, 48, analog.Options{Period: 24, Nearest: 1})
	require.InDelta(t, 10+6, got[0], 0.1)
	require.InDelta(t, 10+6*math.Exp(-1), got[24], 0.1)
}

func TestWithoutAPastThereIsNoForecast(t *testing.T) {
	require.Nil(t, analog.Path(wave(60), 24, analog.Options{Period: 24}))
	require.Nil(t, analog.Path(nil, 24, analog.Options{Period: 24}))
}

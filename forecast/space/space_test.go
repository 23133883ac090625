package space_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/space"
)

func TestBackUndoesForward(t *testing.T) {
	values := []float64{math.NaN(), 3, 100, 120, 0, 90}
	for _, s := range []space.Space{{}, space.Log(values)} {
		for _, v := range []float64{0, 3, 50, 1e6} {
			require.InEpsilon(t, 1+v, 1+s.Back(s.Forward(v)), 1e-12, "%+v", s)
		}
		require.True(t, math.IsNaN(s.Forward(math.NaN())))
	}
}

func TestZerosDoNotReachMinusInfinity(t *testing.T) {
	for _, values := range [][]float64{nil, {0, 0}, {100, 101}, {0, 100}} {
		z := space.Log(values).Forward(0)
		require.False(t, math.IsInf(z, 0) || math.IsNaN(z), "%v: %v", values, z)
	}
}

func TestTheOffsetIsZeroFarFromZero(t *testing.T) {
	require.InDelta(t, math.Log(50), space.Log([]float64{10, 100, 100}).Forward(50), 1e-15, "least 10 is a tenth of the median")
	require.InDelta(t, math.Log(52), space.Log([]float64{0, 100, 100}).Forward(50), 1e-15, "offset is a fiftieth of 100")
}

func TestExtentSkipsWhatIsNoSample(t *testing.T) {
	low, high := space.Extent([]float64{math.NaN(), -1, 4, 2})
	require.Equal(t, [2]float64{2, 4}, [2]float64{low, high})
	low, high = space.Extent([]float64{math.NaN()})
	require.Equal(t, [2]float64{0, 0}, [2]float64{low, high})
}

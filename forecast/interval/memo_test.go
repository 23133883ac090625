package interval

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARatioKeepsFiveBits(t *testing.T) {
	for v := 1.0 / 128; v < 248; v *= 1.01 {
		r := toRatio(float32(v))
		require.InEpsilon(t, v, float64(r.value()), 1.0/32+1e-6)
		require.InDelta(t, math.Log(float64(r.value())), float64(r.log()), 1e-6)
	}
	require.Equal(t, unity, toRatio(1))
	require.Zero(t, toRatio(0).value(), "a bound that is the point stays it")
	for _, far := range []float32{248, 1e30, float32(math.Inf(1)), float32(math.NaN())} {
		require.InDelta(t, 248, float64(toRatio(far).value()), 0)
	}
}

// A truth of zero does not lie under a bound of zero: its memory may not have
// slipped below.
func TestAMemoHasNoBoundBelowZero(t *testing.T) {
	for point := float32(0.013); point < 100; point *= 1.1 {
		var m Memo
		m.slow = 0x8000
		m.keep(&[Count]float32{0, point / 2, point, 2 * point, 3 * point, 4 * point}, point)
		got := m.issued(point)
		require.GreaterOrEqual(t, got[0], float32(0))
		require.InDelta(t, 0, float64(got[0]), float64(point)/32)
		require.InDelta(t, float64(point), float64(got[2]), 0)
	}
}

package elementary_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/elementary"
)

func TestExpAgreesWithMath(t *testing.T) {
	for x := -700.0; x <= 700; x += 0.0937 {
		require.InEpsilonf(t, math.Exp(x), elementary.Exp(x), 1e-13, "exp(%v)", x)
	}
	require.InDelta(t, 1, elementary.Exp(0), 0, "nothing is lost where nothing changes")
	require.InEpsilon(t, math.Exp(700), elementary.Exp(math.Inf(1)), 1e-13, "saturated, not overflowed")
	require.InDelta(t, 0, elementary.Exp(math.Inf(-1)), 1e-300)
}

func TestLogAgreesWithMath(t *testing.T) {
	for e := -300.0; e < 300; e += 0.0371 {
		x := math.Pow(10, e)
		require.InDeltaf(t, math.Log(x), elementary.Log(x), 1e-11, "log(%v)", x)
	}
	for x := 0.9; x < 1.1; x += 1e-5 { // where an error would be large in proportion
		require.InDeltaf(t, math.Log(x), elementary.Log(x), 1e-11, "log(%v)", x)
	}
	require.Zero(t, elementary.Log(1))
	require.InDelta(t, -709, elementary.Log(0), 1, "the least there is, not an infinity")
}

var sink float64 // keeps the compiler from dropping the calls

func BenchmarkElementary(b *testing.B) {
	for _, f := range []struct {
		name string
		f    func(float64) float64
	}{{"log", elementary.Log}, {"log of math", math.Log}, {"exp", elementary.Exp}, {"exp of math", math.Exp}} {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				for x := 0.5; x < 8; x += 0.5 {
					sink += f.f(x)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/15, "ns/call")
		})
	}
}

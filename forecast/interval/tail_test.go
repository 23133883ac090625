package interval_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/interval"
)

// run feeds errors to a band and returns, of the second half, the share of truths
// under the bound of level p and the mean shape of the tail.
func run(t *testing.T, p float64, n int, draw func() float64) (covered, shape float64) {
	t.Helper()
	band := interval.NewBand()
	timing := interval.NewTiming(1440, 1, 1)
	hits := 0
	for i := range n {
		o := interval.Origin{Point: 100, Volatility: 1, Views: [interval.Views]float32{100, 100, 100, 100, 100, 100, 100}}
		var q [interval.Count]float32
		var memo interval.Memo
		band.Bounds(&q, &memo, o, 1e-4, &timing)
		truth := max(0, 100+draw())
		if i >= n/2 {
			var wide [interval.Count]float64
			for k, v := range q {
				wide[k] = float64(v)
			}
			if truth <= interval.At(p, 100, &wide, band.Shape()) {
				hits++
			}
			shape += band.Shape() / float64(n-n/2)
		}
		band.Learn(float32(truth), o, &memo, &timing)
		if i%8 == 0 {
			band.Refresh(&timing)
		}
	}
	return float64(hits) / float64(n-n/2), shape
}

// The level 0.999 is tracked by nobody: the tail says where it is. The share of
// misses of 100,000 truths has a standard deviation of 0.0001.
func TestTailBeyondTheTrackedLevels(t *testing.T) {
	var rng *rand.Rand
	exponential := func() float64 { return rng.ExpFloat64() }
	heavy := func() float64 { return math.Pow(1-rng.Float64(), -0.3) } // ξ = 0.3
	ends := func() float64 { return 1 - math.Pow(rng.Float64(), 0.2) } // ξ = −0.2
	for name, c := range map[string]struct {
		draw        func() float64
		least, most float64 // of the shape
	}{
		"exponential": {exponential, -0.12, 0.12},
		"heavy":       {heavy, 0.1, 0.4},
		"with an end": {ends, -0.3, -0.05},
	} {
		t.Run(name, func(t *testing.T) {
			rng = rand.New(rand.NewPCG(4, 1)) // each of them the same in any order
			covered, shape := run(t, 0.999, 200_000, c.draw)
			require.InDelta(t, 0.999, covered, 0.0008)
			require.GreaterOrEqual(t, shape, c.least)
			require.LessOrEqual(t, shape, c.most)
		})
	}
}

// Levels beyond 0.99 ascend, whatever the shape, and start where 0.99 is.
func TestTailAscends(t *testing.T) {
	q := [interval.Count]float64{1, 3, 7, 9, 10, 12}
	for _, shape := range []float64{-0.3, -0.0005, 0, 0.2, 0.45} {
		last := 12.0
		require.InDelta(t, last, interval.At(0.99, 5, &q, shape), 1e-9)
		for _, p := range []float64{0.9901, 0.995, 0.999, 0.9999, 0.999999} {
			v := interval.At(p, 5, &q, shape)
			require.Greater(t, v, last, "level %v, shape %v", p, shape)
			last = v
		}
	}
	require.Greater(t, interval.At(0.999, 5, &q, 0.4), interval.At(0.999, 5, &q, 0))
}

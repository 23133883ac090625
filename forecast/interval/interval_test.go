package interval_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/interval"
)

// Errors whose size changes fourfold by the time of day are covered as promised.
func TestBandCoversWhatItSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	band, timing := interval.NewBand(), interval.NewTiming(288, 1, 1)
	levels := interval.Levels()
	var hits [interval.Count]int
	const n, warm = 12000, 2000
	for i := range n {
		o := interval.Origin{Point: 10, Volatility: 1, Slot: i / 12 % interval.Slots}
		var q [interval.Count]float32
		var memo interval.Memo
		band.Bounds(&q, &memo, o, 1e-4, &timing)
		size := 0.5
		if o.Slot > 12 {
			size = 2
		}
		truth := float32(max(0, 10+size*rng.NormFloat64()))
		for k := range q {
			if k > 0 {
				require.GreaterOrEqual(t, q[k], q[k-1])
			}
			if i >= warm && truth <= q[k] {
				hits[k]++
			}
		}
		band.Learn(truth, o, &memo, &timing)
		if i%8 == 0 {
			band.Refresh(&timing)
		}
	}
	for k, p := range levels {
		require.InDelta(t, p, float64(hits[k])/(n-warm), 0.01, "level %v", p)
	}
}

func TestAtInterpolatesAndHasATail(t *testing.T) {
	q := [interval.Count]float64{1, 3, 7, 9, 10, 12}
	require.InDelta(t, 5, interval.At(0.5, 5, &q, 0), 1e-9)
	require.InDelta(t, 10, interval.At(0.95, 5, &q, 0), 1e-9)
	require.Greater(t, interval.At(0.999, 5, &q, 0), 12.5)
	require.Less(t, interval.At(0.01, 5, &q, 0), 1.0)
	last := -1e9
	for p := 0.01; p < 1; p += 0.01 {
		v := interval.At(p, 5, &q, 0)
		require.GreaterOrEqual(t, v, last, "at %v", p)
		last = v
	}
}

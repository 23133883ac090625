package interval_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/interval"
)

// An expert that differs from the forecast by as much as this usually errs, and is right,
// gets a say in the bound an hour ahead within two weeks of minutes, though they hold no
// more than 336 errors that do not overlap.
func TestBoundHeedsAnExpertThatKnowsBetter(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	band, timing := interval.NewBand(), interval.NewTiming(1440, 60, 3)
	const days, perDay, weekAgo = 14, 1440 / 3, 2
	var q [interval.Count]float32
	origin := func(above float32) interval.Origin {
		o := interval.Origin{Point: 10, Highest: 10, Volatility: 1}
		for k := range o.Views {
			o.Views[k] = 10
		}
		o.Views[weekAgo] += above
		return o
	}
	for i := range days * perDay {
		above := float32(rng.IntN(2))
		o := origin(above)
		var memo interval.Memo
		band.Bounds(&q, &memo, o, 1e-4, &timing)
		band.Learn(10+above+float32(rng.NormFloat64()), o, &memo, &timing)
		if i%8 == 0 {
			band.Refresh(&timing)
		}
	}
	p95 := func(above float32) float32 {
		var memo interval.Memo
		band.Bounds(&q, &memo, origin(above), 1e-4, &timing)
		return q[4]
	}
	require.Greater(t, p95(1)-p95(0), float32(0.08))
}

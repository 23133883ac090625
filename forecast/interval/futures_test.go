package interval_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/interval"
)

// A load with two futures: it stays where it is, or falls back to the forecast; a
// job runs in the minute that is forecast, or in another of the hour. The high bound
// must know of the higher one, although the median never does.
func TestBoundsKnowTheHigherFuture(t *testing.T) {
	for name, tell := range map[string]func(o *interval.Origin, other float64){
		"the last value":       func(o *interval.Origin, other float64) { o.Views[0] = float32(other) },
		"the highest forecast": func(o *interval.Origin, other float64) { o.Highest = other },
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(4, 2))
			band, timing := interval.NewBand(), interval.NewTiming(288, 1, 1)
			missed, wide, n := 0, 0.0, 0
			for i := range 20_000 {
				other := 10.0
				if rng.Float64() < 0.2 {
					other = 30 // comes true three times in ten
				}
				o := interval.Origin{Point: 10, Highest: 10, Volatility: 1, Spread: 0.3 * (other - 10)}
				for k := range o.Views {
					o.Views[k] = 10
				}
				tell(&o, other)
				var q [interval.Count]float32
				var memo interval.Memo
				band.Bounds(&q, &memo, o, 1e-4, &timing)
				truth := 10 + rng.NormFloat64()
				if other > 20 && rng.Float64() < 0.3 {
					truth = 30 + rng.NormFloat64()
				}
				switch {
				case i < 5000:
				case other > 20 && truth > float64(q[4]):
					missed++
					n++
				case other > 20:
					n++
				default:
					wide += float64(q[4]) / 15000
				}
				band.Learn(float32(truth), o, &memo, &timing)
				if i%8 == 0 {
					band.Refresh(&timing)
				}
			}
			require.Less(t, float64(missed)/float64(n), 0.12, "where there are two")
			require.Less(t, wide, 13.0, "elsewhere, where 1.64 above 10 would do")
		})
	}
}

package engine_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
)

// wandering returns minutes of a load that wanders: the newest value is what is known best.
func wandering(n int) forecast.Series {
	rng := rand.New(rand.NewPCG(7, 7))
	s := minutes(n)
	at := 1000.0
	for i := range s.Values {
		at = max(at+10*rng.NormFloat64(), 500)
		s.Values[i] = at
	}
	return s
}

// Between two cells the forecast follows the samples, up and down, as it would when the cell closes;
// the observed demand is provided for in any case.
func TestTheForecastMovesWithTheSamplesOfAnOpenCell(t *testing.T) {
	all := wandering(3*1440 + 300)
	w := fitted(t, all.Slice(0, 3*1440))
	last := 0.0
	for i := 3 * 1440; i < all.Len(); i++ {
		last = all.Values[i]
		require.NoError(t, w.Append(all.Slice(i, i+1)))
		require.True(t, w.Observe(collector.Sample{Time: all.At(i + 1), Value: last}))
	}
	half := all.End().Add(30 * time.Second)
	before := w.Demand(half).Predicted

	require.True(t, w.Observe(collector.Sample{Time: half.Add(-15 * time.Second), Value: last - 8}))
	lower := w.Demand(half)
	require.InDelta(t, before-8, lower.Predicted, 4)
	require.GreaterOrEqual(t, w.Need(lower), last-8)

	require.True(t, w.Observe(collector.Sample{Time: half, Value: last + 8}))
	require.InDelta(t, before+8, w.Demand(half).Predicted, 4)
}

// A sample that the model expected does not move the forecast: one that rises goes on as it was.
func TestASampleAsForecastMovesNothing(t *testing.T) {
	all := minutes(7*1440 + 8*60) // eight in the morning, where the wave rises
	from := all.Len() - 300
	w := fitted(t, all.Slice(0, from))
	for i := from; i < all.Len(); i++ {
		require.NoError(t, w.Append(all.Slice(i, i+1)))
		w.Observe(collector.Sample{Time: all.At(i + 1), Value: all.Values[i]})
	}
	half := all.End().Add(30 * time.Second)
	before := w.Demand(half).Predicted
	f, last := w.Forecast(), all.Values[all.Len()-1]
	w.Observe(collector.Sample{Time: half, Value: (last + f.Quantile(f.Values[0], 0.5)) / 2})
	require.InDelta(t, before, w.Demand(half).Predicted, 1)
}

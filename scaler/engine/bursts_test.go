package engine_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
)

// offices returns days of minutes that go from 100 to 400 within one of them at
// nine, and back at five, with the noise that such counts have.
func offices(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(11, 1))
	s := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range s.Values {
		level := 100.0
		if m := i % 1440; m >= 9*60 && m < 17*60 {
			level = 400
		}
		s.Values[i] = level * (1 + 0.02*rng.NormFloat64())
	}
	return s
}

// A rise by the clock is steeper than any burst, and known: the replicas for it
// have to be asked for one lead time before it.
func TestAStepByTheClockIsForecast(t *testing.T) {
	all := offices(8)
	nine := 7*1440 + 9*60
	w := installed(t, all.Slice(0, nine-10))
	for i := nine - 10; i < nine-1; i++ {
		require.NoError(t, w.Append(all.Slice(i, i+1)))
		w.Observe(collector.Sample{Time: all.At(i + 1), Value: all.Values[i]})
	}
	now := all.At(nine - 1) // the lead time is two minutes
	require.Greater(t, w.Demand(now).Predicted, 360.0)
	require.Less(t, w.Demand(all.At(nine-4)).Predicted, 360.0, "and not long before")
}

package burst_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// pastOf returns a detector that has watched a week of cells around a hundred, with a burst to
// four hundred about once in four hours at no particular time, and the end of that week, which
// is calm.
func pastOf(t *testing.T) (*burst.Detector, time.Time) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 1))
	past, next := &burst.Detector{}, 0
	for i := range 7 * 1440 {
		v := 100 + 3*rng.NormFloat64()
		if i >= next+5 {
			next = i + 30 + rng.IntN(420)
		} else if i >= next && i < 7*1440-30 {
			v = 400
		}
		past.Update(start.Add(time.Duration(i+1)*time.Minute), v, nan)
	}
	require.Greater(t, len(past.Recent), 20)
	require.Zero(t, past.Clock())
	require.False(t, past.Lasts())
	return past, start.Add(7 * day)
}

// Before the first sample the chance of a burst is that of its past.
func TestTheChanceBeforeTheFirstSample(t *testing.T) {
	past, now := pastOf(t)
	d := &burst.Detector{Window: time.Minute}
	d.Remember(past)
	require.InDelta(t, past.Chance(now, 2*time.Minute), d.Chance(now, 2*time.Minute), 1e-9)
	require.Less(t, d.Chance(now, 2*time.Minute), 0.1)
}

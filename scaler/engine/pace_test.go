package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

// Where an autoscaler without a forecast would miss nothing, little may be missed;
// and what cannot be had for its bill is given up. Both services meet the same load.
func TestThePaceIsBoundedByWhatReactiveScalingDoes(t *testing.T) {
	level := func(ready int32, missed float64) float64 {
		w, now := steady(t, api.ForecastSpec{ViolationTarget: 0.01})
		for range 26 * 60 {
			now = now.Add(time.Minute)
			tick(t, w, now, 1000, missed, ready)
		}
		return w.Parts().Level
	}
	kept := level(11, 0)
	missed := level(11, 0.005)
	require.Greater(t, missed, kept, "half of the target is too much where 70 % would have missed nothing")
	dear := level(40, 0.005)
	require.InDelta(t, 0.5, dear, 0.1, "forty replicas cost more than the fifteen of 70 %")
	require.Less(t, dear, kept)
}

// A small step down waits until it was asked for without a break; a large one does not.
func TestSmallStepsWaitForCalm(t *testing.T) {
	w, now := steady(t, api.ForecastSpec{Risk: 0.9})
	replicas := func(load float64, d time.Duration) (n int32) {
		for range int(d / (15 * time.Second)) {
			now = now.Add(15 * time.Second)
			n = tick(t, w, now, load, math.NaN(), 11).Replicas
		}
		return n
	}
	high := replicas(1080, time.Minute)
	require.Equal(t, high, replicas(1000, 5*time.Minute))
	require.Less(t, replicas(1000, 10*time.Minute), high)
}

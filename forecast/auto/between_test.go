package auto

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

func TestEveryOtherRungHasRegressions(t *testing.T) {
	own, answer := neighbours([]int{1, 2, 5, 10, 15, 30, 60})
	require.Equal(t, []int{0, 2, 4, 6}, own)
	require.Equal(t, between{lo: 3, hi: 3}, answer[6])
	require.Equal(t, between{lo: 2, hi: 3, w: 0.5}, answer[5], "30 is halfway between 15 and 60 on the logarithm")

	own, answer = neighbours([]int{1, 2, 3, 4, 5, 6})
	require.Equal(t, []int{0, 1, 3, 5}, own, "the first and every other from the last")
	require.EqualValues(t, 1, answer[2].lo)
	require.EqualValues(t, 2, answer[2].hi)

	own, answer = neighbours([]int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60})
	require.Equal(t, []int{0, 3, 6, 9}, own, "1, 5, 20 and 60 of many rungs: each at most a third of the next")
	require.EqualValues(t, 1, answer[5].lo)
	require.EqualValues(t, 2, answer[5].hi)

	own, _ = neighbours([]int{1, 2, 3, 6, 12})
	require.Len(t, own, 5, "a short ladder has them all")
}

// A job that runs at eleven is seen from six, five hours ahead, though no rung lies there:
// when the metric goes missing at seven, what stands in for it shows the job.
func TestAGapIsBridgedBetweenTheRungs(t *testing.T) {
	s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Hour}
	for i := range 10*24 + 7 {
		v := 100 + 10*math.Sin(float64(i*i))
		if i%24 == 11 {
			v += 900
		}
		s.Values = append(s.Values, v)
	}
	model, err := New(Options{}).Fit(t.Context(), s)
	require.NoError(t, err)
	running, err := model.Filter(s)
	require.NoError(t, err)
	f, ok := running.(*filter)
	require.True(t, ok)
	for hour := 7; hour < 19; hour++ {
		stands := f.unit * f.bridged()
		if hour == 11 {
			require.Greater(t, stands, 800.0)
		} else {
			require.Less(t, stands, 200.0, "at %d", hour)
		}
		f.Update(math.NaN())
	}
}

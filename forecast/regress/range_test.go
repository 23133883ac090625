package regress

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/forecasttest"
)

// A path stays within half the range of the cells before its origin, those before the first
// row among them: they are older than the longest lag, but were seen.
func TestTheRangeIsThatOfAllCellsBefore(t *testing.T) {
	history := forecasttest.Hourly(600, 100, 4)
	history.Values[20] *= 5
	r, err := newRun(Model{}.defaults(), history)
	require.NoError(t, err)
	require.Greater(t, r.longest(), 100, "a week")
	for _, end := range []int{90, 400, 600} {
		r.accumulate(end)
		require.InDelta(t, slices.Min(r.z[:end]), r.low, 0, "before cell %d", end)
		require.InDelta(t, slices.Max(r.z[:end]), r.high, 0, "before cell %d", end)
	}
}

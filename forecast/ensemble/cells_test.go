package ensemble

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// The day and the week of the rules are those nearest to 24 hours and seven days: of cells of 50
// minutes, 29 are ten minutes more than a day, and 28 are forty less.
func TestDaysAreTheNearestCells(t *testing.T) {
	for step, want := range map[time.Duration][2]int{
		time.Minute: {1440, 10080}, time.Hour: {24, 168}, 50 * time.Minute: {29, 202}, 100 * time.Minute: {14, 101},
		24 * time.Hour: {1, 7}, 7 * 24 * time.Hour: {1, 1},
	} {
		r, err := newRun(forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step, Values: []float64{1, 2, 3}}, 1, Options{})
		require.NoError(t, err)
		require.Equal(t, want, [2]int{r.day, r.week}, "%v", step)
	}
}

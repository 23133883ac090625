package direct_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/direct"
)

// Ten minutes before a job of every hour the regressors hold the last one, fifty
// minutes before the origin, and an hour ahead what they always do.
func TestAnHourBeforeIsAmongTheRegressors(t *testing.T) {
	lags := direct.NewLags(time.Minute, time.Minute, 60)
	require.Equal(t, 60, lags.Hour)
	require.Zero(t, direct.NewLags(5*time.Minute, 5*time.Minute, 12).Hour)
	require.Zero(t, direct.NewLags(7*time.Second, time.Minute, 60).Hour, "no whole number an hour")
	m := direct.NewMemory(lags, direct.NewWall(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Minute, nil))
	for i := range 3*60 + 51 {
		z := 1.0
		if i%60 == 0 {
			z = 5
		}
		m.Push(z, z)
	}
	row, season, clock := lags.NewRow(), make([]direct.Season, 1), direct.Clock{}
	for h, want := range map[int]float64{9: 0, 10: 4, 11: 0, 60: 0} {
		m.Seasons(season, []int{h})
		origin := m.Origin(0)
		m.Row(&row, &origin, h, &season[0], &clock)
		require.InDelta(t, want, row[direct.Raw][2], 1e-6, "%d minutes ahead", h)
	}
}

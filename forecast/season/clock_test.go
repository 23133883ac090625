package season_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/season"
)

// phase is what a clock is to say of t, by package time: the time since the begin of the day or
// of the week, which begins on Thursday, that a clock on the wall shows; of other periods since
// the epoch.
func phase(t time.Time, period time.Duration, zone *time.Location) time.Duration {
	wall := t.Sub(time.Unix(0, 0))
	if zone != nil && period%season.Day == 0 {
		_, east := t.In(zone).Zone()
		wall += time.Duration(east) * time.Second
	}
	return (wall%period + period) % period
}

// A clock shows the time of all cells ahead, whether it was set there or has come there by
// itself, and whatever is done to the clocks meanwhile.
func TestAClockShowsTheTimeOnTheWall(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	kolkata, err := time.LoadLocation("Asia/Kolkata") // no change of the clocks since 1945, half an hour off
	require.NoError(t, err)
	for _, zone := range []*time.Location{nil, time.UTC, berlin, kolkata} {
		for _, period := range []time.Duration{season.Day, season.Week, 10 * time.Hour} {
			for _, begin := range []time.Time{
				time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC),  // clocks go forward on the 29th
				time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), // and back on the 25th
				time.Date(1969, 12, 30, 12, 0, 0, 0, time.UTC), // before the epoch
			} {
				t.Run(fmt.Sprint(zone, period, begin), func(t *testing.T) {
					const step = 30 * time.Minute
					c := season.NewClock(begin, step, period, zone)
					for at := begin; at.Before(begin.Add(9 * 24 * time.Hour)); at = at.Add(step) {
						for _, h := range []int{1, 2, 3, 48, 400} {
							want := phase(at.Add(time.Duration(h-1)*step), period, zone)
							require.Equal(t, want, time.Duration(c.Phase(h)), "%v, %d ahead", at, h)
						}
						c.Advance()
					}
				})
			}
		}
	}
}

// A step longer than the period goes around more than once.
func TestAClockOfLongSteps(t *testing.T) {
	c := season.NewClock(time.Unix(0, 0), 50*time.Hour, season.Day, nil)
	for _, want := range []time.Duration{0, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour} {
		require.Equal(t, want, time.Duration(c.Phase(1)))
		c.Advance()
	}
}

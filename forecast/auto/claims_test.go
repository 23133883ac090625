package auto

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/season"
)

// office returns days of hours, from a Thursday, of an office that is closed at weekends.
func office(days int, closed ...int) forecast.Series {
	s := forecast.Series{Start: time.Date(2024, 1, 4, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	off := map[int]bool{}
	for _, d := range closed {
		off[d] = true
	}
	for i := range days * 24 {
		day, hour, v := i/24, i%24, 0.0
		if weekday := (day + 3) % 7; weekday < 5 && !off[day] && hour >= 8 && hour < 20 {
			v = 50 + float64(i*7%5) // no noise of a season
		}
		s.Values = append(s.Values, v)
	}
	return s
}

func filterOf(t *testing.T, s forecast.Series, o Options) *filter {
	t.Helper()
	fitted, err := New(o).Fit(t.Context(), s)
	require.NoError(t, err)
	f, err := fitted.Filter(s)
	require.NoError(t, err)
	own, ok := f.(*filter)
	require.True(t, ok)
	return own
}

// ahead returns the median twelve hours after s.
func ahead(t *testing.T, s forecast.Series) float64 {
	t.Helper()
	dst := forecast.New(12, 0.5)
	filterOf(t, s, Options{}).Forecast(dst)
	return dst.Values[11][0]
}

// The first Saturday is the third day, when there is no week before it. The second one
// contradicts the Friday before it for the first time, and is foreseen, and so is the
// Monday after it.
func TestOneWeekendIsEnough(t *testing.T) {
	s := office(12)
	friday := s.Slice(0, 9*24-2)
	require.Less(t, ahead(t, friday), 10.0, "Saturday at ten, by the evening before")
	require.Greater(t, ahead(t, s.Slice(0, 8*24-2)), 45.0, "Friday, by Thursday's evening")
	require.Greater(t, ahead(t, s.Slice(0, 11*24-2)), 40.0, "Monday, by Sunday's evening")

	parts := filterOf(t, friday, Options{}).Explain(12)
	require.Equal(t, "week-ago by kind of day", parts[0].Expert)
	sum := 0.0
	for _, part := range parts {
		sum += part.Weight
	}
	require.InDelta(t, 1, sum, 1e-5)
}

// What surprised when it came is not expected again: a Wednesday off two weeks after the
// beginning does not make the next one a holiday.
func TestAHolidayIsNoWeekend(t *testing.T) {
	s := office(28, 13)
	require.Greater(t, ahead(t, s.Slice(0, 20*24-2)), 35.0, "the Wednesday after")
	require.Less(t, ahead(t, s.Slice(0, 16*24-2)), 5.0, "the Saturday after")
}

// A service is shut down for good on the second Thursday: on that day, and from then on,
// the week ago is wrong, and after a day nobody speaks for it any more.
func TestAServiceThatIsShutDownStaysSo(t *testing.T) {
	s := forecast.Series{Start: time.Date(2024, 1, 4, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range 16 * 24 {
		v := 100 + 50*math.Sin(2*math.Pi*float64(i)/24)
		if i >= 12*24 {
			v = 0
		}
		s.Values = append(s.Values, v)
	}
	require.Less(t, ahead(t, s.Slice(0, 14*24)), 10.0)
	require.Less(t, ahead(t, s), 1.0)
}

// In steps of minutes there is no calendar, and no memory is kept for it.
func TestTheCalendarIsForHours(t *testing.T) {
	for step, want := range map[time.Duration]bool{
		time.Minute: false, 5 * time.Minute: false, 10 * time.Minute: true, time.Hour: true, 2 * time.Hour: true, 4 * time.Hour: false,
	} {
		s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step, Values: make([]float64, 50)}
		require.Equal(t, want, filterOf(t, s, Options{}).claims != nil, step)
	}
	require.Nil(t, filterOf(t, office(3), Options{NoSeasons: true}).claims)
}

// Without a week there are no claims, but the gates must be told what they said all the same,
// or they would learn from what the middle said.
func TestWhatAGateSaidIsKeptWithoutAWeek(t *testing.T) {
	f := filterOf(t, office(12), Options{Seasons: []time.Duration{season.Day}})
	require.False(t, f.claims.active())
	f.Forecast(forecast.New(12, 0.5))
	for k := range f.rungs {
		made := f.claimed(k, f.n-1)
		require.NotNil(t, made, "rung %d", k)
		require.False(t, math.IsNaN(float64(made.gateSaid(values))), "rung %d", k)
	}
}

func TestTheCalendarDoesNotAllocate(t *testing.T) {
	s := office(28)
	f, dst := filterOf(t, s, Options{}), forecast.New(12, 0.5)
	i := 0
	require.Zero(t, testing.AllocsPerRun(200, func() {
		f.Update(s.Values[i])
		f.Forecast(dst)
		i++
	}))
}

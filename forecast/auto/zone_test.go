package auto_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// shop returns days of five-minute cells of a shop that opens at nine and closes
// at eight in the evening, local time.
func shop(start time.Time, days int, zone *time.Location) forecast.Series {
	rng := rand.New(rand.NewPCG(11, 3))
	s := forecast.Series{Start: start, Step: 5 * time.Minute, Values: make([]float64, days*288)}
	for i := range s.Values {
		local := s.At(i).In(zone)
		hour := float64(local.Hour()) + float64(local.Minute())/60
		open := 1/(1+math.Exp(-8*(hour-9))) - 1/(1+math.Exp(-8*(hour-20)))
		if local.Weekday() == time.Sunday {
			open *= 0.4
		}
		s.Values[i] = (20 + 300*open) * (1 + 0.05*rng.NormFloat64())
	}
	return s
}

// after returns the mean absolute error an hour ahead on the days after the
// first warm ones.
func after(t *testing.T, s forecast.Series, warm int, zone *time.Location) float64 {
	t.Helper()
	fitted, err := auto.New(auto.Options{Location: zone}).Fit(t.Context(), s.Slice(0, warm*288))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm*288))
	require.NoError(t, err)
	f := forecast.New(12, 0.5)
	sum, n := 0.0, 0
	for i := warm * 288; i+12 <= s.Len(); i++ {
		filter.Forecast(f)
		sum += math.Abs(f.Values[11][0] - s.Values[i+11])
		n++
		filter.Update(s.Values[i])
	}
	return sum / float64(n)
}

// The days after a change of the clocks are forecast as well as any others.
func TestSeasonsFollowTheWallClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, change := range map[string]time.Time{
		"forward": time.Date(2024, 3, 31, 0, 0, 0, 0, time.UTC),
		"back":    time.Date(2024, 10, 27, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			const warm = 20
			start := change.AddDate(0, 0, -warm)
			s := shop(start, warm+4, berlin)
			steady := shop(start, warm+4, time.UTC) // the same days in a zone without changes
			reference := after(t, steady, warm, nil)
			right, wrong := after(t, s, warm, berlin), after(t, s, warm, nil)
			t.Logf("no change %.2f, wall clock %.2f, UTC %.2f", reference, right, wrong)
			require.LessOrEqual(t, right, 1.1*reference)
			require.Greater(t, wrong, 1.5*reference, "or the test would prove nothing")
		})
	}
}

// A series that is a week old just when the clocks go back: the first cells of its second week
// come twice, and the second time they have no week before them.
func TestASecondWeekBeginsWhenTheClocksGoBack(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	const day = 48
	change := time.Date(2024, 10, 27, 1, 0, 0, 0, time.UTC)
	s := forecast.Series{Start: change.Add(-7*24*time.Hour - 30*time.Minute), Step: 30 * time.Minute, Values: make([]float64, 9*day)}
	for i := range s.Values {
		s.Values[i] = 100 + 50*math.Sin(2*math.Pi*float64(i)/day)
	}
	fitted, err := auto.New(auto.Options{Location: berlin}).Fit(t.Context(), s)
	require.NoError(t, err)
	filter, err := fitted.Filter(s)
	require.NoError(t, err)
	f := forecast.New(12, 0.05, 0.5, 0.95)
	filter.Forecast(f)
	forecasttest.Sane(t, f)
}

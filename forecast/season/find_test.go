package season_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/season"
)

func TestAnOddSeasonIsFoundBesideTheDay(t *testing.T) {
	s := forecasttest.Hourly(24*30, 100, 1)
	for i := range s.Values {
		s.Values[i] += 30 * math.Sin(2*math.Pi*float64(i)/10)
	}
	found := season.Find(s)
	require.NotEmpty(t, found)
	require.Equal(t, 10*time.Hour, found[0])
}

func TestADayAloneIsNoNews(t *testing.T) {
	require.Empty(t, season.Find(forecasttest.Hourly(24*30, 100, 1)))
	require.Empty(t, season.Find(forecast.Series{Step: time.Hour}))
	require.Empty(t, season.Find(forecast.Series{Step: time.Hour, Values: make([]float64, 100)}), "constant")
}

package auto_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// A load that rests at zero while an office is closed says nothing then of how low its
// lower bounds have to be at noon: a bound at zero can only be met. Each such cell drew the
// 5 % bound down nineteen times as far as a cell of the day brings it up, and it lay at
// zero all day.
func TestHoursAtZeroTeachNoLowerBound(t *testing.T) {
	const day, days = 288, 15
	rng := rand.New(rand.NewPCG(11, 1))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 5 * time.Minute, Values: make([]float64, days*day)}
	for i := range s.Values {
		if h := float64(i%day) / 12; h >= 7 && h < 21 { // calls come in a hump from seven to nine in the evening
			s.Values[i] = math.Round(60 + 180*math.Sin((h-7)/14*math.Pi) + 12*rng.NormFloat64())
		}
	}
	const warm = 10 * day
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, warm))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm))
	require.NoError(t, err)
	f := forecast.New(12, 0.05, 0.25)
	var under [2]float64
	n := 0.0
	for i := warm; i < len(s.Values)-12; i++ {
		filter.Update(s.Values[i])
		filter.Forecast(f)
		if h := (i + 12) % day / 12; h >= 9 && h < 20 {
			for k := range under {
				if s.Values[i+12] <= f.Values[11][k] {
					under[k]++
				}
			}
			n++
		}
	}
	t.Logf("under the 5 and the 25 %% bound an hour ahead: %.3f and %.3f", under[0]/n, under[1]/n)
	require.InDelta(t, 0.05, under[0]/n, 0.03)
	require.InDelta(t, 0.25, under[1]/n, 0.05)
}

// Of the hours at which a shop has been closed and is closed now, nothing is forecast: the
// residues of the regressions and of smoothing, some ten thousandths of the load, are no load.
func TestAClosedShopIsForecastToSellNothing(t *testing.T) {
	const day, days, warm, ahead, opens, closes = 24, 15, 10 * 24, 8, 8, 20
	rng := rand.New(rand.NewPCG(11, 2))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour, Values: make([]float64, days*day)}
	open := func(i int) bool { return i%day >= opens && i%day < closes }
	for i := range s.Values {
		if open(i) {
			s.Values[i] = 1000 * (1 + 0.1*rng.NormFloat64())
		}
	}
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, warm))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm))
	require.NoError(t, err)
	f := forecast.New(ahead, 0.5, 0.95)
	for i := warm; i < len(s.Values); i++ {
		filter.Update(s.Values[i])
		filter.Forecast(f)
		for h, row := range f.Values {
			switch at := i + 1 + h; {
			case open(i):
			case open(at):
				require.Greater(t, row[0], 500.0, "hour %d from hour %d", at%day, i%day)
			default:
				require.Zero(t, row[0], "hour %d from hour %d", at%day, i%day)
			}
		}
	}
}

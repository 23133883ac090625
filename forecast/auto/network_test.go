package auto_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/lstm/train"
)

// hourAhead returns the mean absolute error one cell ahead over the last week.
func hourAhead(t *testing.T, s forecast.Series, o auto.Options) float64 {
	t.Helper()
	warm := s.Len() - 168
	fitted, err := auto.New(o).Fit(t.Context(), s.Slice(0, warm))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm))
	require.NoError(t, err)
	f := forecast.New(1, 0.5)
	sum := 0.0
	for _, v := range s.Values[warm:] {
		filter.Forecast(f)
		sum += math.Abs(v - f.Values[0][0])
		filter.Update(v)
	}
	return sum / 168
}

// A network is one more voice: heard from the first samples on, and without harm
// if it has learned next to nothing.
func TestANetworkIsOneOfThePool(t *testing.T) {
	s := forecasttest.Hourly(28*24, 100, 5)
	network, _, err := train.Run(t.Context(), []forecast.Series{s.Slice(0, 14*24)},
		train.Options{Units: 3, HeadUnits: 3, Epochs: 1, MinSteps: 5, Rungs: []int{1, 6}, Quantiles: []float64{0.5}, Seed: 1}, nil)
	require.NoError(t, err)

	fitted, err := auto.New(auto.Options{Network: network}).Fit(t.Context(), s.Slice(0, 6))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, 6))
	require.NoError(t, err)
	explainer, ok := filter.(interface{ Explain(h int) []auto.Share })
	require.True(t, ok)
	var names []string
	for _, share := range explainer.Explain(1) {
		names = append(names, share.Expert)
	}
	require.Contains(t, names, "LSTM")

	without, with := hourAhead(t, s, auto.Options{}), hourAhead(t, s, auto.Options{Network: network})
	t.Logf("without %.3f, with %.3f", without, with)
	require.NotEqual(t, without, with, "it was asked")
	require.LessOrEqual(t, with, 1.02*without)
}

// The network that comes with the program is heard during the first two days and
// has left after them.
func TestTheFirstDaysHaveANetwork(t *testing.T) {
	s := minutes(3*1440, 4)
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s)
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, 200))
	require.NoError(t, err)
	explainer, ok := filter.(interface{ Explain(h int) []auto.Share })
	require.True(t, ok)
	spoke := func() bool {
		for h := 1; h <= 60; h++ {
			for _, share := range explainer.Explain(h) {
				if share.Expert == "LSTM" {
					return true
				}
			}
		}
		return false
	}
	require.True(t, spoke(), "the network takes part in the first two days")
	for _, v := range s.Values[200:] {
		filter.Update(v)
	}
	require.False(t, spoke(), "and not after them")
}

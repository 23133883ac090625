package regress_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/regress"
)

// The numbers come from R's lm (the call is in the file). A ridge of nearly
// nothing leaves weighted least squares.
func TestWithoutRidgeItIsWeightedLeastSquares(t *testing.T) {
	text, err := os.ReadFile("testdata/lm.json")
	require.NoError(t, err)
	var reference struct{ Values, Path []float64 }
	require.NoError(t, json.Unmarshal(text, &reference))
	history := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Hour, Values: reference.Values}
	m := &regress.Model{Harmonics: -1, Ridge: 1e-12}
	paths, err := m.Rolling(history, []int{history.Len()}, 24)
	require.NoError(t, err)
	require.InDeltaSlice(t, reference.Path, paths[0], 1e-3)
}

func TestRollingEqualsFittingAtEachOrigin(t *testing.T) {
	history := forecasttest.Hourly(600, 100, 4)
	paths, err := (&regress.Model{}).Rolling(history, []int{400, 500, 600}, 12)
	require.NoError(t, err)
	for h := 500; h < 600; h++ {
		history.Values[h] += 0.01 // what comes later
	}
	again, err := (&regress.Model{}).Rolling(history, []int{400, 500}, 12)
	require.NoError(t, err)
	require.InDeltaSlice(t, paths[1], again[1], 1e-2, "only the scale of the ridge knows of later cells")
	f, err := (&regress.Model{}).Estimate(history)
	require.NoError(t, err)
	s, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	for _, v := range history.Values {
		s.Update(v)
	}
	last, err := (&regress.Model{}).Rolling(history, []int{600}, 12)
	require.NoError(t, err)
	for h, want := range last[0] {
		require.InDelta(t, want, s.At(h+1), 1e-9, "the running state is the batch path")
	}
}

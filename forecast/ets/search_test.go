package ets

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// The search scores parameters by a loop of its own; what it scores must be what
// runs.
func TestTheQuickLoopIsTheState(t *testing.T) {
	history := forecasttest.Hourly(24*35, 100, 3)
	for i := 200; i < 206; i++ {
		history.Values[i] = math.NaN()
	}
	for _, m := range []Model{{}, {Form: Log}, {Seasons: One, Trend: Linear}, {Seasons: None}} {
		f, err := m.Estimate(t.Context(), history)
		require.NoError(t, err)
		require.InEpsilon(t, slowly(t, f, history), quickly(f, history), 1e-4, "%+v", m)
	}
	// minutes, whose seasons are interpolated
	history.Step = time.Minute
	for _, m := range []Model{{Period: 4 * time.Hour, LongPeriod: 6 * time.Hour}, {Form: Log, Seasons: One, Period: 4 * time.Hour}} {
		f, err := m.Estimate(t.Context(), history)
		require.NoError(t, err)
		require.False(t, f.newScoredHistory(history, history.Values).whole)
		require.InEpsilon(t, slowly(t, f, history), quickly(f, history), 1e-4, "%+v", m)
	}
}

// quickly returns the mean square of the errors of one step as the search scores it.
func quickly(f *Fitted, history forecast.Series) float64 {
	z := make([]float64, history.Len())
	for i, v := range history.Values {
		z[i] = f.scale.Forward(v)
	}
	return f.meanSquare(f.Params, f.newScoredHistory(history, z), nil)
}

// slowly returns the same from a running state.
func slowly(t *testing.T, f *Fitted, history forecast.Series) float64 {
	t.Helper()
	s, err := f.State(history.Start, history.Step)
	require.NoError(t, err)
	skip := 0
	if len(f.periods) > 0 {
		skip = int(f.periods[0] / f.step)
	}
	sum, n := 0.0, 0
	for i, v := range history.Values {
		before := s.err
		s.Update(v)
		if i >= skip && v >= 0 {
			sum += (s.err - f.Rho*before) * (s.err - f.Rho*before)
			n++
		}
	}
	return sum / float64(n)
}

// What the criterion counts a quarter of a day and a day ahead are the errors of
// the forecasts that a running state makes.
func TestManyStepsScoresWhatTheStateForecasts(t *testing.T) {
	history := forecasttest.Hourly(24*35, 100, 4)
	for i := 300; i < 310; i++ {
		history.Values[i] = math.NaN()
	}
	f, err := DoubleSeasonal(Additive).Estimate(t.Context(), history)
	require.NoError(t, err)
	far := f.horizonErrors(f.Params)
	f.meanSquare(f.Params, f.newScoredHistory(history, history.Values), far)
	require.Len(t, far, 2)
	for _, r := range far {
		s, err := f.State(history.Start, history.Step)
		require.NoError(t, err)
		sum, n, ahead := 0.0, 0, make([]float64, history.Len())
		for i, v := range history.Values {
			s.Update(v)
			ahead[i] = s.At(r.h)
			if i >= 24 && v >= 0 {
				sum += (v - ahead[i-r.h]) * (v - ahead[i-r.h])
				n++
			}
		}
		require.Equal(t, n, r.n, "h = %d", r.h)
		require.InEpsilon(t, sum/float64(n), r.meanSquare(), 1e-4, "h = %d", r.h)
	}
}

func TestSimplexFindsTheValley(t *testing.T) {
	// Rosenbrock's function: minimum 0 at (1, 1) at the end of a curved valley
	v := simplex(func(x [dims]float64) float64 {
		return 100*(x[1]-x[0]*x[0])*(x[1]-x[0]*x[0]) + (1-x[0])*(1-x[0])
	}, [dims]float64{-1.2, 1}, 2, 0.8, 1e-12, 1000)
	require.InDelta(t, 1, v.x[0], 1e-4)
	require.InDelta(t, 1, v.x[1], 1e-4)
}

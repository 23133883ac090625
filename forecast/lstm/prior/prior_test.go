package prior

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/prior/load"
)

// loads are new ones: the network was trained with seed 1.
func loads() []forecast.Series { return load.Series(40, 2) }

// errorRatio is the mean absolute error of the network over that of "as now", at
// the origins of one load between two ages.
func errorRatio(t *testing.T, s forecast.Series, from, to time.Duration, h int) float64 {
	t.Helper()
	own, naive := 0.0, 0.0
	walk(t, s, from, to, h, func(e *lstm.Expert, now, y float64) {
		own += math.Abs(y - e.At(h))
		naive += math.Abs(y - now)
	})
	return own / naive
}

// walk calls visit at each origin whose value and future are known.
func walk(t *testing.T, s forecast.Series, from, to time.Duration, h int, visit func(e *lstm.Expert, now, y float64)) {
	t.Helper()
	e, err := Network().NewExpert(s.Start, s.Step)
	require.NoError(t, err)
	for i := range min(s.Len()-h, int(to/s.Step)) {
		e.Update(s.Values[i])
		if y := s.Values[i+h]; i >= int(from/s.Step) && !math.IsNaN(s.Values[i]+y) {
			visit(e, s.Values[i], y)
		}
	}
}

// From the first hours on, on loads it was not trained on, the network is better
// than "as now", and its upper bound holds about as often as it says.
func TestColdStartOnNewLoads(t *testing.T) {
	for name, c := range map[string]struct {
		from, to time.Duration
		h        int
		most     float64
	}{
		"first six hours, one step":  {0, 6 * time.Hour, 1, 0.98},
		"first six hours, ten steps": {0, 6 * time.Hour, 10, 0.95},
		"first day, ten steps":       {6 * time.Hour, 24 * time.Hour, 10, 0.92},
		"second day, an hour ahead":  {24 * time.Hour, 48 * time.Hour, 60, 0.95},
	} {
		logs, n, under, origins := 0.0, 0.0, 0.0, 0.0
		for _, s := range loads() {
			r := errorRatio(t, s, c.from, c.to, c.h)
			if !(r > 0) || math.IsInf(r, 0) {
				continue // too short, or constant
			}
			logs += math.Log(r)
			n++
			walk(t, s, c.from, c.to, c.h, func(e *lstm.Expert, _, y float64) {
				origins++
				if y <= e.Quantile(c.h, 0.95) {
					under++
				}
			})
		}
		require.Greater(t, n, 10.0)
		t.Logf("%s: %.3f of the naive error, %.3f under the 0.95 quantile", name, math.Exp(logs/n), under/origins)
		require.Lessf(t, math.Exp(logs/n), c.most, name)
		require.InDeltaf(t, 0.95, under/origins, 0.04, name)
	}
}

func TestTheContractHolds(t *testing.T) {
	forecasttest.TestModel(t, lstm.Model{Network: Network()})
}

func TestCovers(t *testing.T) {
	require.True(t, Covers(time.Minute))
	require.False(t, Covers(time.Second))
	require.False(t, Covers(time.Hour))
}

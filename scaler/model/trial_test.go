package model_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/model"
	"github.com/forescale/forescale/scaler/trust"
)

var trial = &model.Trial{Level: 0.95, Levels: []float64{0.1, 0.5, 0.9, 0.95, 0.99}, Horizon: 10, Lead: 2 * time.Minute, Grain: 5}

// shuffled are days of one rhythm, the last one of which is another: as high at night as
// the others at noon.
func shuffled(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(3, 4))
	h := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range h.Values {
		phase := float64(i%1440) / 1440
		if i >= (days-1)*1440 {
			phase += 0.5
		}
		h.Values[i] = (500 - 400*math.Cos(2*math.Pi*phase)) * (1 + 0.01*rng.NormFloat64())
	}
	return h
}

// What was forecast of the last day is judged as it would have been while it went by: the
// season of yesterday has lost its trust, a model that follows has not. The model that runs
// on is the same as without a trial.
func TestATrialJudgesTheLastOfTheHistory(t *testing.T) {
	history := shuffled(5)
	for name, trusted := range map[string]bool{"seasonal-naive": false, "drift": true} {
		s := spec()
		s.Forecast.Model = name
		plain, err := model.Fit(t.Context(), s, history)
		require.NoError(t, err)
		require.Nil(t, plain.Trust, "nobody asked")
		judged, err := model.FitWith(t.Context(), s, history, model.Options{Trial: trial})
		require.NoError(t, err)
		require.Greater(t, judged.Trust.Count, 1400)
		require.Equal(t, trusted, judged.Trust.Trusted(), "%s: %v", name, judged.Trust.Skill())

		forecastOf := func(fit *model.Fitted) *forecast.Forecast {
			f := forecast.New(10, 0.1, 0.5, 0.9)
			fit.Filter.Forecast(f)
			return f
		}
		require.Equal(t, forecastOf(plain), forecastOf(judged), name)
	}
}

// Half of a young history is judged, which may be too little for a verdict; an outage
// within it is no broken promise.
func TestATrialOfAYoungHistory(t *testing.T) {
	history := shuffled(1).Slice(0, 100)
	for i := 60; i < 90; i++ {
		history.Values[i] = math.NaN()
	}
	fit, err := model.FitWith(t.Context(), spec(), history, model.Options{Trial: trial})
	require.NoError(t, err)
	require.Less(t, fit.Trust.Count, trust.Least)
	require.True(t, fit.Trust.Trusted())
}

package model_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/model"
)

// noisy are days of one rhythm.
func noisy(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(3, 4))
	h := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range h.Values {
		h.Values[i] = (500 - 400*math.Cos(2*math.Pi*float64(i%1440)/1440)) * (1 + 0.01*rng.NormFloat64())
	}
	return h
}

// The fitted model is the same with a retrace and without, and the retrace is given the model as
// it was before its first cell.
func TestTheEndOfAHistoryIsRetraced(t *testing.T) {
	history := noisy(5)
	leap := history.Len() - 600
	for i := leap; i < leap+5; i++ {
		history.Values[i] *= 5
	}
	quantiles := func(f forecast.Filter) *forecast.Forecast {
		out := forecast.New(10, 0.1, 0.5, 0.9)
		f.Forecast(out)
		return out
	}
	for _, name := range []string{"seasonal-naive", "auto"} {
		s := spec()
		s.Forecast.Model = name
		plain, err := model.Fit(t.Context(), s, history, model.Options{})
		require.NoError(t, err)
		var cells, left int
		again, err := model.Fit(t.Context(), s, history, model.Options{Retrace: func(before *model.Fitted, seen, clean forecast.Series) {
			require.Equal(t, before.End, seen.Start)
			require.Equal(t, before.End, before.LastSample)
			require.Equal(t, seen.Start, clean.Start)
			require.Equal(t, history.Len(), before.Cells+seen.Len())
			require.Equal(t, history.End(), seen.End())
			require.Empty(t, before.Bursts.Recent, "it was to come")
			cells = seen.Len()
			for i, v := range clean.Values {
				at := history.Len() - cells + i
				require.InDelta(t, history.Values[at], seen.Values[i], 0)
				if math.IsNaN(v) {
					left++
					require.InDelta(t, leap+3, at, 5, "the burst, and some of its end")
				}
				before.Filter.Update(v)
			}
		}})
		require.NoError(t, err)
		require.Equal(t, history.Len()/2, cells)
		require.GreaterOrEqual(t, left, 4, "a burst is not to be learned")
		require.Len(t, again.Bursts.Recent, 1)
		require.Equal(t, quantiles(plain.Filter), quantiles(again.Filter), name)
	}
}

// At most three days of a history are retraced, and no more cells than three days have minutes, but
// enough for a verdict of the gate.
func TestHowMuchOfAHistoryIsRetraced(t *testing.T) {
	for name, c := range map[string]struct {
		step        time.Duration
		cells, want int
	}{
		"three days of a fortnight": {time.Minute, 14 * 1440, 4320},
		"half of a day":             {time.Minute, 1440, 720},
		"of five minutes":           {5 * time.Minute, 14 * 288, 864},
		"of a quarter of a minute":  {15 * time.Second, 20_000, 4320},
		"of an hour":                {time.Hour, 14 * 24, 120},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			s.Forecast.Model, s.Metric.Step = "naive", api.Duration(c.step)
			got := -1
			_, err := model.Fit(t.Context(), s, forecast.Series{Start: monday, Step: c.step, Values: make([]float64, c.cells)},
				model.Options{Retrace: func(_ *model.Fitted, seen, _ forecast.Series) { got = seen.Len() }})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

package auto

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// One sample out of all proportion, as where a counter is reset, is no part of the series:
// its bounds are those of the same series with a gap. A second one within a day is.
func TestOneOutsizeSampleIsDoubted(t *testing.T) {
	const n, at, day = 2000, 1000, 288
	bound := func(odd map[int]float64) float64 {
		rng := rand.New(rand.NewPCG(8, 1))
		values := make([]float64, n)
		for i := range values {
			values[i] = 100 + 20*math.Sin(2*math.Pi*float64(i)/day) + 3*rng.NormFloat64()
			if v, ok := odd[i]; ok {
				values[i] = v
			}
		}
		series := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: values}
		fitted, err := New(Options{}).Fit(t.Context(), forecast.Series{Start: series.Start, Step: series.Step, Values: values[:day]})
		require.NoError(t, err)
		filter, err := fitted.Filter(series)
		require.NoError(t, err)
		out := forecast.New(1, 0.5, 0.95)
		filter.Forecast(out)
		return out.Values[0][1]
	}
	usual := bound(map[int]float64{at: math.NaN()})
	require.Less(t, usual, 200.0)
	require.InDelta(t, usual, bound(map[int]float64{at: 1e8}), 0)
	require.Greater(t, bound(map[int]float64{at: 1e8, at + 10: 1e8}), 200.0, "believed")
}

// A load that outgrows its unit is forecast by what came since. When what was learned before
// was kept, the bounds of the next two hours covered half of them, and hours after slow growth
// they lay at twice the load.
func TestALoadThatOutgrowsItsUnit(t *testing.T) {
	const fitted, grown, n, ahead = 40, 200, 400, 12
	for name, c := range map[string]struct {
		at    func(i int) float64
		from  int     // origins of twenty samples that are judged
		cover float64 // at least, of the bound at 95 %
		width float64 // of that bound over the truth, at most, as a mean
	}{
		"at once": {func(i int) float64 { return []float64{1, 1e6}[min(i/grown, 1)] }, grown - 1, 0.75, 2.5},
		"slowly":  {func(i int) float64 { return math.Exp2(min(float64(i)/10, 20)) }, 300, 0.95, 1.4},
	} {
		rng := rand.New(rand.NewPCG(8, 1))
		series := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: make([]float64, n)}
		for i := range series.Values {
			series.Values[i] = c.at(i) * (1 + 0.05*rng.NormFloat64())
		}
		model, err := New(Options{}).Fit(t.Context(), series.Slice(0, fitted))
		require.NoError(t, err, name)
		filter, err := model.Filter(series.Slice(0, c.from))
		require.NoError(t, err, name)
		out := forecast.New(ahead, 0.95)
		covered, width, all := 0.0, 0.0, 0.0
		for i := c.from; i < c.from+20; i++ {
			filter.Update(series.Values[i])
			filter.Forecast(out)
			for h, row := range out.Values {
				y := series.Values[i+1+h]
				if y <= row[0] {
					covered++
				}
				width += row[0] / y
				all++
			}
		}
		require.GreaterOrEqual(t, covered/all, c.cover, name)
		require.LessOrEqual(t, width/all, c.width, name)
	}
}

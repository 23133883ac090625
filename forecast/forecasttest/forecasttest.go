// Package forecasttest is the contract suite that every forecast.Model passes.
//
// A model that passes [TestModel] can stand behind an autoscaler. It says so when
// the history is too short, never changes its input, gives the same answer for the
// same input, and knows nothing of the future. Its quantiles ascend and are never
// negative, gaps do no harm, and a forecast does not allocate.
package forecasttest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// levels are those a scaler asks for, plus the median.
var levels = []float64{0.05, 0.5, 0.9, 0.95, 0.99} //nolint:gochecknoglobals // a constant table

const horizon = 10

// Hourly returns n hourly cells with a daily wave around level and noise of a
// twentieth of it, seeded, never negative.
func Hourly(n int, level float64, seed uint64) forecast.Series {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := forecast.Series{
		Start:  time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), // a Monday
		Step:   time.Hour,
		Values: make([]float64, n),
	}
	for i := range s.Values {
		wave := 1 + 0.5*math.Sin(2*math.Pi*float64(i%24)/24)
		s.Values[i] = max(0, level*(wave+0.05*rng.NormFloat64()))
	}
	return s
}

// TestModel runs the contract over m. The history it fits on has five weeks of
// hourly cells with a daily season, which is enough for every model of this
// module.
func TestModel(t *testing.T, m forecast.Model) {
	t.Helper()
	t.Run("forecasts are finite, ascending and not negative", func(t *testing.T) { shape(t, m) })
	t.Run("the input is not changed", func(t *testing.T) { untouched(t, m) })
	t.Run("equal input gives equal output", func(t *testing.T) { deterministic(t, m) })
	t.Run("the future is not known", func(t *testing.T) { blind(t, m) })
	t.Run("filtering equals updating", func(t *testing.T) { incremental(t, m) })
	t.Run("gaps are survived", func(t *testing.T) { gaps(t, m) })
	t.Run("absurd values are survived", func(t *testing.T) { absurd(t, m) })
	t.Run("a short history is an error or a forecast", func(t *testing.T) { short(t, m) })
	t.Run("a scaled history gives a scaled forecast", func(t *testing.T) { scaled(t, m) })
	t.Run("a forecast does not allocate", func(t *testing.T) { allocs(t, m) })
}

// Filter fits m on history and filters the same history.
func Filter(t *testing.T, m forecast.Model, history forecast.Series) forecast.Filter {
	t.Helper()
	fitted, err := m.Fit(t.Context(), history)
	require.NoError(t, err)
	filter, err := fitted.Filter(history)
	require.NoError(t, err)
	return filter
}

// Sane fails t unless f keeps the promises of forecast.Forecast.
func Sane(t *testing.T, f *forecast.Forecast) {
	t.Helper()
	for h := range f.Values {
		for q := range f.Levels {
			v, p := f.Values[h][q], f.Peaks[h][q]
			require.Falsef(t, math.IsNaN(v) || math.IsInf(v, 0) || v < 0, "value at step %d, level %v is %v", h, f.Levels[q], v)
			require.Falsef(t, math.IsNaN(p) || math.IsInf(p, 0) || p < v, "peak at step %d, level %v is %v, its value %v", h, f.Levels[q], p, v)
		}
		require.Truef(t, slices.IsSorted(f.Values[h]), "values cross at step %d: %v", h, f.Values[h])
		require.Truef(t, slices.IsSorted(f.Peaks[h]), "peaks cross at step %d: %v", h, f.Peaks[h])
		if h > 0 {
			for q := range f.Levels {
				require.GreaterOrEqualf(t, f.Peaks[h][q], f.Peaks[h-1][q], "peak falls from step %d to %d", h-1, h)
			}
		}
	}
}

func shape(t *testing.T, m forecast.Model) {
	t.Helper()
	history := Hourly(35*24, 100, 1)
	f := forecast.New(horizon, levels...)
	Filter(t, m, history).Forecast(f)
	require.Equal(t, history.End(), f.Start)
	require.Equal(t, history.Step, f.Step)
	require.Equal(t, levels, f.Levels)
	Sane(t, f)
	require.InDelta(t, 100, f.Values[0][1], 80, "the median is of the order of the history")
}

func untouched(t *testing.T, m forecast.Model) {
	t.Helper()
	history := Hourly(35*24, 100, 2)
	before := slices.Clone(history.Values)
	filter := Filter(t, m, history)
	for range 30 {
		filter.Update(100)
	}
	require.Equal(t, before, history.Values)
}

func deterministic(t *testing.T, m forecast.Model) {
	t.Helper()
	history := Hourly(35*24, 100, 3)
	a, b := forecast.New(horizon, levels...), forecast.New(horizon, levels...)
	Filter(t, m, history).Forecast(a)
	other := Filter(t, m, history)
	other.Forecast(b)
	require.Equal(t, a.Values, b.Values)
	other.Forecast(b)
	require.Equal(t, a.Values, b.Values, "forecasting changed the state")
	require.Equal(t, a.Peaks, b.Peaks)
}

// blind changes what comes after the origin, behind the slice that the model
// gets: a model that reads on would notice.
func blind(t *testing.T, m forecast.Model) {
	t.Helper()
	whole := Hourly(36*24, 100, 4)
	past := whole.Slice(0, 35*24)
	a, b := forecast.New(horizon, levels...), forecast.New(horizon, levels...)
	Filter(t, m, past).Forecast(a)
	for i := 35 * 24; i < whole.Len(); i++ {
		whole.Values[i] *= 7
	}
	Filter(t, m, past).Forecast(b)
	require.Equal(t, a.Values, b.Values)
}

func incremental(t *testing.T, m forecast.Model) {
	t.Helper()
	history := Hourly(35*24, 100, 5)
	history.Values[35*24-4] = math.NaN()
	fitted, err := m.Fit(t.Context(), history.Slice(0, 34*24))
	require.NoError(t, err)
	whole, err := fitted.Filter(history)
	require.NoError(t, err)
	stepwise, err := fitted.Filter(history.Slice(0, 34*24))
	require.NoError(t, err)
	for _, v := range history.Values[34*24:] {
		stepwise.Update(v)
	}
	a, b := forecast.New(horizon, levels...), forecast.New(horizon, levels...)
	whole.Forecast(a)
	stepwise.Forecast(b)
	require.Equal(t, a.Start, b.Start)
	require.Equal(t, a.Values, b.Values)
	require.Equal(t, a.Peaks, b.Peaks)
}

func gaps(t *testing.T, m forecast.Model) {
	t.Helper()
	history := Hourly(35*24, 100, 6)
	for i := range history.Values {
		if i%168 >= 60 && i%168 < 66 { // six hours in each week
			history.Values[i] = math.NaN()
		}
	}
	filter := Filter(t, m, history)
	f := forecast.New(horizon, levels...)
	for range 12 {
		filter.Update(math.NaN())
		filter.Forecast(f)
		Sane(t, f)
	}
	require.Equal(t, history.End().Add(12*time.Hour), f.Start, "time goes on in a gap")
	require.Greater(t, f.Values[0][1], 1.0, "a gap is not a fall to zero")
}

func absurd(t *testing.T, m forecast.Model) {
	t.Helper()
	filter := Filter(t, m, Hourly(35*24, 100, 7))
	f := forecast.New(horizon, levels...)
	for _, v := range []float64{0, 1e12, -5, math.Inf(1), math.Inf(-1), 0, 0, math.NaN(), 1e-300, 100, 100} {
		filter.Update(v)
		filter.Forecast(f)
		Sane(t, f)
	}
}

func short(t *testing.T, m forecast.Model) {
	t.Helper()
	for _, n := range []int{0, 1, 2, 5, 23, 49} {
		history := Hourly(n, 100, 8)
		fitted, err := m.Fit(t.Context(), history)
		if err != nil {
			require.ErrorIsf(t, err, forecast.ErrShortHistory, "%d cells", n)
			continue
		}
		filter, err := fitted.Filter(history)
		if err != nil {
			require.ErrorIsf(t, err, forecast.ErrShortHistory, "%d cells", n)
			continue
		}
		f := forecast.New(horizon, levels...)
		filter.Forecast(f)
		Sane(t, f)
	}
	silent := Hourly(100, 100, 8)
	for i := range silent.Values {
		silent.Values[i] = math.NaN()
	}
	_, err := m.Fit(t.Context(), silent)
	require.ErrorIs(t, err, forecast.ErrShortHistory, "a hundred cells without a sample are no history")
}

func scaled(t *testing.T, m forecast.Model) {
	t.Helper()
	one, big := Hourly(35*24, 100, 9), Hourly(35*24, 100, 9)
	const factor = 1 << 20 // a power of two keeps the arithmetic exact
	for i := range big.Values {
		big.Values[i] *= factor
	}
	a, b := forecast.New(horizon, levels...), forecast.New(horizon, levels...)
	Filter(t, m, one).Forecast(a)
	Filter(t, m, big).Forecast(b)
	for h := range a.Values {
		for q := range levels {
			require.InEpsilonf(t, 1+a.Values[h][q], 1+b.Values[h][q]/factor, 1e-3, "step %d, level %v", h, levels[q])
		}
	}
}

func allocs(t *testing.T, m forecast.Model) {
	t.Helper()
	filter := Filter(t, m, Hourly(35*24, 100, 10))
	f := forecast.New(horizon, levels...)
	filter.Forecast(f)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		filter.Update(100)
		filter.Forecast(f)
	}), "allocations per update and forecast")
}

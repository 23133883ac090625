package residual_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/residual"
)

// A hundred forecasts a hundred at every horizon.
type hundred struct{}

func (hundred) Update(float64)            {}
func (hundred) At(int) float64            { return 100 }
func start() time.Time                    { return time.Unix(0, 0).UTC() }
func newFilter() *residual.Filter         { return residual.New(hundred{}, start(), time.Minute) }
func one(p ...float64) *forecast.Forecast { return forecast.New(1, p...) }

// The bounds are the quantiles at ranks p·(n+1) of the last 256 errors, whatever
// came before them.
func TestBoundsAreThoseOfTheLastErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	f, dst := newFilter(), one(0.1, 0.5, 0.9, 0.95)
	var values []float64
	for i := range 700 {
		v := 100 + math.Round(8*rng.NormFloat64()) // whole numbers: many of them equal
		values = append(values, v)
		f.Update(v)
		if i < 19 || i%37 != 0 {
			continue
		}
		last := slices.Sorted(slices.Values(values[max(0, len(values)-residual.Memory):]))
		f.Forecast(dst)
		for k, p := range dst.Levels {
			x := p*float64(len(last)+1) - 1
			lo := int(x)
			want := last[lo] + (x-float64(lo))*(last[min(lo+1, len(last)-1)]-last[lo])
			require.InDelta(t, want, dst.Values[0][k], 1e-4, "sample %d, level %v", i, p)
		}
	}
}

func TestFewErrorsAreSaidToBeFew(t *testing.T) {
	f, dst := newFilter(), one(0.5)
	for range 19 {
		f.Update(100)
	}
	f.Forecast(dst)
	require.ErrorIs(t, dst.Warnings[0], residual.ErrCalibrating)
	f.Update(100)
	f.Forecast(dst)
	require.Empty(t, dst.Warnings)
}

// A gap is no error, and neither is what cannot be a sample.
func TestGapsAreNoErrors(t *testing.T) {
	with, without := newFilter(), newFilter()
	for i := range 100 {
		v := 100 + float64(i%7)
		with.Update(v)
		without.Update(v)
		if i > 50 {
			for _, gap := range []float64{math.NaN(), math.Inf(1), -5} {
				with.Update(gap)
			}
		}
	}
	a, b := one(0.05, 0.95), one(0.05, 0.95)
	with.Forecast(a)
	without.Forecast(b)
	require.Equal(t, b.Values, a.Values)
	require.Equal(t, start().Add((100+3*49)*time.Minute), a.Start)
}

// The error of a maximum over h cells is not that of a cell: the bound of peaks
// lies higher.
func TestPeaksHaveErrorsOfTheirOwn(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	f, dst := newFilter(), forecast.New(24, 0.5, 0.95)
	for range 2000 {
		f.Update(100 + 10*rng.NormFloat64())
	}
	f.Forecast(dst)
	require.InDelta(t, 100, dst.Values[23][0], 4)
	// the median of the maximum of 24 normal variables is 1.93 deviations up
	require.InDelta(t, 119.3, dst.Peaks[23][0], 4)
}

func BenchmarkUpdateAndForecast(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 9))
	values := make([]float64, 1024)
	for i := range values {
		values[i] = 100 + rng.NormFloat64()
	}
	f, dst := newFilter(), forecast.New(10, 0.05, 0.5, 0.9, 0.95, 0.99)
	for _, v := range values {
		f.Update(v)
	}
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for i := 0; b.Loop(); i++ {
		f.Update(values[i%len(values)])
		f.Forecast(dst)
	}
	report()
}

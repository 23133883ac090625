package fit_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/rival/fit"
)

func TestLine(t *testing.T) {
	a, b := fit.Line([]float64{0, 1, 2}, []float64{1, 2, 6})
	require.InDelta(t, 0.5, a, 1e-12) // mean 3 less 2.5 · 1
	require.InDelta(t, 2.5, b, 1e-12) // ((−1)·(−2) + 1·3) / 2
	a, b = fit.Line([]float64{7}, []float64{4})
	require.InDelta(t, 4, a, 0)
	require.Zero(t, b, "one point has no slope")
}

func TestParabolaGoesOn(t *testing.T) {
	for n := 3; n < 8; n++ {
		y := make([]float64, n)
		for i := range y {
			x := float64(i)
			y[i] = 2 - 3*x + 0.5*x*x
		}
		x := float64(n)
		require.InDelta(t, 2-3*x+0.5*x*x, fit.Parabola(y), 1e-9, "%d points", n)
	}
	require.True(t, math.IsNaN(fit.Parabola([]float64{1, 2})))
}

func TestQuantileIsAValueOfTheSample(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	require.InDelta(t, 3, fit.Quantile(values, 0.5), 0)
	require.InDelta(t, 5, fit.Quantile(values, 0.9), 0) // ⌈4.5⌉-th
	require.InDelta(t, 1, fit.Quantile(values, 0), 0)
	require.Equal(t, []float64{5, 1, 4, 2, 3}, values, "untouched")
	require.True(t, math.IsNaN(fit.Quantile(nil, 0.5)))
}

// By hand: α = β = 0.5 on 10, 12, 16 from level 10 without trend.
//
//	10: level 10, trend 0
//	12: level 11, trend 0.5
//	16: level 13.75, trend 1.625
func TestSmoothingByHand(t *testing.T) {
	h := fit.HoltWinters{Alpha: 0.5, Beta: 0.5, Level: 10}
	for _, v := range []float64{10, 12, 16} {
		h.Update(v)
	}
	require.InDelta(t, 13.75, h.Level, 1e-12)
	require.InDelta(t, 15.375, h.Forecast(0), 1e-12)
	require.InDelta(t, 17, h.Forecast(1), 1e-12)
	h.Update(math.NaN())
	require.InDelta(t, 17, h.Forecast(0), 1e-12, "a gap lets time pass")
}

func TestASeasonOnATrendIsForecastExactly(t *testing.T) {
	for _, period := range []int{5, 6} {
		season := []float64{3, -1, -4, 0, 2, 0}[:period]
		sum := 0.0
		for _, s := range season {
			sum += s
		}
		at := func(i int) float64 { return 100 + 2*float64(i) + season[i%period] - sum/float64(period) }
		var y []float64
		for i := range 4 * period {
			y = append(y, at(i))
		}
		h := fit.HoltWinters{Alpha: 0.9, Beta: 0.9, Gamma: 0.9}
		h.Begin(y, period)
		for _, v := range y {
			h.Update(v)
		}
		for k := range 2 * period {
			require.InDelta(t, at(len(y)+k), h.Forecast(k), 1e-6, "period %d, %d ahead", period, k+1)
		}
	}
}

const day = 24 * 60

// noisy is n days of a sine of the given period in minutes, with noise.
func noisy(days, period int) []float64 {
	r := rand.New(rand.NewPCG(1, 1))
	y := make([]float64, days*day)
	for i := range y {
		y[i] = 100 + 50*math.Sin(2*math.Pi*float64(i)/float64(period)) + r.NormFloat64()
	}
	return y
}

func TestPeriod(t *testing.T) {
	require.Equal(t, day, fit.Period(noisy(4, day)))
	require.Equal(t, 7*day, fit.Period(noisy(14, 7*day)))
	require.Zero(t, fit.Period(noisy(1, day)), "one day is no period")
	require.Zero(t, fit.Period(make([]float64, 3*day)), "a flat line has none")
	ramp := make([]float64, 3*day)
	for i := range ramp {
		ramp[i] = float64(i)
	}
	require.Zero(t, fit.Period(ramp))
	half := noisy(4, day/2)
	require.Zero(t, fit.Period(half), "what returns twice a day has neither period")
}

// A daily pattern hardly above the noise is still found as a period, though the highest
// autocorrelation is at a lag some minutes beside it; noise alone has no period.
func TestAPeriodInNoise(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(2, seed))
		y, noise := make([]float64, 5*day), make([]float64, 5*day)
		for i := range y {
			noise[i] = 100 + 50*r.NormFloat64()
			y[i] = noise[i] + 50*math.Sin(2*math.Pi*float64(i)/day)
		}
		require.Equal(t, day, fit.Period(y), "seed %d", seed)
		require.Zero(t, fit.Period(noise), "seed %d", seed)
	}
}

func TestSpectralKeepsTheSlowAndDropsTheWeak(t *testing.T) {
	y := noisy(4, day)
	for i := range y {
		y[i] += 0.2 * math.Sin(2*math.Pi*float64(i)/20) // three per hour, weak
	}
	got := fit.Spectral{Fewest: 3, Low: 1}.Cycle(y, day)
	require.Len(t, got, day)
	for i, v := range got {
		require.InDelta(t, 100+50*math.Sin(2*math.Pi*float64(i)/day), v, 2.5, "minute %d", i) // slow noise stays
	}
}

func TestSpectralIsPositive(t *testing.T) {
	y := make([]float64, 2*day)
	for i := range y { // a strong wave below zero
		y[i] = math.Sin(2 * math.Pi * float64(i) / day)
	}
	for i, v := range (fit.Spectral{Fewest: 3, Low: 1}).Cycle(y, day) {
		require.Positive(t, v)
		if i > day/2+1 {
			require.InDelta(t, 0.01, v, 1e-12, "minute %d", i)
		}
	}
}

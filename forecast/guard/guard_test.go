package guard_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/guard"
	"github.com/forescale/forescale/forecast/regress"
)

var nan = math.NaN()

// warm returns a guard whose usual error is 1: errors of ±0.8.
func warm() *guard.State {
	g := guard.New()
	for i := range 100 {
		g.Judge(100, 100+0.8*float64(1-2*(i%2)))
	}
	return g
}

func TestOneCell(t *testing.T) {
	cases := map[string]struct {
		predicted, value, want float64
		verdict                guard.Verdict
	}{
		"as expected":                {100, 101, 101, guard.Clean},
		"15 times the usual error":   {100, 114.9, 114.9, guard.Clean},
		"more than that":             {100, 116, 100, guard.Outlier},
		"no sample":                  {100, nan, 100, guard.Missing},
		"a zero":                     {100, 0, 100, guard.Outage},
		"a zero where it is near":    {3, 0, 0, guard.Clean},
		"a zero at 4 usual errors":   {4, 0, 4, guard.Outage},
		"no prediction, no judgment": {nan, 7, 7, guard.Clean},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, verdict := warm().Judge(c.predicted, c.value)
			require.Equal(t, c.verdict, verdict)
			require.InDelta(t, c.want, got, 0)
		})
	}
}

// A shop is closed by night, so that zeros are no sign of an outage; on the first Sunday
// its closed hours are outliers as any.
func TestAZeroIsNoOutageWhereZerosAreCommon(t *testing.T) {
	g := guard.New()
	for i := range 200 {
		open := float64(i / 12 % 2)
		_, verdict := g.Judge(50*open+1-2*float64(i%2), 50*open)
		require.Equal(t, guard.Clean, verdict)
	}
	seen, verdict := g.Judge(50, 0)
	require.Equal(t, guard.Outlier, verdict)
	require.InDelta(t, 50, seen, 0)
}

func TestTenInARowAreANewLevel(t *testing.T) {
	for _, level := range []float64{200, 50} {
		g := warm()
		for i := range 9 {
			v, verdict := g.Judge(100, level)
			require.Equal(t, guard.Outlier, verdict, i)
			require.InDelta(t, 100, v, 0)
		}
		v, verdict := g.Judge(100, level)
		require.Equal(t, guard.Shift, verdict)
		require.InDelta(t, level, v, 0)
	}
}

func TestARunOnBothSidesIsNoLevel(t *testing.T) {
	g := warm()
	for i := range 20 {
		_, verdict := g.Judge(100, 100+50*float64(1-2*(i%2)))
		require.Equal(t, guard.Outlier, verdict, "cell %d", i)
	}
}

func TestRareCountsAreNotWithheldForEver(t *testing.T) {
	g := guard.New()
	rng := rand.New(rand.NewPCG(3, 1))
	seen, given := 0, 0
	for range 5000 {
		v := 0.0
		if rng.Float64() < 0.1 {
			v = 1
		}
		got, _ := g.Judge(0, v)
		seen += int(v)
		given += int(got)
	}
	require.Greater(t, given, seen/2)
}

func TestAConstantMetricMayStartToMove(t *testing.T) {
	g := guard.New()
	for range 200 {
		g.Judge(0, 0)
	}
	v, verdict := g.Judge(0, 5)
	require.Equal(t, guard.Clean, verdict, "there is no usual error yet")
	require.InDelta(t, 5, v, 0)
}

func TestSeriesCleansWhatIsDirtyAndNothingElse(t *testing.T) {
	truth := forecasttest.Hourly(35*24, 100, 1)
	dirty := forecasttest.Hourly(35*24, 100, 1)
	gap, spike, outage := 300, 500, 700
	for i := range 6 {
		dirty.Values[gap+i] = nan
	}
	dirty.Values[spike] *= 6
	for i := range 8 {
		dirty.Values[outage+i] = 0
	}
	got, replaced, err := guard.Series(dirty, regress.Model{})
	require.NoError(t, err)
	require.Equal(t, 9, replaced, "the spike and the outage, not the gap")
	for i, v := range got.Values {
		switch {
		case i >= gap && i < gap+6, i == spike, i >= outage && i < outage+8:
			require.InDelta(t, truth.Values[i], v, 30, "cell %d is filled by what was to be expected", i)
		default:
			require.InDelta(t, truth.Values[i], v, 0, "cell %d is untouched", i)
		}
	}
}

// A new level is kept from its first cell on, and what was withheld at its begin is no outlier
// after all. One from before, which stood alone, is.
func TestSeriesKeepsALevelShift(t *testing.T) {
	for _, rise := range []float64{200, 500} {
		s := forecasttest.Hourly(35*24, 100, 2)
		want := append([]float64(nil), s.Values...)
		for i := 600; i < len(s.Values); i++ {
			s.Values[i] += rise
			want[i] += rise
		}
		s.Values[500] *= 6
		got, replaced, err := guard.Series(s, regress.Model{})
		require.NoError(t, err)
		require.Equal(t, 1, replaced)
		require.InDelta(t, want[500], got.Values[500], 30)
		got.Values[500] = want[500]
		require.Equal(t, want, got.Values)
	}
}

func TestAShortSeriesIsCopied(t *testing.T) {
	s := forecast.Series{Start: forecasttest.Hourly(1, 1, 1).Start, Step: 3600e9, Values: []float64{1, nan, 2}}
	got, replaced, err := guard.Series(s, regress.Model{})
	require.NoError(t, err)
	require.Zero(t, replaced)
	require.InDelta(t, 1, got.Values[0], 0)
	require.True(t, math.IsNaN(got.Values[1]))
	got.Values[0] = 7
	require.InDelta(t, 1, s.Values[0], 0, "a copy")
}

func BenchmarkJudge(b *testing.B) {
	g := warm()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g.Judge(100, 100+float64(i%3))
	}
}

// What a regression cannot be fitted to is no reason to fail, and what is no history is one.
func TestAHistoryThatCannotBeJudged(t *testing.T) {
	history := forecasttest.Hourly(5*24, 100, 1)
	for i := 2*24 + 1; i < history.Len(); i++ {
		history.Values[i] = nan
	}
	cleaned, replaced, err := guard.Series(history, regress.Model{})
	require.NoError(t, err)
	require.Zero(t, replaced)
	require.Equal(t, history.Values[:2*24+1], cleaned.Values[:2*24+1])

	history.Values[7] = math.Inf(1)
	_, _, err = guard.Series(history, regress.Model{})
	require.ErrorContains(t, err, "value 7 of the series")
}

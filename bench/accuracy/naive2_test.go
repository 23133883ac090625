package accuracy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNaive2(t *testing.T) {
	const season = 4
	nan := math.NaN()
	days := func(n int, day ...float64) (x []float64) {
		for range n {
			x = append(x, day...)
		}
		return x
	}
	for name, c := range map[string]struct{ history, want []float64 }{
		"a season":                  {days(6, 1, 2, 3, 2), []float64{1, 2, 3, 2, 1}},
		"the last value is higher":  {append(days(20, 1, 2, 3, 2), 1, 2, 3, 2, 1.5), []float64{3, 4.5, 3, 1.5, 3}},
		"less than three seasons":   {days(2, 1, 2, 3, 2), []float64{2, 2, 2, 2, 2}},
		"no season":                 {[]float64{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 7}, []float64{7, 7, 7, 7, 7}},
		"constant":                  {days(6, 3, 3, 3, 3), []float64{3, 3, 3, 3, 3}},
		"the last value is missing": {append(days(2, 4), nan), []float64{4, 4, 4, 4, 4}},
		"nothing is known":          {[]float64{nan, nan}, []float64{0, 0, 0, 0, 0}},
		"the last hour is idle":     {days(6, 2, 3, 2, 0), []float64{0, 0, 0, 0, 0}},
	} {
		got := naive2(c.history, season, 5)
		require.InDeltaSlice(t, c.want, got, 0.03, name) // the last day moves the indices a little
	}
}

func TestGapsAreInterpolatedForNaive2(t *testing.T) {
	nan := math.NaN()
	require.Equal(t, []float64{2, 2, 3, 4, 4}, interpolated([]float64{nan, 2, nan, 4, nan}))
	require.Empty(t, interpolated([]float64{nan}))
}

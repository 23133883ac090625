package season_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/season"
)

func TestFill(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		z      []float64
		period int
		want   []float64
	}{
		"a period before":     {[]float64{1, 2, 3, nan}, 3, []float64{1, 2, 3, 1}},
		"filled ones as well": {[]float64{1, 2, nan, 4, nan}, 2, []float64{1, 2, 1, 4, 1}},
		"a period after":      {[]float64{nan, 2, 3, 4}, 3, []float64{4, 2, 3, 4}},
		"the nearest before":  {[]float64{1, nan, 3}, 9, []float64{1, 1, 3}},
		"the first there is":  {[]float64{nan, nan, 3}, 9, []float64{3, 3, 3}},
		"no period":           {[]float64{1, nan, 3}, 0, []float64{1, 1, 3}},
		"nothing known":       {[]float64{nan, nan}, 1, []float64{0, 0}},
	} {
		season.Fill(c.z, c.period)
		require.Equal(t, c.want, c.z, name)
	}
}

package ets

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A fixture is what another program forecast after values with given parameters
// and initial states; see testdata/generate.py.
type fixture struct {
	Origin string
	Values []float64
	Cases  []struct {
		Seasonal                                string
		Alpha, Beta, Gamma, LongGamma, Phi, Rho float64
		Season, LongSeason, Forecast            []float64
	}
}

// statsmodels has the same innovations form, damped and not, for sums and for
// products; the matrices of BATS have both seasons and the AR(1) error.
func TestForecastsAreThoseOfOtherPrograms(t *testing.T) {
	for _, c := range []struct {
		file         string
		level, slope float64
	}{{"statsmodels", 100, 0.1}, {"ets", 100, 0.1}, {"bats", 200, 0.05}} {
		text, err := os.ReadFile("testdata/" + c.file + ".json")
		require.NoError(t, err)
		var r fixture
		require.NoError(t, json.Unmarshal(text, &r))
		require.NotEmpty(t, r.Cases)
		for i, want := range r.Cases {
			f := &Fitted{
				Params: Params{Alpha: want.Alpha, Beta: want.Beta, Phi: want.Phi, Gamma: [2]float64{want.Gamma, want.LongGamma}, Rho: want.Rho},
				model:  Model{}.defaults(), periods: []time.Duration{24 * time.Hour}, step: time.Hour, start: time.Unix(0, 0).UTC(),
				init: initial{level: c.level, slope: c.slope, seasons: [][]float64{want.Season}},
				high: 1000,
			}
			if want.Seasonal == "mul" {
				f.model.Form = Multiplicative
			}
			if want.LongSeason != nil {
				f.periods = append(f.periods, 7*24*time.Hour)
				f.init.seasons = append(f.init.seasons, want.LongSeason)
			}
			f.recursion = f.newRecursion(f.Params)
			f.recursion.tabulate()
			s, err := f.State(f.start, f.step)
			require.NoError(t, err)
			for _, v := range r.Values {
				s.Update(v)
			}
			for h, w := range want.Forecast {
				// seasons are kept in single precision
				require.InEpsilonf(t, w, s.At(h+1), 2e-6, "%s case %d, h = %d", r.Origin, i, h+1)
			}
		}
	}
}

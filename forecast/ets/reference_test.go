package ets

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The numbers come from R's HoltWinters with given parameters and initial states
// (the call is in the file). R writes β and γ as shares of what α leaves: in
// innovations form β = αβ', γ = γ'(1−α).
func TestTheRecursionIsThatOfR(t *testing.T) {
	text, err := os.ReadFile("testdata/holtwinters.json")
	require.NoError(t, err)
	var reference struct {
		Values, Additive, Multiplicative []float64
	}
	require.NoError(t, json.Unmarshal(text, &reference))
	for form, want := range map[Form][]float64{Additive: reference.Additive, Multiplicative: reference.Multiplicative} {
		season := make([]float64, 24)
		for i := range season {
			season[i] = 30 * math.Sin(2*math.Pi*float64(i)/24)
			if form == Multiplicative {
				season[i] = 1 + season[i]/100
			}
		}
		f := &Fitted{
			Params:  Params{Alpha: 0.3, Beta: 0.3 * 0.05, Phi: 1, Gamma: [2]float64{0.2 * (1 - 0.3)}},
			model:   HoltWinters(form).defaults(),
			periods: []time.Duration{24 * time.Hour}, step: time.Hour, start: time.Unix(0, 0).UTC(),
			init: initial{level: 100, slope: 0.1, seasons: [][]float64{season}},
			high: 1000,
		}
		f.recursion = f.newRecursion(f.Params)
		f.recursion.tabulate()
		s, err := f.State(f.start, f.step)
		require.NoError(t, err)
		for _, v := range reference.Values {
			s.Update(v)
		}
		for h, w := range want {
			tolerance := 1e-4 // seasons are kept in single precision
			if form == Multiplicative {
				// R divides by the new level, innovations form by the one expected
				tolerance = 0.005 * w
			}
			require.InDelta(t, w, s.At(h+1), tolerance, "form %d, h = %d", form, h+1)
		}
	}
}

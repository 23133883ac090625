package direct

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATapeKeepsItsValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for name, draw := range map[string]func(i int) float64{
		"zero":     func(int) float64 { return 0 },
		"constant": func(int) float64 { return 0.75 },
		"noise":    func(int) float64 { return 1 + 0.2*rng.Float64() },
		"spikes": func(i int) float64 {
			if i%50 == 7 {
				return 100
			}
			return 1 + 0.2*rng.Float64()
		},
	} {
		t.Run(name, func(t *testing.T) {
			tape, values := newTape(200), make([]float64, 0, 1000)
			for i := range 1000 {
				values = append(values, draw(i))
				tape.push(values[i])
				for j := max(0, i-199); j <= i; j++ {
					got := tape.at(j)
					if values[j] < 2 {
						require.InDelta(t, values[j], got, 0.05, "value %d after %d", j, i)
					} else {
						require.InEpsilon(t, values[j], got, 0.01, "value %d after %d", j, i)
					}
				}
			}
			require.InDelta(t, values[999], tape.at(999), 1e-3)
			require.True(t, math.IsNaN(tape.at(1000)), "not pushed yet")
			require.True(t, math.IsNaN(tape.at(500)), "overwritten")
			require.True(t, math.IsNaN(tape.at(-1)))
			tape.rescale(0.5)
			require.InDelta(t, values[900]/2, tape.at(900), 0.03+values[900]/100)
		})
	}
}

func TestAnEmptyTapeKnowsNothing(t *testing.T) {
	require.True(t, math.IsNaN(new(tape).at(0)))
}

// Package lstmtest has what the tests of networks share: series to learn from, and
// a network that has learned nothing.
package lstmtest

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/input"
)

// Waves returns n series of hourly traffic of that many cells, each with a day, a
// quieter weekend, a level and noise of its own; seeded.
func Waves(n, cells int, seed uint64) []forecast.Series {
	rng := rand.New(rand.NewPCG(seed, 21))
	out := make([]forecast.Series, n)
	for k := range out {
		level, depth, phase := math.Exp(4*rng.NormFloat64()), 0.3+0.5*rng.Float64(), 24*rng.Float64()
		noise, weekend, drift := 0.02+0.08*rng.Float64(), 0.5+0.5*rng.Float64(), 0.0
		s := forecast.Series{
			Start:  time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
			Step:   time.Hour,
			Values: make([]float64, cells),
		}
		for i := range s.Values {
			drift = 0.97*drift + noise*rng.NormFloat64()
			v := level * (1 + depth*math.Sin(2*math.Pi*(float64(i)+phase)/24)) * math.Exp(drift)
			if i%168 >= 120 {
				v *= weekend
			}
			s.Values[i] = v
		}
		out[k] = s
	}
	return out
}

// Untrained returns a network of one layer with random weights, whose inputs and
// outputs are of the kind that package train learns: relative, with maxima.
func Untrained(step time.Duration, units, headUnits int) *lstm.Network {
	c := lstm.Config{
		Step: step, Features: input.Learned(), Rungs: []int{1, 2, 3, 6, 12, 24},
		Quantiles: []float64{0.1, 0.5, 0.9}, Peaks: true, Relative: true,
	}
	n := &lstm.Network{
		Config: c,
		Layers: []cell.Layer{cell.NewLayer(len(c.Features), units)},
		Head:   lstm.NewHead(c.HeadInputs(units), headUnits, c.Outputs()),
	}
	rng := rand.New(rand.NewPCG(1, 22))
	for _, p := range n.Parameters() {
		for i := range p {
			p[i] = 0.1 * rng.NormFloat64()
		}
	}
	return n
}

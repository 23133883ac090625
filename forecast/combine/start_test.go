package combine_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/combine"
)

// Twelve experts have errors of one size, but for one that runs away, and nothing is known
// of them yet. In the first rounds the combination must be much better than one of the eleven;
// ML-Poly, which follows whom chance has favoured, listens to the runaway too.
func TestTheStartIsTheMiddleOfTheExperts(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	const rounds, runaway, overlap = 24, 11, 6
	w, advice := make([]float32, 12), make([]float32, 12)
	own, one, far := 0.0, 0.0, 0.0
	for range 200 {
		set := settings(12, 0.998)
		set.Overlap = overlap
		p := combine.NewPoly(set, 12)
		for range rounds {
			for k := range advice {
				advice[k] = float32(100 + 10*rng.NormFloat64())
			}
			advice[runaway] = float32(1000 * rng.Float64())
			own += math.Abs(say(p, w, advice, 100) - 100)
			one += math.Abs(float64(advice[0]) - 100)
			far = max(far, math.Abs(float64(w[runaway])))
		}
	}
	t.Logf("%.2f of the error of one, at most %.3f of the weight for the runaway", own/one, far)
	require.Less(t, own, 0.62*one, "without a start 0.74 of it")
}

// In the first rounds nothing can be said of how much the experts have saved, which is no
// reason to doubt them: that the load is where the season says is worth all the belief.
func TestWhatWasNeverJudgedIsNotDoubted(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 2))
	p := combine.NewPoly(settings(4, 0.998), 4)
	w := make([]float32, 4)
	noise := func() float32 { return float32(rng.NormFloat64()) }
	for i := range 200 {
		truth := 100 + float32(i%24)
		said := say(p, w, []float32{100 + float32((i+18)%24), truth + noise(), truth + noise(), truth + noise()}, truth)
		if i > 20 {
			require.InDelta(t, truth, said, 4, "round %d", i)
		}
	}
}

// A start beside the gate until there is a week leaves no trace: from then on
// the same is said as without it, because the gate has learned from what it would have said
// alone.
func TestAStartThatFadesLeavesNoTrace(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 3))
	const opens, week, rounds, n = 60, 160, 320, 8
	var of [2]*combine.Poly
	var said [2][]float32
	for j := range of {
		set := settings(n, 1-1./400)
		set.Fades = j == 1
		of[j], said[j] = combine.NewPoly(set, n), make([]float32, n)
	}
	advice, heard := make([]float32, n), 0
	for i := range rounds {
		truth := float32(100 + 20*rng.NormFloat64())
		for k := range advice {
			advice[k] = truth + float32(10*rng.NormFloat64())
		}
		if i < week {
			advice[2] = float32(math.NaN())
		}
		var points [2]float64
		for j, p := range of {
			points[j] = say(p, said[j], advice, truth)
		}
		switch {
		case i >= week:
			require.InDeltaSlice(t, said[0], said[1], 1e-4, "round %d", i)
		case i >= opens && math.Abs(points[1]-points[0]) > 1e-3:
			heard++
		}
	}
	require.Greater(t, heard, (week-opens)/2, "rounds in which the start took part")
}

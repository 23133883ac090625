package combine_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/combine"
)

// lasting draws truths and the forecasts of experts whose errors last for so many rounds.
type lasting struct {
	rng    *rand.Rand
	rounds float64
	errors []float64
}

func (l *lasting) draw(advice []float32) (truth float32) {
	truth = float32(100 + 20*l.rng.NormFloat64())
	for k := range advice {
		l.errors[k] += (l.rng.NormFloat64()*math.Sqrt(2*l.rounds) - l.errors[k]) / l.rounds
		advice[k] = truth + float32((1+float64((k+2)%3))*l.errors[k])
	}
	return truth
}

// pair returns a gate and a middle of n experts whose forecasts overlap for so many rounds.
func pair(n int, overlap float32) (gate, middle *combine.Poly) {
	alone, within := settings(n, 1-1./400), settings(n, 1-1./400)
	alone.Overlap, within.Overlap, within.Middle = overlap, overlap, true
	return combine.NewPoly(alone, n), combine.NewPoly(within, n)
}

// Few forecasts that overlap tell little of who is better. The middle of the gate and its
// choices is then better than the gate, which follows whom the last days have favoured.
func TestTheMiddleIsBetterThanTheGateWhereForecastsAreFew(t *testing.T) {
	const experts, rounds, overlap, runs = 8, 240, 12, 60
	rng := rand.New(rand.NewPCG(12, 1))
	var errs [2]float64
	for range runs {
		gate, middle := pair(experts, overlap)
		l := lasting{rng: rng, rounds: overlap, errors: make([]float64, experts)}
		w, advice := make([]float32, experts), make([]float32, experts)
		for i := range rounds {
			truth := l.draw(advice)
			for j, p := range []*combine.Poly{gate, middle} {
				if e := math.Abs(say(p, w, advice, truth) - float64(truth)); i > rounds/4 {
					errs[j] += e
				}
			}
		}
	}
	t.Logf("%.3f of the error of the gate", errs[1]/errs[0])
	require.Less(t, errs[1], 0.97*errs[0])
}

// What the middle says is no lesson for the gate: it stands where it would stand alone.
func TestTheMiddleLeavesTheGateAsItIs(t *testing.T) {
	const experts, rounds, overlap = 8, 400, 12
	l := lasting{rng: rand.New(rand.NewPCG(12, 2)), rounds: overlap, errors: make([]float64, experts)}
	alone, within := pair(experts, overlap)
	w, advice, differs := make([]float32, experts), make([]float32, experts), 0
	for i := range rounds {
		truth := l.draw(advice)
		parts := within.Weights(w, advice)
		middle, sum := float32(0), float32(0)
		for k, f := range advice {
			require.GreaterOrEqual(t, w[k], float32(0))
			middle, sum = middle+w[k]*f, sum+w[k]
		}
		require.InDelta(t, 1, sum, 1e-5, "round %d", i)
		within.Learn(advice, parts, middle, truth)
		gate := say(alone, w, advice, truth)
		if i < 60 { // the start
			continue
		}
		believed := advice[0] + (parts.Gate-advice[0])*float32(parts.Belief)/math.MaxUint8
		require.InDelta(t, gate, believed, 1e-2, "round %d", i)
		if math.Abs(float64(middle)-gate) > 2e-2 {
			differs++
		}
	}
	require.Greater(t, differs, rounds/10, "rounds in which the middle says something else")
}

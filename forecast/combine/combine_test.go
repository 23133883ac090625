package combine_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/combine"
)

func settings(experts int, keep float32) *combine.Settings {
	s := &combine.Settings{Prior: new(combine.Prior), Keep: keep, Lead: 1.0 / 40, Overlap: 1}
	for range experts {
		*s.Prior = append(*s.Prior, 1)
	}
	return s
}

func TestPolyFollowsTheBestExpert(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	p := combine.NewPoly(settings(3, 1), 3)
	w := make([]float32, 3)
	nan := float32(math.NaN())
	for range 1000 {
		y := float32(rng.NormFloat64())
		advice := []float32{y + 0.1*float32(rng.NormFloat64()), y + 3, nan}
		parts := p.Weights(w, advice)
		require.Zero(t, w[2], "the sleeper has no weight")
		require.InDelta(t, 1, float64(w[0]+w[1]), 1e-5)
		p.Learn(advice, parts, w[0]*advice[0]+w[1]*advice[1], y)
	}
	require.Greater(t, w[0], float32(0.9))
}

func TestLadder(t *testing.T) {
	require.Equal(t, []int{1, 2, 5, 10, 15, 30, 60}, combine.Ladder(time.Minute))
	require.Equal(t, []int{1, 12, 24, 60, 120, 180, 360, 720}, combine.Ladder(5*time.Second))
	require.Equal(t, []int{1, 2, 3, 6, 12}, combine.Ladder(5*time.Minute))
	require.Equal(t, []int{1, 2, 3, 4, 6, 8, 10, 12}, combine.Ladder(time.Hour))
	lo, hi, w := combine.Between([]int{1, 5, 15}, 10)
	require.Equal(t, []int{1, 2}, []int{lo, hi})
	require.InDelta(t, 0.5, w, 1e-12)
}

// On a random walk eleven experts that know nothing are no better than the first:
// together they cost 0.27 %, of which the gate must give nearly all back.
func TestPolyDoesNoHarmWhereNothingCanBeKnown(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 2))
	p := combine.NewPoly(settings(12, 0.998), 12)
	w, advice := make([]float32, 12), make([]float32, 12)
	level, own, ungated, naive := 100.0, 0.0, 0.0, 0.0
	const n = 20000
	for i := range n {
		for k := range advice {
			advice[k] = float32(level)
			if k > 0 {
				advice[k] += float32(rng.NormFloat64())
			}
		}
		parts := p.Weights(w, advice)
		mixed := float32(0)
		for k := range w {
			mixed += w[k] * advice[k]
		}
		truth := level + rng.NormFloat64()
		if i > n/4 {
			own += math.Abs(truth - float64(mixed))
			ungated += math.Abs(truth - float64(parts.Weighted))
			naive += math.Abs(truth - level)
		}
		p.Learn(advice, parts, mixed, float32(truth))
		level = truth
	}
	t.Logf("%.4f of naive, %.4f without the gate", own/naive, ungated/naive)
	require.Less(t, own, 1.001*naive)
}

// Two experts are good until one of them errs a hundred thousandfold, once; then
// the other turns bad. The first must be believed again within some hundred
// rounds, and not after the weeks in which the memory of so much regret fades.
func TestPolyForgivesAFreak(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 3))
	p := combine.NewPoly(settings(3, 0.999), 3)
	w := make([]float32, 3)
	for i := range 3000 {
		y := float32(1 + 0.1*rng.NormFloat64())
		advice := []float32{y + 2, y + 0.05*float32(rng.NormFloat64()), y + 0.05*float32(rng.NormFloat64())}
		switch {
		case i == 2000:
			advice[1] = 1e5
		case i > 2000:
			advice[2] = y + 1
		}
		parts := p.Weights(w, advice)
		mixed := w[0]*advice[0] + w[1]*advice[1] + w[2]*advice[2]
		if i > 2400 {
			require.Greater(t, w[1], float32(0.8), "round %d", i)
		}
		p.Learn(advice, parts, mixed, y)
	}
}

// say is one round of Poly: what all experts together said.
func say(p *combine.Poly, w, advice []float32, truth float32) float64 {
	parts := p.Weights(w, advice)
	mixed := float32(0)
	for k, f := range advice {
		if w[k] > 0 {
			mixed += w[k] * f
		}
	}
	p.Learn(advice, parts, mixed, truth)
	return float64(mixed)
}

// After a night without any error the first errors of the morning are no freaks:
// the expert that is right must lead within half an hour. Measured against the
// error of the night alone it took eighty minutes.
func TestPolyLearnsTheMorningAfterASilentNight(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	p := combine.NewPoly(settings(4, 0.998), 4)
	w := make([]float32, 4)
	open := func() float32 { return float32(50 + 5*rng.NormFloat64()) }
	for range 500 { // a day on which the last is the best
		say(p, w, []float32{open(), open(), open(), 50}, open())
	}
	for range 700 {
		say(p, w, make([]float32, 4), 0)
	}
	said := 0.0
	for range 30 { // and one on which it is not
		said = say(p, w, []float32{0, 50, 50, 50}, 0)
	}
	t.Logf("%.2f after half an hour", said)
	require.Less(t, said, 2.5)
}

// A shop opens once in a hundred rounds. The season foresees it and is as noisy as
// the load, the mean is better at all other times, and the last value never good.
func TestTheGateFollowsTheSeasonIntoAMove(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 2))
	p := combine.NewPoly(settings(4, 0.998), 4)
	w := make([]float32, 4)
	noise := func() float32 { return float32(5 * rng.NormFloat64()) }
	var cost, best [2]float64 // in quiet and in moving rounds
	for i := range 6000 {
		before, move := float32(50), 0
		if i%100 < 5 {
			before, move = 0, 1
		}
		y := 50 + noise()
		advice := []float32{before + noise(), float32(math.NaN()), 50 + noise(), before}
		said := say(p, w, advice, y)
		if i > 2000 {
			cost[move] += math.Abs(said - float64(y))
			best[move] += math.Abs(float64(advice[3-move] - y))
		}
	}
	t.Logf("%.2f of the best while quiet, %.2f in a move", cost[0]/best[0], cost[1]/best[1])
	require.Less(t, cost[0], 1.25*best[0], "quiet: 1.20 with one set of accounts")
	require.Less(t, cost[1], 1.1*best[1], "in a move: 3.2 with one set of accounts")
}

// An hour ahead on a random walk of minutes: what experts foresee is noise that
// lasts as long as the horizon, so that two weeks hold three hundred independent
// forecasts and chance looks like skill. Believed at once it costs 1.3 %.
func TestPolyBelievesWhatExpertsHaveShown(t *testing.T) {
	const h, n, memory = 60, 14 * 1440, 720
	rng := rand.New(rand.NewPCG(8, 4))
	set := settings(12, 1-1./memory)
	set.Overlap = h
	p := combine.NewPoly(set, 12)
	w, noise := make([]float32, 12), make([]float64, 12)
	levels, said, advice, parts := make([]float32, n), make([]float32, n), make([][]float32, n), make([]combine.Parts, n)
	level, own, naive := 500.0, 0.0, 0.0
	for i := range n {
		level += rng.NormFloat64()
		levels[i] = float32(level)
		if i >= h {
			p.Learn(advice[i-h], parts[i-h], said[i-h], levels[i])
			if i > 1400+5*h && i < 2*n/3 {
				own += math.Abs(float64(said[i-h] - levels[i]))
				naive += math.Abs(float64(levels[i-h] - levels[i]))
			}
		}
		advice[i] = make([]float32, 12)
		for k := range noise {
			if k > 0 {
				noise[k] += 0.6*rng.NormFloat64() - noise[k]/h
			}
			advice[i][k] = levels[i] + float32(noise[k])
		}
		parts[i] = p.Weights(w, advice[i])
		for k, v := range advice[i] {
			said[i] += w[k] * v
		}
	}
	t.Logf("%.4f of naive", own/naive)
	require.Less(t, own, 1.005*naive)
}

// One day of seven is dead: at its hours and at those of the day after only the week
// ago knows, and at most others the day ago is as good.
func TestTheGateLearnsWhichSeasonIsRightWhenTheyContradict(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 5))
	p := combine.NewPoly(settings(4, 0.998), 4)
	w := make([]float32, 4)
	cost, last := 0.0, 0.0
	const n = 6000
	noise := func() float32 { return float32(2 * rng.NormFloat64()) }
	for i := range n {
		load := func(i int) float32 {
			if i/50%7 == 6 || i%50 >= 25 {
				return 0
			}
			return 50
		}
		y := max(0, load(i)+noise())
		day, week := load(i-50)+noise(), load(i-350)+noise()
		said := say(p, w, []float32{float32(last), max(0, day), max(0, week), float32(last)}, y)
		if i >= n/2 && load(i-50) != load(i) {
			cost += math.Abs(said - float64(y))
		}
		last = float64(y)
	}
	t.Logf("%.2f a round", cost/(n/2*2./14))
	require.Less(t, cost/(n/2*2./14), 2.2, "2.45 with two sets of accounts")
}

// Two combinations have lost all belief when experts begin to be right. One is told
// of rounds from before, when they were believed, the other of rounds of now: what
// was foreseen is the same, and so is what they believe afterwards.
func TestAForecastIsJudgedByTheBeliefThatItWasGiven(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 6))
	const now, foreseen, whole = 10, 13, 255
	then, today := combine.NewPoly(settings(3, 0.99), 3), combine.NewPoly(settings(3, 0.99), 3)
	w, advice := make([]float32, 3), []float32{now, foreseen, float32(math.NaN())}
	for range 400 {
		truth := now + float32(0.5*rng.NormFloat64())
		for _, p := range []*combine.Poly{then, today} {
			parts := p.Weights(w, advice)
			p.Learn(advice, parts, now+float32(parts.Belief)/whole*(foreseen-now), truth)
		}
	}
	low := today.Weights(w, advice).Belief
	require.Less(t, low, uint8(60))
	for range 2000 {
		parts := today.Weights(w, advice)
		today.Learn(advice, parts, now+float32(parts.Belief)/whole*(foreseen-now), foreseen)
		parts.Belief = whole
		then.Learn(advice, parts, foreseen, foreseen)
	}
	require.Greater(t, today.Weights(w, advice).Belief, low)
	require.InDelta(t, today.Weights(w, advice).Belief, then.Weights(w, advice).Belief, 1)
}

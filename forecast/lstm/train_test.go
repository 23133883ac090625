package lstm

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// waves returns series of hourly traffic, each with a day, a quieter weekend, a
// level and noise of its own; seeded.
func waves(n, cells int, seed uint64) []forecast.Series {
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

// quick trains in about a second.
var quick = Options{
	Units: 8, HeadUnits: 8, Rungs: []int{1, 2, 3, 6, 12, 24}, Epochs: 8, MinSteps: 120, Chunk: 24, Lanes: 8, Seed: 1,
}

// trained is one network for all tests that need no more than a sensible one.
var trained = sync.OnceValues(func() (*Network, Report) {
	n, r, err := Train(context.Background(), waves(12, 35*24, 5), quick, nil)
	if err != nil {
		panic(err)
	}
	return n, r
})

func TestModelKeepsTheContract(t *testing.T) {
	n, _ := trained()
	forecasttest.TestModel(t, Model{n})
}

func TestTrainingBeatsSeasonalNaive(t *testing.T) {
	_, r := trained()
	for _, s := range r.Rungs {
		require.Lessf(t, s.ToSeasonal, 1.0, "%d steps ahead", s.Horizon)
		require.Lessf(t, s.ToNaive, 1.02, "%d steps ahead", s.Horizon)
	}
	require.Less(t, r.Epochs[r.Best-1].Validation, r.Epochs[0].Validation)
}

// Equal seeds give the same network bit for bit; another seed another one.
func TestTrainingIsDeterministic(t *testing.T) {
	series := waves(3, 20*24, 6)
	o := quick
	o.Epochs, o.MinSteps = 2, 10
	run := func(seed uint64) ([]byte, Report) {
		o.Seed = seed
		n, r, err := Train(t.Context(), series, o, nil)
		require.NoError(t, err)
		data, err := n.Encode()
		require.NoError(t, err)
		return data, r
	}
	a, reportA := run(3)
	b, reportB := run(3)
	c, _ := run(4)
	require.Equal(t, a, b)
	require.Equal(t, reportA, reportB)
	require.NotEqual(t, a, c)
}

// The gradient of the whole network, head, anchors, layer and loss, is that of
// central differences.
func TestGradientOfTheWholeNetwork(t *testing.T) {
	series := waves(1, 9*24, 7)
	series[0].Values[8*24+3] = math.NaN()
	parts, o, err := prepare(series, Options{Units: 3, HeadUnits: 4, Rungs: []int{1, 3, 24}, Quantiles: []float64{0.1, 0.5, 0.9}, Seed: 2})
	require.NoError(t, err)
	net := newNetwork(time.Hour, o)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, p := range net.parameters() {
		for i := range p {
			p[i] += 0.1 * rng.NormFloat64()
		}
	}
	const chunk = 40
	loss := func(grad *Network) float64 {
		l := newLane(net, chunk)
		l.begin(&parts[0], 5*24, 0, parts[0].series.Len())
		l.advance(chunk)
		sum, count := l.loss(1)
		require.Greater(t, count, 400)
		if grad != nil {
			l.backward(grad)
		}
		return sum
	}
	grad := net.zeros()
	loss(grad)
	checked := 0
	for i, p := range net.parameters() {
		for range 25 {
			j := rng.IntN(len(p))
			const eps = 1e-6
			old := p[j]
			p[j] = old + eps
			up := loss(nil)
			p[j] = old - eps
			down := loss(nil)
			p[j] = old
			g := grad.parameters()[i][j]
			require.InDeltaf(t, (up-down)/(2*eps), g, 1e-4*(1+math.Abs(g)), "parameter %d of slice %d", j, i)
			checked++
		}
	}
	require.Equal(t, 150, checked)
}

// What comes after the part to learn from and to stop by changes no weight.
func TestTheTestTailIsNotSeen(t *testing.T) {
	series := waves(2, 20*24, 8)
	o := quick
	o.Epochs, o.MinSteps = 2, 10
	a, _, err := Train(t.Context(), series, o, nil)
	require.NoError(t, err)
	for _, s := range series {
		for i := s.Len() - int(0.15*float64(s.Len())); i < s.Len(); i++ {
			s.Values[i] *= 5
		}
	}
	b, _, err := Train(t.Context(), series, o, nil)
	require.NoError(t, err)
	require.Equal(t, a.parameters(), b.parameters())
}

func TestTrainRefuses(t *testing.T) {
	_, _, err := Train(t.Context(), nil, Options{}, nil)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	_, _, err = Train(t.Context(), waves(1, 20, 1), Options{}, nil)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	require.ErrorContains(t, err, "the longest series has 20 cells of 1h0m0s")
	two := waves(2, 400, 1)
	two[1].Step = time.Minute
	_, _, err = Train(t.Context(), two, Options{}, nil)
	require.ErrorContains(t, err, "series 1 has step 1m0s, the first one 1h0m0s")
	_, _, err = Train(t.Context(), two, Options{Units: 1000}, nil)
	require.ErrorContains(t, err, "units is 1000, want 1 to 512")
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = Train(ctx, waves(1, 400, 1), Options{}, func(Progress) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

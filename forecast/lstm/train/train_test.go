package train

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/lstmtest"
	"github.com/forescale/forescale/forecast/lstm/weights"
)

// quick trains in about a second.
var quick = Options{
	Units: 8, HeadUnits: 8, Rungs: []int{1, 2, 3, 6, 12, 24}, Epochs: 8, MinSteps: 120, Chunk: 24, Lanes: 8, Seed: 1,
}

// trained is one network for all tests that need no more than a sensible one.
var trained = sync.OnceValues(func() (*lstm.Network, Report) {
	n, r, err := Run(context.Background(), lstmtest.Waves(12, 35*24, 5), quick, nil)
	if err != nil {
		panic(err)
	}
	return n, r
})

func TestTrainingBeatsSeasonalNaive(t *testing.T) {
	_, r := trained()
	for _, s := range r.Rungs {
		require.Lessf(t, s.ToSeasonal, 1.0, "%d steps ahead", s.Horizon)
		require.Lessf(t, s.ToNaive, 1.02, "%d steps ahead", s.Horizon)
	}
	require.Less(t, r.Epochs[r.Best-1].Validation, r.Epochs[0].Validation)
}

// The outputs of a network may cross; its forecasts do not, nor may what is said of them.
func TestCoverageRisesWithTheLevel(t *testing.T) {
	series := lstmtest.Waves(1, 20*24, 6)
	o := quick
	o.Epochs, o.MinSteps = 1, 5
	n, _, err := Run(t.Context(), series, o, nil)
	require.NoError(t, err)
	n.Head.B2[0] += 3 // of the lowest quantile of the first rung
	all, err := errorsOf(n, part{series: series[0], stop: 15 * 24})
	require.NoError(t, err)
	require.Positive(t, all[0].n)
	require.True(t, slices.IsSorted(all[0].under), "%v", all[0].under)
}

// Equal seeds give the same network bit for bit; another seed another one.
func TestTrainingIsDeterministic(t *testing.T) {
	series := lstmtest.Waves(3, 20*24, 6)
	o := quick
	o.Epochs, o.MinSteps = 2, 10
	run := func(seed uint64) ([]byte, Report) {
		o.Seed = seed
		n, r, err := Run(t.Context(), series, o, nil)
		require.NoError(t, err)
		data, err := weights.Encode(n)
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
	series := lstmtest.Waves(1, 9*24, 7)
	series[0].Values[8*24+3] = math.NaN()
	parts, o, err := prepare(series, Options{Units: 3, HeadUnits: 4, Rungs: []int{1, 3, 24}, Quantiles: []float64{0.1, 0.5, 0.9}, Seed: 2})
	require.NoError(t, err)
	net := newNetwork(time.Hour, o)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, p := range net.Parameters() {
		for i := range p {
			p[i] += 0.1 * rng.NormFloat64()
		}
	}
	const chunk = 40
	loss := func(grad *lstm.Network) float64 {
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
	grad := net.Zeros()
	loss(grad)
	checked := 0
	for i, p := range net.Parameters() {
		for range 25 {
			j := rng.IntN(len(p))
			const eps = 1e-6
			old := p[j]
			p[j] = old + eps
			up := loss(nil)
			p[j] = old - eps
			down := loss(nil)
			p[j] = old
			g := grad.Parameters()[i][j]
			require.InDeltaf(t, (up-down)/(2*eps), g, 1e-4*(1+math.Abs(g)), "parameter %d of slice %d", j, i)
			checked++
		}
	}
	require.Equal(t, 150, checked)
}

// What comes after the part to learn from and to stop by changes no weight.
func TestTheTestTailIsNotSeen(t *testing.T) {
	series := lstmtest.Waves(2, 20*24, 8)
	o := quick
	o.Epochs, o.MinSteps = 2, 10
	a, _, err := Run(t.Context(), series, o, nil)
	require.NoError(t, err)
	for _, s := range series {
		for i := s.Len() - int(0.15*float64(s.Len())); i < s.Len(); i++ {
			s.Values[i] *= 5
		}
	}
	b, _, err := Run(t.Context(), series, o, nil)
	require.NoError(t, err)
	require.Equal(t, a.Parameters(), b.Parameters())
}

func TestRunRefuses(t *testing.T) {
	_, _, err := Run(t.Context(), nil, Options{}, nil)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	_, _, err = Run(t.Context(), lstmtest.Waves(1, 20, 1), Options{}, nil)
	require.ErrorIs(t, err, forecast.ErrShortHistory)
	require.ErrorContains(t, err, "the longest series has 20 cells of 1h;")
	two := lstmtest.Waves(2, 400, 1)
	two[1].Step = time.Minute
	_, _, err = Run(t.Context(), two, Options{}, nil)
	require.ErrorContains(t, err, "series 1 has step 1m, the first one 1h:")
	_, _, err = Run(t.Context(), two, Options{Units: 1000}, nil)
	require.ErrorContains(t, err, "units is 1000, want 1 to 512")
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = Run(ctx, lstmtest.Waves(1, 400, 1), Options{}, func(Progress) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

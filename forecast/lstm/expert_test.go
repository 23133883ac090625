package lstm_test

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
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/input"
	"github.com/forescale/forescale/forecast/lstm/lstmtest"
	"github.com/forescale/forescale/forecast/lstm/train"
)

// trained is one network for all tests that need no more than a sensible one; it
// trains in about a second.
var trained = sync.OnceValue(func() *lstm.Network {
	n, _, err := train.Run(context.Background(), lstmtest.Waves(12, 35*24, 5), train.Options{
		Units: 8, HeadUnits: 8, Rungs: []int{1, 2, 3, 6, 12, 24}, Epochs: 8, MinSteps: 120, Chunk: 24, Lanes: 8, Seed: 1,
	}, nil)
	if err != nil {
		panic(err)
	}
	return n
})

func TestModelKeepsTheContract(t *testing.T) {
	forecasttest.TestModel(t, lstm.Model{Network: trained()})
}

func mustExpert(t *testing.T, n *lstm.Network, s forecast.Series) *lstm.Expert {
	t.Helper()
	e, err := n.NewExpert(s.Start, s.Step)
	require.NoError(t, err)
	for _, v := range s.Values {
		e.Update(v)
	}
	return e
}

func TestAnExpertWorksFromTheFirstSample(t *testing.T) {
	n := trained()
	e, err := n.NewExpert(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Hour)
	require.NoError(t, err)
	require.True(t, math.IsNaN(e.At(1)), "nothing is known yet")
	e.Update(math.NaN())
	require.True(t, math.IsNaN(e.At(1)))
	e.Update(0)
	require.Zero(t, e.At(1), "zero has no scale")
	for _, v := range []float64{50, 52, 51} {
		e.Update(v)
		require.InDelta(t, v, e.At(1), 25)
		require.Less(t, e.Quantile(1, 0.05), e.Quantile(1, 0.95))
		require.LessOrEqual(t, e.Quantile(6, 0.9), e.Peak(6, 0.99))
	}
}

func TestNewExpertRefusesAnotherStep(t *testing.T) {
	n := trained()
	_, err := n.NewExpert(time.Unix(0, 0), time.Minute)
	require.EqualError(t, err, "lstm: step of the series is 1m, but the network was trained on 1h")
	_, err = n.NewExpert(time.Unix(0, 0), 24*time.Hour)
	require.ErrorContains(t, err, "want more than 0 and at most 12h")
	_, err = n.NewExpert(time.Unix(0, 0), 0)
	require.Error(t, err)
}

func TestLevelsAreMixedOnTheNormalScale(t *testing.T) {
	n := trained()
	e := mustExpert(t, n, lstmtest.Waves(1, 240, 3)[0])
	last := 0.0
	for _, p := range []float64{0.001, 0.02, 0.05, 0.2, 0.5, 0.7, 0.92, 0.97, 0.999} {
		require.Greater(t, e.Quantile(24, p), last, "level %v", p)
		last = e.Quantile(24, p)
	}
}

// Between rungs and beyond the last one the forecast follows the day before.
func TestOtherHorizonsFollowTheSeason(t *testing.T) {
	n := trained()
	s := lstmtest.Waves(1, 20*24, 11)[0]
	e := mustExpert(t, n, s)
	for _, h := range []int{4, 9, 18, 23, 27, 47} {
		ago := s.Values[len(s.Values)-1+h-24*((h+23)/24)]
		require.InEpsilonf(t, ago, e.At(h), 0.5, "%d steps ahead", h)
	}
}

// stepper is a network of one rung whose forecasts are iterated.
func stepper(t *testing.T) *lstm.Network {
	t.Helper()
	rng := rand.New(rand.NewPCG(4, 4))
	n := &lstm.Network{
		Config: lstm.Config{
			Features: []input.Feature{input.Value, input.Change, input.HourSin}, Rungs: []int{1}, Quantiles: []float64{0.5},
			Normalisation: input.Normalisation{Offset: 50, Scale: 10},
		},
		Layers: []cell.Layer{cell.NewLayer(3, 6), cell.NewLayer(6, 5)},
		Head:   lstm.NewHead(5, 0, 1),
	}
	for _, p := range n.Parameters() {
		for i := range p {
			p[i] = 0.9 * (2*rng.Float64() - 1)
		}
	}
	require.NoError(t, n.Check())
	return n
}

// What a one-step network forecasts three steps ahead is what it would forecast
// one step ahead, had its own forecasts come true.
func TestOneStepNetworksAreIterated(t *testing.T) {
	n := stepper(t)
	s := lstmtest.Waves(1, 60, 2)[0]
	for i := range s.Values {
		s.Values[i] = 45 + math.Mod(s.Values[i], 10)
	}
	e, other := mustExpert(t, n, s), mustExpert(t, n, s)
	want := []float64{e.At(1), e.At(2), e.At(3)}
	require.NotEqual(t, want[0], want[1])
	for _, v := range want {
		require.InDelta(t, v, other.At(1), 1e-9)
		other.Update(v)
	}
	require.Equal(t, want, []float64{e.At(1), e.At(2), e.At(3)}, "forecasting changed the state")
	require.Less(t, e.Quantile(1, 0.5), e.Quantile(1, 0.9), "its own error says how sure it is")
	require.InDelta(t, e.At(512), e.At(1000), 0)
	e.At(3)
	require.Zero(t, testing.AllocsPerRun(10, func() { e.Update(50); e.At(8) }))
}

// What a windowed network forecasts is what it forecasts for a series that begins with its
// window, however long it has been running, and its state is not carried on.
func TestAWindowIsAllThatItReads(t *testing.T) {
	n := stepper(t)
	n.Config.Features, n.Layers[0] = []input.Feature{input.Value}, cell.Layer{In: 1, Hidden: 6, W: n.Layers[0].W[:24*7], B: n.Layers[0].B, Relu: true}
	n.Layers[1].Relu = true
	n.Dense, n.Head = []lstm.Dense{lstm.NewDense(5, 3, lstm.Sigmoid)}, lstm.NewHead(3, 0, 1)
	rng := rand.New(rand.NewPCG(8, 8))
	for _, p := range append(n.Parameters()[4:6], n.Head.W2) {
		for i := range p {
			p[i] = 2*rng.Float64() - 1
		}
	}
	n.Config.Window = 7
	require.NoError(t, n.Check())
	s := lstmtest.Waves(1, 60, 2)[0]
	for i := range s.Values {
		s.Values[i] = 45 + math.Mod(s.Values[i], 10)
	}
	long, window := mustExpert(t, n, s), s.Slice(len(s.Values)-7, len(s.Values))
	short := mustExpert(t, n, window)
	for h := 1; h <= 12; h++ {
		require.InDelta(t, short.At(h), long.At(h), 1e-12, "%d steps ahead", h)
	}
	next := long.At(8)
	for h := 1; h < 8; h++ {
		short.Update(long.At(h))
	}
	require.InDelta(t, next, short.At(1), 1e-9, "a window farther it reads its forecasts alone")
	short = mustExpert(t, n, s.Slice(len(s.Values)-6, len(s.Values)))
	require.NotEqual(t, short.At(1), long.At(1), "six of seven cells")
	require.Zero(t, testing.AllocsPerRun(10, func() { long.Update(50); long.At(8) }))
}

// Families of series that have broken forecasters: whatever they do, forecasts
// are finite, of the order of the data, and at worst half as far again off as naive
// ones, for a network that has seen nothing but waves.
func TestUglySeries(t *testing.T) {
	n := trained()
	const cells = 28 * 24
	rng := rand.New(rand.NewPCG(9, 9))
	wave := func(i int) float64 { return 1 + 0.5*math.Sin(2*math.Pi*float64(i)/24) }
	for name, f := range map[string]func(i int) float64{
		"constant":             func(int) float64 { return 7 },
		"a week of zeros":      func(i int) float64 { return indicator(i >= 168) * wave(i) * 100 },
		"zeros after traffic":  func(i int) float64 { return indicator(i < 400) * wave(i) * 100 },
		"counts below one":     func(int) float64 { return math.Floor(1.3 * rng.Float64()) },
		"closed nights":        func(i int) float64 { return indicator(i%24 > 8) * 80 },
		"a level shift":        func(i int) float64 { return (1 + 9*indicator(i > 500)) * wave(i) },
		"a trend":              func(i int) float64 { return wave(i) * (1 + float64(i)/100) },
		"heavy tails":          func(int) float64 { return math.Exp(2 * rng.NormFloat64()) },
		"tiny":                 func(i int) float64 { return 1e-6 * wave(i) },
		"huge":                 func(i int) float64 { return 1e9 * wave(i) },
		"one spike":            func(i int) float64 { return wave(i) + 1e6*indicator(i == 500) },
		"every other is a gap": func(i int) float64 { return wave(i) / indicator(i%2 == 0) },
	} {
		e, err := n.NewExpert(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Hour)
		require.NoError(t, err)
		values := make([]float64, cells)
		top := 0.0
		for i := range values {
			values[i] = f(i)
			if math.IsInf(values[i], 0) {
				values[i] = math.NaN()
			}
		}
		var own, naive, last float64 // last is the newest value that was seen
		for i, v := range values[:cells-1] {
			e.Update(v)
			if !math.IsNaN(v) {
				last = v
			}
			if v > top {
				top = v
			}
			for _, h := range []int{1, 6, 30} {
				q := e.Quantile(h, 0.99)
				require.Falsef(t, math.IsNaN(q) || q < 0 || q > 1e3*top, "%s: cell %d, %d ahead: %v of %v", name, i, h, q, top)
			}
			if d := values[i+1] - e.At(1); !math.IsNaN(d) && i > 24 {
				own += math.Abs(d)
				naive += math.Abs(values[i+1] - last)
			}
		}
		require.LessOrEqualf(t, own, 1.5*naive+1e-2*top*cells, "%s: %v against naive %v", name, own, naive)
	}
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// BenchmarkExpert64 is one sample of one series: the step of 64 units, the head
// for six rungs and their medians.
func BenchmarkExpert64(b *testing.B) {
	n := lstmtest.Untrained(time.Minute, 64, 32)
	rng := rand.New(rand.NewPCG(1, 1))
	e, err := n.NewExpert(time.Unix(0, 0), time.Minute)
	require.NoError(b, err)
	for range 8 * 1440 {
		e.Update(100 + rng.Float64())
	}
	b.Run("update", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Update(100)
		}
	})
	b.Run("update and all rungs", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Update(100)
			for _, h := range n.Config.Rungs {
				e.At(h)
			}
		}
	})
}

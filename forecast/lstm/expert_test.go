package lstm

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm/cell"
)

func mustExpert(t *testing.T, n *Network, s forecast.Series) *Expert {
	t.Helper()
	e, err := n.NewExpert(s.Start, s.Step)
	require.NoError(t, err)
	for _, v := range s.Values {
		e.Update(v)
	}
	return e
}

func TestAnExpertWorksFromTheFirstSample(t *testing.T) {
	n, _ := trained()
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
	n, _ := trained()
	_, err := n.NewExpert(time.Unix(0, 0), time.Minute)
	require.EqualError(t, err, "lstm: step of the series is 1m0s, but the network was trained on 1h0m0s")
	_, err = n.NewExpert(time.Unix(0, 0), 24*time.Hour)
	require.ErrorContains(t, err, "want more than 0 and at most 12h0m0s")
	_, err = n.NewExpert(time.Unix(0, 0), 0)
	require.Error(t, err)
}

func TestLevelsAreMixedOnTheNormalScale(t *testing.T) {
	n, _ := trained()
	e := mustExpert(t, n, waves(1, 240, 3)[0])
	for _, p := range []float64{0.05, 0.1, 0.5, 0.9, 0.95, 0.99} { // its own levels
		m := e.mix(p)
		require.True(t, m.w < 1e-9 || m.w > 1-1e-9, "level %v is %+v", p, m)
	}
	last := 0.0
	for _, p := range []float64{0.001, 0.02, 0.05, 0.2, 0.5, 0.7, 0.92, 0.97, 0.999} {
		require.Greater(t, e.Quantile(24, p), last, "level %v", p)
		last = e.Quantile(24, p)
	}
}

// Between rungs and beyond the last one the forecast follows the day before.
func TestOtherHorizonsFollowTheSeason(t *testing.T) {
	n, _ := trained()
	s := waves(1, 20*24, 11)[0]
	e := mustExpert(t, n, s)
	for _, h := range []int{4, 9, 18, 23, 27, 47} {
		ago := s.Values[len(s.Values)-1+h-24*((h+23)/24)]
		require.InEpsilonf(t, ago, e.At(h), 0.5, "%d steps ahead", h)
	}
}

// stepper is a network of one rung whose forecasts are iterated.
func stepper(t *testing.T) *Network {
	t.Helper()
	rng := rand.New(rand.NewPCG(4, 4))
	n := &Network{
		config: Config{
			Features: []Feature{Value, Change, HourSin}, Rungs: []int{1}, Quantiles: []float64{0.5},
			Normalisation: Normalisation{Offset: 50, Scale: 10},
		},
		layers: []cell.Layer{cell.NewLayer(3, 6), cell.NewLayer(6, 5)},
		head:   newHead(5, 0, 1),
	}
	for _, p := range n.parameters() {
		spread(rng, p, 0.9)
	}
	require.NoError(t, n.check())
	return n
}

// What a one-step network forecasts three steps ahead is what it would forecast
// one step ahead, had its own forecasts come true.
func TestOneStepNetworksAreIterated(t *testing.T) {
	n := stepper(t)
	s := waves(1, 60, 2)[0]
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
	require.InDelta(t, e.At(maxPath), e.At(maxPath+100), 0)
	e.At(3)
	require.Zero(t, testing.AllocsPerRun(10, func() { e.Update(50); e.At(8) }))
}

// A finer step sees the same day: five-minute means of a series of minutes.
func TestTheWeekIsKeptOnACoarseGrid(t *testing.T) {
	g := newGrid(time.Minute)
	require.LessOrEqual(t, len(g.cells), 2020)
	for i := range int64(8 * 1440) {
		g.push(i, float64(i))
	}
	for _, i := range []float64{8*1440 - 10, 7 * 1440, 1440, 1441.5} {
		v, ok := g.at(i)
		require.True(t, ok)
		require.InDelta(t, i, v, 1e-3)
	}
	_, ok := g.at(8*1440 + 3)
	require.False(t, ok, "the cell is still open")
	_, ok = g.at(1400 - 8*5)
	require.False(t, ok, "a week and a bit are kept")
	for _, step := range []time.Duration{7 * time.Second, 5 * time.Minute, 7 * time.Minute, 12 * time.Hour} {
		require.LessOrEqual(t, len(newGrid(step).cells), 2030)
	}
}

// Families of series that have broken forecasters: whatever they do, forecasts
// are finite, of the order of the data, and at worst half as far again off as naive
// ones, for a network that has seen nothing but waves.
func TestUglySeries(t *testing.T) {
	n, _ := trained()
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
		var own, naive float64
		for i, v := range values[:cells-1] {
			e.Update(v)
			if v > top {
				top = v
			}
			for _, h := range []int{1, 6, 30} {
				q := e.Quantile(h, 0.99)
				require.Falsef(t, math.IsNaN(q) || q < 0 || q > 1e3*top, "%s: cell %d, %d ahead: %v of %v", name, i, h, q, top)
			}
			if d := values[i+1] - e.At(1); !math.IsNaN(d) && i > 24 {
				own += math.Abs(d)
				naive += math.Abs(values[i+1] - e.view.y)
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

// When traffic sets in after idle days, the bounds widen within a day.
func TestTheScaleWakesUp(t *testing.T) {
	v := newView(&Config{Features: Features()}, time.Unix(0, 0), time.Minute)
	rng := rand.New(rand.NewPCG(3, 3))
	for range 3 * 1440 {
		v.push(100)
	}
	require.InDelta(t, minNoise, v.freeze.noise, 1e-9)
	v.push(1e5) // one spike is no alarm
	v.push(100)
	require.InDelta(t, minNoise, v.freeze.noise, 1e-9)
	for range 60 {
		v.push(100 * math.Exp(0.2*rng.NormFloat64()))
	}
	require.Greater(t, v.freeze.noise, 0.05)
}

// BenchmarkExpert64 is one sample of one series: the step of 64 units, the head
// for ten rungs and their medians.
func BenchmarkExpert64(b *testing.B) {
	o := Options{Units: 64}.withDefaults(time.Minute)
	n := newNetwork(time.Minute, o)
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
	b.Run("update and ten rungs", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Update(100)
			for _, h := range n.config.Rungs {
				e.At(h)
			}
		}
	})
}

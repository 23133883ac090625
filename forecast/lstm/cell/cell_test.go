package cell

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

func randomLayer(in, hidden int, seed uint64) Layer {
	rng := rand.New(rand.NewPCG(seed, 2))
	l := NewLayer(in, hidden)
	for i := range l.W {
		l.W[i] = rng.NormFloat64() / math.Sqrt(float64(in+hidden))
	}
	for i := range l.B {
		l.B[i] = rng.NormFloat64() / 4
	}
	return l
}

func TestActivationsAgreeWithMath(t *testing.T) {
	tanh := func(x float64) float64 { xs := []float64{x}; Tanh(xs); return xs[0] }
	sigmoid := func(x float64) float64 { xs := []float64{x}; logistic(xs, 1); return xs[0] }
	for x := -38.0; x <= 38; x += 0.0137 {
		require.InDeltaf(t, math.Tanh(x), tanh(x), 1e-14, "tanh(%v)", x)
		require.InDeltaf(t, 1/(1+math.Exp(-x)), sigmoid(x), 1e-14, "sigmoid(%v)", x)
	}
	for _, x := range []float64{1e3, 1e308, math.Inf(1)} { // saturated, not overflowed
		require.InDelta(t, 1, sigmoid(x), 1e-15)
		require.InDelta(t, 0, sigmoid(-x), 1e-15)
		require.InDelta(t, 1, tanh(x), 1e-15)
		require.InDelta(t, -1, tanh(-x), 1e-15)
	}
}

// One unit, one input, weights of which each gate's value is known by hand.
func TestStepByHand(t *testing.T) {
	l := NewLayer(1, 1)
	l.B = []float64{math.Inf(1), 0, 0.5, math.Log(3)} // i = 1, f = 1/2, g = tanh ½, o = ¾
	s := l.NewState()
	l.Step(s)
	c1 := math.Tanh(0.5)
	require.InDelta(t, 0.75*math.Tanh(c1), s.Output()[0], 1e-14)
	l.Step(s)
	require.InDelta(t, 0.75*math.Tanh(c1/2+c1), s.Output()[0], 1e-14)
	s.Reset()
	require.Equal(t, []float64{0}, s.Output())
}

func TestTapeRepeatsTheSteps(t *testing.T) {
	l := randomLayer(3, 5, 1)
	s, tape := l.NewState(), l.NewTape(4)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 3 { // the state carries over from chunk to chunk
		tape.Next()
		for range 4 {
			x := []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
			copy(s.Input(), x)
			l.Step(s)
			require.InDeltaSlice(t, s.Output(), tape.Step(x), 1e-13)
		}
	}
	tape.Reset()
	s.Reset()
	l.Step(s)
	require.InDeltaSlice(t, s.Output(), tape.Step([]float64{0, 0, 0}), 1e-13)
}

// The gradient is that of central differences, for the weights, the biases and
// the inputs, of a random linear function of all outputs.
func TestBackwardIsTheGradient(t *testing.T) {
	const steps, in, hidden = 6, 3, 4
	l := randomLayer(in, hidden, 3)
	rng := rand.New(rand.NewPCG(11, 3))
	inputs, weights := make([]float64, steps*in), make([]float64, steps*hidden)
	for i := range inputs {
		inputs[i] = rng.NormFloat64()
	}
	for i := range weights {
		weights[i] = rng.NormFloat64()
	}
	loss := func() float64 {
		tape := l.NewTape(steps)
		sum := 0.0
		for k := range steps {
			for j, h := range tape.Step(inputs[k*in:][:in]) {
				sum += weights[k*hidden+j] * h
			}
		}
		return sum
	}
	tape := l.NewTape(steps)
	for k := range steps {
		tape.Step(inputs[k*in:][:in])
	}
	grad := NewLayer(in, hidden)
	dx := tape.Backward(weights, &grad)
	numeric := func(p *float64) float64 {
		const eps = 1e-5
		old := *p
		*p = old + eps
		up := loss()
		*p = old - eps
		down := loss()
		*p = old
		return (up - down) / (2 * eps)
	}
	for i := range l.W {
		require.InDeltaf(t, numeric(&l.W[i]), grad.W[i], 1e-8, "weight %d", i)
	}
	for i := range l.B {
		require.InDeltaf(t, numeric(&l.B[i]), grad.B[i], 1e-8, "bias %d", i)
	}
	for k := range steps {
		for j := range in {
			require.InDeltaf(t, numeric(&inputs[k*in+j]), dx[k*(in+hidden)+j], 1e-8, "input %d of step %d", j, k)
		}
	}
}

func TestCheckNamesTheSizes(t *testing.T) {
	l := NewLayer(2, 3)
	require.NoError(t, l.Check())
	l.B = l.B[:11]
	require.EqualError(t, l.Check(), "cell: 2 inputs and 3 units with 60 weights and 11 biases, want 60 and 12")
}

func TestStepDoesNotAllocate(t *testing.T) {
	l := randomLayer(8, 64, 5)
	s := l.NewState()
	require.Zero(t, testing.AllocsPerRun(100, func() { l.Step(s) }))
}

// BenchmarkStep64 reports, beside the time of a step of 64 units and 8 inputs,
// its ratio to the plain matrix–vector product of the same 256 × 72 matrix on
// the same machine in the same run: the fastest of many short batches that take
// turns, so that other work on the machine is left out of both.
func BenchmarkStep64(b *testing.B) {
	l := randomLayer(8, 64, 5)
	s := l.NewState()
	x, y := make([]float64, 72), make([]float64, 256)
	copy(x, s.xh)
	product := func() {
		blas64.Gemv(blas.NoTrans, 1, l.matrix(), vector(x), 0, vector(y))
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Step(s)
	}
	const rounds, batch = 101, 50
	fastest := func(least float64, f func()) float64 {
		start := time.Now()
		for range batch {
			f()
		}
		return min(least, float64(time.Since(start))/batch)
	}
	step, matvec := math.Inf(1), math.Inf(1)
	for range rounds {
		step, matvec = fastest(step, func() { l.Step(s) }), fastest(matvec, product)
	}
	b.ReportMetric(step/matvec, "x-matvec")
	b.ReportMetric(matvec, "ns/fastest-matvec")
	b.ReportMetric(step, "ns/fastest-step")
}

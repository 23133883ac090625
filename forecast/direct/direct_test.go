package direct_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/forecasttest"
)

func TestSmallKeepsTwelveBits(t *testing.T) {
	for _, v := range []float64{0, 1, 0.3, 1e-4, 17.25, 999.9, 1e5} {
		require.InDelta(t, v, direct.ToSmall(v).Float(), v/4096+2e-8)
	}
	require.True(t, math.IsNaN(direct.ToSmall(math.NaN()).Float()))
	require.Zero(t, direct.ToSmall(-3).Float(), "demand has no sign")
	require.Greater(t, direct.ToSmall(1e300).Float(), 1e5, "the largest, not a wrap")
}

func TestRegressionFindsItsCoefficients(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r := direct.NewRegression(3, 2)
	tune := direct.Tuning{Forget: 0.999, Ridge: 1e-6, Huber: 4}
	x := make([]float32, 3)
	for range 2000 {
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		y := 2*float64(x[0]) - float64(x[1])
		r.Learn(x, [direct.MaxTargets]float64{y, 3 * float64(x[2])}, tune)
	}
	r.Solve(tune)
	require.InDelta(t, 2-0.5, r.Predict(0, []float32{1, 0.5, 9}), 1e-2)
	require.InDelta(t, 27, r.Predict(1, []float32{1, 0.5, 9}), 1e-1)
	require.InDelta(t, 1000*(1-math.Pow(0.999, 2000)), r.Rows(), 1)
	r.Reset()
	require.Zero(t, r.Predict(0, []float32{1, 1, 1}), "nothing known is the naive forecast")
}

// A load that rests at first, or for so long that the usual error is next to nothing, is
// forecast without error; what comes then is learned all the same.
func TestRegressionLearnsAfterARest(t *testing.T) {
	for name, learned := range map[string]int{"at first": 0, "for a week of minutes": 500} {
		rng := rand.New(rand.NewPCG(3, 1))
		r, tune := direct.NewRegression(1, 1), direct.Tuning{Forget: 0.999, Ridge: 1e-6, Huber: 1}
		learn := func(rows int, size float64) {
			for range rows {
				x := size * rng.NormFloat64()
				r.Learn([]float32{float32(x)}, [direct.MaxTargets]float64{2 * x}, tune)
			}
		}
		learn(learned, 1)
		learn(10_500, 0)
		learn(200, 1)
		r.Solve(tune)
		require.InDelta(t, 2, r.Predict(0, []float32{1}), 0.1, name)
	}
}

// Growing weights, the two rows at a time and the factorization of our own give
// what the definition gives when gonum solves it: with a memory of days and with
// one so short that the weights are made small again every few rows.
func TestRegressionIsItsDefinition(t *testing.T) {
	const d, n = direct.Regressors, 3000
	for _, forget := range []float64{0.9995, 0.98, 0.8} {
		rng := rand.New(rand.NewPCG(2, 7))
		tune := direct.Tuning{Forget: forget, Ridge: 0.01, Huber: math.Inf(1)}
		r := direct.NewRegression(d, direct.MaxTargets)
		gram, moments := mat.NewSymDense(d, nil), mat.NewDense(d, direct.MaxTargets, nil)
		x := make([]float32, d)
		for range n {
			row := mat.NewVecDense(d, nil)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
				row.SetVec(i, float64(x[i]))
			}
			goal := [direct.MaxTargets]float64{float64(x[0]-x[d-1]) + 0.1*rng.NormFloat64(), rng.NormFloat64()}
			r.Learn(x, goal, tune)
			gram.ScaleSym(forget, gram)
			gram.SymRankOne(gram, 1, row)
			moments.Scale(forget, moments)
			moments.RankOne(moments, 1, row, mat.NewVecDense(direct.MaxTargets, goal[:]))
		}
		r.Solve(tune)
		for i := range d {
			gram.SetSym(i, i, 1.01*gram.At(i, i))
		}
		var chol mat.Cholesky
		require.True(t, chol.Factorize(gram))
		var betas mat.Dense
		require.NoError(t, chol.SolveTo(&betas, moments))
		for k := range direct.MaxTargets {
			for i := range x {
				clear(x)
				x[i] = 1
				require.InDelta(t, betas.At(i, k), r.Predict(k, x), 2e-3, "forget %v, target %d, coefficient %d", forget, k, i)
			}
		}
	}
}

// A regressor that says nothing new must not break the solution.
func TestRegressionSurvivesTwins(t *testing.T) {
	r := direct.NewRegression(2, 1)
	tune := direct.Tuning{Forget: 0.99, Ridge: 1e-3, Huber: 4}
	for i := range 500 {
		v := float32(i%7) - 3
		r.Learn([]float32{v, v}, [direct.MaxTargets]float64{float64(v)}, tune)
	}
	r.Solve(tune)
	require.InDelta(t, 2, r.Predict(0, []float32{2, 2}), 0.05)
}

// BenchmarkLearnAndPredict is one rung of one transform and sample: a row, two
// forecasts, and its share of a solution every 30 samples.
func BenchmarkLearnAndPredict(b *testing.B) {
	r := direct.NewRegression(direct.Regressors, direct.MaxTargets)
	tune := direct.Tuning{Forget: 0.999, Ridge: 1e-3, Huber: 1}
	all := rows()
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for i := 0; b.Loop(); i++ {
		x := all[i%len(all)]
		r.Learn(x, [direct.MaxTargets]float64{float64(i % 5), 1}, tune)
		if i%30 == 0 {
			r.Solve(tune)
		}
		_, _ = r.Predict(0, x), r.Predict(1, x)
	}
	report()
}

// BenchmarkWithGonum is the same written with gonum's matrices, as one would at
// first.
func BenchmarkWithGonum(b *testing.B) {
	const d = direct.Regressors
	gram, scaled := mat.NewSymDense(d, nil), mat.NewSymDense(d, nil)
	for i := range d {
		gram.SetSym(i, i, 1)
	}
	moments, betas := mat.NewDense(d, direct.MaxTargets, nil), mat.NewDense(d, direct.MaxTargets, nil)
	all := make([]*mat.VecDense, 0, 64)
	for _, row := range rows() {
		x := mat.NewVecDense(d, nil)
		for k, v := range row {
			x.SetVec(k, float64(v))
		}
		all = append(all, x)
	}
	var chol mat.Cholesky
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for i := 0; b.Loop(); i++ {
		x := all[i%len(all)]
		gram.ScaleSym(0.999, gram)
		gram.SymRankOne(gram, 1, x)
		moments.Scale(0.999, moments)
		moments.RankOne(moments, 1, x, mat.NewVecDense(direct.MaxTargets, []float64{float64(i % 5), 1}))
		if i%30 == 0 {
			scaled.CopySym(gram)
			for k := range d {
				scaled.SetSym(k, k, 1.001*gram.At(k, k))
			}
			require.True(b, chol.Factorize(scaled))
			require.NoError(b, chol.SolveTo(betas, moments))
		}
		_, _ = mat.Dot(betas.ColView(0), x), mat.Dot(betas.ColView(1), x)
	}
	report()
}

// rows returns random regressors, a power of two of them.
func rows() [][]float32 {
	rng := rand.New(rand.NewPCG(6, 1))
	all := make([][]float32, 64)
	for i := range all {
		all[i] = make([]float32, direct.Regressors)
		for k := range all[i] {
			all[i][k] = float32(rng.NormFloat64())
		}
	}
	return all
}

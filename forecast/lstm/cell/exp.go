package cell

import "math"

// saturated is where the logistic function is 0 or 1 to the last bit of a
// float64; beyond it the argument is cut, so that no exponential overflows.
const saturated = 40

const (
	perOctave = 256                  // entries of the table
	toTable   = perOctave / math.Ln2 // argument → table index
	rounder   = 3 << 51              // adding it rounds to a whole number, in the low bits
)

// powers[i] is the bit pattern of 2^(i/256), less i·2^44, so that adding an
// index times 2^44 puts the whole octaves into the exponent.
var powers = powerTable() //nolint:gochecknoglobals // a constant table

func powerTable() [perOctave]uint64 {
	var t [perOctave]uint64
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(float64(i)/perOctave)) - uint64(i)<<44
	}
	return t
}

// exp returns e^x for |x| ≤ saturated, see bound. The compiler inlines it, which
// halves the time of a step; a word more and it does not.
func exp(x float64) float64 {
	t := x*toTable + rounder
	k := math.Float64bits(t)
	r := x - (t-rounder)*(1/toTable) // |r| ≤ ln 2 / 512
	s := math.Float64frombits(powers[k%perOctave] + k<<44)
	return s + s*(r+r*r*(0.5+r*(1./6+r*(1./24))))
}

// bound cuts x to what exp can take.
func bound(x float64) float64 {
	if x > saturated {
		return saturated
	}
	if x < -saturated {
		return -saturated
	}
	return x
}

// logistic replaces each x by 1/(1+e^(−k·x)); k = 1 is the gate function σ, and
// tanh(x) = 2σ(2x) − 1.
func logistic(xs []float64, k float64) {
	for i, x := range xs {
		xs[i] = 1 / (1 + exp(bound(-k*x)))
	}
}

// Tanh replaces each x by its hyperbolic tangent, with an absolute error below
// 10⁻¹⁴.
func Tanh(xs []float64) {
	logistic(xs, 2)
	for i, s := range xs {
		xs[i] = 2*s - 1
	}
}

// activate turns the pre-activations of n units, blocks i, f, g, o, into gates.
func activate(gates []float64, n int) {
	logistic(gates[:2*n], 1)
	Tanh(gates[2*n : 3*n])
	logistic(gates[3*n:4*n], 1)
}

// advance does the same and moves the memory c and the output h on. It writes
// σ and tanh as fractions of exponentials, so that a unit takes two divisions and
// not five:
//
//	c' = c/(1+e^−f) + (1−e^−2g)/((1+e^−i)(1+e^−2g))
//	h' = (1−e^−2c')/((1+e^−o)(1+e^−2c'))
func advance(gates, c, h []float64) {
	n := len(h)
	i, f, g, o := gates[:n], gates[n:][:n], gates[2*n:][:n], gates[3*n:][:n]
	c = c[:n]
	for j := range h {
		eg, ef := exp(bound(-2*g[j])), 1+exp(bound(-f[j]))
		eig := (1 + exp(bound(-i[j]))) * (1 + eg)
		x := (c[j]*eig + (1-eg)*ef) / (eig * ef)
		c[j] = x
		ec := exp(bound(-2 * x))
		h[j] = (1 - ec) / ((1 + exp(bound(-o[j]))) * (1 + ec))
	}
}

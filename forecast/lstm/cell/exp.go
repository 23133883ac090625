package cell

import "math"

// saturated is where the logistic function is 0 or 1 to the last bit of a
// float64; beyond it the argument is cut, so that no exponential overflows.
const saturated = 40

const (
	perOctave = 32                   // entries of the table
	toTable   = perOctave / math.Ln2 // argument → table index
	rounder   = 3 << 51              // adding it rounds to a whole number, in the low bits
)

// powers[i] is the bit pattern of 2^(i/32), less i·2^47, so that adding an
// index times 2^47 puts the whole octaves into the exponent.
var powers = powerTable() //nolint:gochecknoglobals // a constant table

func powerTable() [perOctave]uint64 {
	var t [perOctave]uint64
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(float64(i)/perOctave)) - uint64(i)<<47
	}
	return t
}

// exp returns e^x for |x| ≤ saturated. The compiler inlines it, which halves the
// time of an activation; a word more and it does not.
func exp(x float64) float64 {
	t := x*toTable + rounder
	k := math.Float64bits(t)
	r := x - (t-rounder)*(1/toTable) // |r| ≤ ln 2 / 64
	p := r + r*r*(0.5+r*(1./6+r*(1./24+r*(1./120))))
	s := math.Float64frombits(powers[k%perOctave] + k<<47)
	return s + s*p
}

// logistic replaces each x by 1/(1+e^(−k·x)); k = 1 is the gate function σ, and
// tanh(x) = 2σ(2x) − 1.
func logistic(xs []float64, k float64) {
	for i, x := range xs {
		x *= -k
		if x > saturated {
			x = saturated
		}
		if x < -saturated {
			x = -saturated
		}
		xs[i] = 1 / (1 + exp(x))
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

package cell

import "github.com/forescale/forescale/forecast/elementary"

// saturated is where the logistic function lies within 10⁻¹⁷ of 0 or 1; beyond it the
// argument is cut, so that no exponential overflows.
const saturated = 40

// bound cuts x to the range.
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
		xs[i] = 1 / (1 + elementary.ExpSmall(bound(-k*x)))
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

// Sigmoid replaces each x by 1/(1+e^−x).
func Sigmoid(xs []float64) { logistic(xs, 1) }

// Relu replaces each x by max(0, x).
func Relu(xs []float64) {
	for i, x := range xs {
		xs[i] = max(x, 0)
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
		eg, ef := elementary.ExpSmall(bound(-2*g[j])), 1+elementary.ExpSmall(bound(-f[j]))
		eig := (1 + elementary.ExpSmall(bound(-i[j]))) * (1 + eg)
		x := (c[j]*eig + (1-eg)*ef) / (eig * ef)
		c[j] = x
		ec := elementary.ExpSmall(bound(-2 * x))
		h[j] = (1 - ec) / ((1 + elementary.ExpSmall(bound(-o[j]))) * (1 + ec))
	}
}

// largestMemory bounds the memory of a layer with max(0, ·), which adds to it whatever the
// gates let in.
const largestMemory = 1e6

// advanceRelu is advance with max(0, ·) in place of both tanh.
func advanceRelu(gates, c, h []float64) {
	n := len(h)
	logistic(gates[:2*n], 1)
	logistic(gates[3*n:4*n], 1)
	for j := range h {
		c[j] = min(gates[n+j]*c[j]+gates[j]*max(gates[2*n+j], 0), largestMemory)
		h[j] = gates[3*n+j] * c[j]
	}
}

package interval

import "math"

// tail describes how errors beyond the 90 % bound thin out: the first two moments
// of their excess, in the joint scale, of which a generalised Pareto distribution
// takes its shape (Hosking and Wallis, Parameter and Quantile Estimation for the
// Generalized Pareto Distribution, Technometrics 1987).
type tail struct {
	mean, square float32
	n            float32
}

const (
	tailRate   = 0.005 // of the moments, per excess
	mostExcess = 100   // no excess counts for more
	leastShape = -0.3  // of the distribution: 0 = exponential, below it ends somewhere
	mostShape  = 0.45  // beyond ½ there is no variance to tell it from
	leastBeen  = 30    // excesses from which the moments are believed
)

// newTail returns an exponential tail of mean one.
func newTail() tail { return tail{mean: 1, square: 2} }

// learn takes by how much a truth was above the bound, in the joint scale.
func (t *tail) learn(excess float32) {
	if !(excess > 0) {
		return
	}
	excess = min(excess, mostExcess)
	t.n++
	rate := max(float32(tailRate), 1/(t.n+5))
	t.mean += rate * (excess - t.mean)
	t.square += rate * (excess*excess - t.square)
}

// shape returns ξ of the generalised Pareto distribution with these moments.
func (t *tail) shape() float64 {
	mean := float64(t.mean)
	variance := float64(t.square) - mean*mean
	if t.n < leastBeen || !(variance > 0) {
		return 0
	}
	return max(leastShape, min(0.5*(1-mean*mean/variance), mostShape))
}

// Shape returns how heavy the upper tail is, for [At]: 0 exponential, above it
// heavier, below it with an end.
func (b *Band) Shape() float64 { return b.tail.shape() }

// beyond returns how far the quantile of level p above 0.99 lies beyond that of
// 0.99, in distances of the latter from that of 0.9: the scale of the
// distribution cancels out.
func beyond(p, shape float64) float64 {
	const at99 = 10 // the 0.9 bound is exceeded ten times as often as the 0.99 bound
	rarer := (1 - levels[p90]) / (1 - p)
	if math.Abs(shape) < 1e-3 {
		return math.Log(rarer/at99) / math.Log(at99)
	}
	first := math.Pow(at99, shape)
	return (math.Pow(rarer, shape) - first) / (first - 1)
}

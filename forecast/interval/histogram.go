package interval

import (
	"math"

	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/elementary"
)

// histogram is the discounted distribution of errors in their scale, in bins
// that widen with distance from zero. A bin that holds more than four thousand
// errors grows no further.
type histogram struct {
	mass [bins]direct.Small
	unit float32        // mass of the next error; grows in place of shrinking all others
	at   [Count]float32 // quantiles, as of the last read
}

const (
	bins   = 38
	narrow = 0.1 // width of the bins near zero, about
	widest = 40  // errors beyond are counted at the end
)

var reach = math.Asinh(widest / narrow) //nolint:gochecknoglobals // a constant

// place returns the bin of x, which lies between two of them: asinh keeps sign
// and order.
func place(x float64) float64 {
	a := math.Abs(x) / narrow
	return (math.Copysign(elementary.Log(a+math.Sqrt(a*a+1)), x)/reach + 1) * bins / 2
}

func edge(i float64) float64 {
	e := elementary.Exp((i*2/bins - 1) * reach)
	return narrow * (e - 1/e) / 2
}

func (h *histogram) add(x, rate float32) {
	if h.unit == 0 {
		h.unit = 1
	}
	m := &h.mass[int(max(0, min(place(float64(x)), bins-1)))]
	*m = direct.ToSmall(m.Float() + float64(h.unit))
	h.unit *= 1 + rate
	if h.unit > mostUnit {
		for i, m := range h.mass {
			h.mass[i] = direct.ToSmall(m.Float() / float64(h.unit))
		}
		h.unit = 1
	}
}

// mostUnit is the mass of the next error at which all are brought back to one: a
// memory of ten thousand errors stays far below the largest Small.
const mostUnit = 4

// leastMass is the number of errors from which the histogram is believed.
const leastMass = 100

func (h *histogram) read() {
	total := 0.0
	for _, m := range h.mass {
		total += m.Float()
	}
	if !(total > leastMass*float64(h.unit)) {
		return
	}
	i, sum := 0, 0.0
	for k, p := range levels {
		for i < bins-1 && sum+h.mass[i].Float() < p*total {
			sum += h.mass[i].Float()
			i++
		}
		share := 0.5
		if m := h.mass[i].Float(); m > 0 {
			share = max(0, min((p*total-sum)/m, 1))
		}
		h.at[k] = float32(edge(float64(i) + share))
	}
}
